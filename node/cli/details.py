"""The file behind --details and --changes."""

from __future__ import annotations

from pathlib import Path

import click

from policies.requests.case.details_file import AnswerDetails, read_answer_details
from policies.requests.errors import DetailsInvalid


def read_details_of(path: Path | None) -> AnswerDetails:
    """Read a TOML file of details, - for standard input; without a file there are none.

    Raises DetailsInvalid or DraftInvalid.
    """
    if path is None:
        return AnswerDetails(details={})
    try:
        with click.open_file(str(path), encoding="utf-8") as file:
            return read_answer_details(file.read())
    except UnicodeDecodeError as error:
        raise DetailsInvalid(
            f"{path.name!r} cannot be read.",
            why=f"It is not UTF-8: {error.reason}.",
            remedy="Save the file as UTF-8.",
        ) from None
