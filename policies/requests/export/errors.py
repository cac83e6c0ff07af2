"""The errors of exports.

ExportError (a RequestError)
├── ExportUnreadable     the file is no export that this version reads
├── ExportAltered        bytes are not as they were written
├── ExportIncomplete     something that belongs is missing, or something is there that does not belong
├── ExportUnproven       a signature, an attestation or the manifest does not hold
├── ExportTooLarge       refused: more than an export can have
└── CaseFileMissing      refused: a file of the case is not to be had
"""

from __future__ import annotations

from policies.requests.errors import RequestError

_ASK_AGAIN = "Believe nothing in it. Ask whoever gave it to you for the file as it was exported."


class ExportError(RequestError):
    """An export cannot be made, or proves nothing."""

    def __init__(self, what: str, *, why: str, remedy: str = _ASK_AGAIN) -> None:
        super().__init__(what, why=why, remedy=remedy)


class ExportUnreadable(ExportError):
    """The file is no export that this version reads."""


class ExportAltered(ExportError):
    """Bytes of the export are not as they were written."""


class ExportIncomplete(ExportError):
    """Something is missing from the export, or does not belong to it."""


class ExportUnproven(ExportError):
    """A signature, an attestation or the manifest in the export does not hold."""

    exit_code = 3


class ExportTooLarge(ExportError):
    """There is more than an export can have."""


class CaseFileMissing(ExportError):
    """A file that belongs to the case is not to be had."""
