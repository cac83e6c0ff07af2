"""A file that belongs to an answer: what is signed of it, and that it is still the same when it has gone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from client.session.errors import FileUnusable
from policies.requests.case.answer import AttachedFile


@dataclass(frozen=True)
class AnswerFile:
    """A file on this machine, and its name, size and hash as the answer signs them."""

    path: Path
    attached: AttachedFile

    def require_unchanged(self) -> None:
        """Raise FileUnusable when the file is not any more what the answer says."""
        if answer_file(self.path).attached != self.attached:
            raise _unusable(self.path, "It has changed while it was sent.")


def answer_file(path: Path) -> AnswerFile:
    """Read a file that is to belong to an answer. Raises FileUnusable."""
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
        return AnswerFile(path, AttachedFile(name=path.name, size=size, sha256=sha256))
    except OSError as error:
        raise _unusable(path, f"The system says: {error.strerror}.") from None
    except ValueError as error:
        raise _unusable(path, f"{error}.") from None


def _unusable(path: Path, why: str) -> FileUnusable:
    return FileUnusable(
        f"The file {path.name!r} cannot belong to the answer.",
        why=why,
        remedy="Give a file that can be read and stays as it is; the answer was not sent.",
    )
