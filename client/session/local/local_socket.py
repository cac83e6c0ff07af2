"""Where a Unix socket of ours lies: in its folder, or, where that path is too long, in a private one."""

from __future__ import annotations

import os
from pathlib import Path

from client.session.local.private_files import private_folder

_LONGEST = 100
"""Bytes of a socket's path that every platform takes (Linux 107, macOS 103)."""


def socket_path(wanted: Path) -> Path:
    """Return `wanted` if a socket can be bound there, else a path derived from it in a 0700 folder of ours.

    Both sides compute the same path from the same `wanted`, so nothing needs to be remembered. Raises
    PermissionError when the folder in the temporary directory belongs to somebody else.
    """
    if len(os.fsencode(wanted)) <= _LONGEST:
        return wanted
    import hashlib  # here, for they cost every `rogatory status` ten milliseconds
    import tempfile

    name = f"{hashlib.sha256(os.fsencode(wanted)).hexdigest()[:24]}.sock"
    folder = Path(tempfile.gettempdir()) / f"rogatory-{os.getuid()}"
    if len(os.fsencode(folder / name)) > _LONGEST:  # TMPDIR is as deep as the home
        folder = Path("/tmp") / folder.name  # noqa: S108 # a folder of ours, looked at below
    owner = private_folder(folder).stat()
    if owner.st_uid != os.getuid() or owner.st_mode & 0o077:
        raise PermissionError(f"{folder} is not private to this user")
    return folder / name
