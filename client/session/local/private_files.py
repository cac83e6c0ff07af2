"""Files and folders that only their owner can read: 0600 and 0700 from the moment they exist."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def private_folder(path: Path) -> Path:
    """Create `path` and its missing parents with mode 0700, and return it. A folder that exists stays."""
    if not path.is_dir():
        if not path.parent.is_dir():
            private_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def write_private(path: Path, data: bytes | str) -> None:
    """Write a 0600 file in one step: a reader sees the old content or the new, also after a crash."""
    content = data.encode() if isinstance(data, str) else data
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:  # also when cancelled: cleaned up, then raised again
        partial.unlink(missing_ok=True)
        raise


def write_private_if_changed(path: Path, data: bytes | str) -> bool:
    """Write like `write_private` unless the file already holds `data`; return whether it was written."""
    content = data.encode() if isinstance(data, str) else data
    if path.is_file() and path.read_bytes() == content:
        return False
    write_private(path, content)
    return True
