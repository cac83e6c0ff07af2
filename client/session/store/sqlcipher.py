"""The one place that joins sqlite-utils to SQLCipher.

sqlite-utils catches the exceptions of the SQLite module that it imported, and looks for `pysqlite3` first.
SQLCipher's are other classes, so it must find sqlcipher3 under that name before its own first import;
without it `insert(alter=True)`, `drop(ignore=True)` and `insert ... returning` fail. Everything that opens
an encrypted database imports `Database` and `Migrations` from here.
"""

from __future__ import annotations

import sys

from sqlcipher3 import dbapi2

sys.modules["pysqlite3"] = sys.modules["sqlcipher3"]
sys.modules["pysqlite3.dbapi2"] = dbapi2

from sqlite_utils import Database, Migrations  # noqa: E402 # the lines above must come first

__all__ = ["Database", "Migrations", "dbapi2"]
