"""What a power cut leaves of a database: each file as of its last sync, nothing that was only written.

Another layer of files for SQLite, over the system's own: it keeps a copy of each file whenever SQLite has had
it brought to the disk. SQLite's C interface, "OS Interface Object" and "OS Interface File Virtual Methods".
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlcipher3 import _sqlite3

_OPEN = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_DEFAULT = 1


class _Layer(ctypes.Structure):
    """`sqlite3_vfs`, version 3."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", _OPEN),
        ("others", ctypes.c_void_p * 15),
    )


class _Methods(ctypes.Structure):
    """`sqlite3_io_methods`, version 3."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("close_to_truncate", ctypes.c_void_p * 4),
        ("sync", _SYNC),
        ("others", ctypes.c_void_p * 13),
    )


class SyncedFiles:
    """Copies of the files under `root`, each as SQLite last had it brought to the disk."""

    def __init__(self, root: Path, copies: Path) -> None:
        self._root, self._copies = root, copies
        self._paths: dict[int, Path] = {}
        self._methods: dict[int, _Methods] = {}

    def after_power_cut(self, folder: Path, target: Path) -> Path:
        """Make `target` what `folder` would be after a power cut now; other files than SQLite's are whole."""
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("*.db", "*.db-*", "*.sock"))
        for path in folder.glob("*.db*"):
            synced = self._copies / path.relative_to(self._root)
            if synced.is_file():
                shutil.copyfile(synced, target / path.name)
        return target

    def open(self, original: Any, layer: int, name: int, file: int, flags: int, given: int) -> int:
        """Open a file as SQLite does, to hear of its syncs."""
        result: int = original.open(layer, name, file, flags, given)
        path = Path(os.fsdecode(ctypes.string_at(name))) if name else None
        if result == 0 and path is not None and path.is_relative_to(self._root):
            self._paths[file] = path
            methods = ctypes.cast(file, ctypes.POINTER(ctypes.c_void_p))
            methods[0] = ctypes.addressof(self._watching(int(methods[0] or 0)))
        return result

    def _watching(self, address: int) -> _Methods:
        if address not in self._methods:
            original = _Methods.from_address(address)
            watching = _Methods.from_buffer_copy(original)

            def sync(file: int, flags: int) -> int:
                result: int = original.sync(file, flags)
                if result == 0:
                    self._keep(self._paths[file])
                return result

            watching.sync = _SYNC(sync)
            self._methods[address] = watching
        return self._methods[address]

    def _keep(self, path: Path) -> None:
        copy = self._copies / path.relative_to(self._root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


@contextlib.contextmanager
def synced_files(root: Path, copies: Path) -> Iterator[SyncedFiles]:
    """Follow the databases under `root` that are opened and closed in the block."""
    sqlite = ctypes.CDLL(_sqlite3.__file__)
    sqlite.sqlite3_vfs_find.restype = ctypes.POINTER(_Layer)
    original = sqlite.sqlite3_vfs_find(None)
    files = SyncedFiles(root, copies)
    layer = _Layer.from_buffer_copy(original.contents)
    layer.name, layer.next = b"synced-files", None

    def opened(_: int, name: int, file: int, flags: int, given: int) -> int:
        return files.open(original.contents, ctypes.addressof(original.contents), name, file, flags, given)

    layer.open = _OPEN(opened)
    assert sqlite.sqlite3_vfs_register(ctypes.byref(layer), _DEFAULT) == 0
    try:
        yield files
    finally:
        sqlite.sqlite3_vfs_unregister(ctypes.byref(layer))
        sqlite.sqlite3_vfs_register(original, _DEFAULT)
