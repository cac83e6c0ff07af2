"""The files that belong to a case: those that its signed request and answers name by their hashes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from policies.requests.case.case import Case

_SHA256_DIGITS = 64


class CaseFileName(msgspec.Struct, frozen=True, kw_only=True):
    """A file as a signer names it. `size` in bytes is None where the request only names it.

    `event_id` is the message that names it, `sender` whose file it is, None for the Court.
    """

    name: str
    sha256: str
    size: int | None
    event_id: str | None
    sender: str | None


def files_of(case: Case) -> tuple[CaseFileName, ...]:
    """Return the files that the request, as issued and as modified, and the answers that hold name."""
    return (*_of_request(case), *_of_answers(case))


def _of_answers(case: Case) -> Iterator[CaseFileName]:
    for entry in case.answers:
        if entry.answer is None:
            continue
        for file in entry.answer.attachments:
            yield CaseFileName(
                name=file.name,
                sha256=file.sha256,
                size=file.size,
                event_id=entry.event_id,
                sender=entry.answer.answerer,
            )


def _of_request(case: Case) -> Iterator[CaseFileName]:
    seen: set[str] = set()
    for values in (case.request.common, case.common):
        named = values.get("attachments")
        for each in named if isinstance(named, list) else ():
            if not isinstance(each, Mapping):
                continue
            sha256 = str(each.get("sha256"))
            if (
                len(sha256) == _SHA256_DIGITS
                and set(sha256) <= set("0123456789abcdef")
                and sha256 not in seen
            ):
                seen.add(sha256)
                yield CaseFileName(
                    name=str(each.get("title", "")), sha256=sha256, size=None, event_id=None, sender=None
                )
