from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from client.session.errors import StoreError, StoreKeyWrong
from client.session.store.account_store import make_account_store, open_account_store
from client.session.store.schema import account_schema
from client.session.store.sqlcipher import Database, Migrations, dbapi2
from client.session.store.store_key import KeyHolder
from client.session.store.vault import migrate, open_vault

KEY = bytes(range(32))


def test_a_vault_is_private_and_unreadable_from_its_first_byte(tmp_path: Path) -> None:
    """The database and its companions are 0600, hold no text in clear, and open again with the key."""
    path = tmp_path / "store.db"
    db = open_vault(path, KEY)
    db.table("notes").insert({"text": "canary-4711"})
    files = list(tmp_path.iterdir())
    assert {file.name for file in files} >= {"store.db", "store.db-wal"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert not any(b"canary-4711" in file.read_bytes() or b"SQLite" in file.read_bytes() for file in files)
    db.close()
    again = open_vault(path, KEY)
    assert [row["text"] for row in again.query("SELECT text FROM notes")] == ["canary-4711"]
    again.close()


def test_a_wrong_key_is_told_from_a_damaged_file(tmp_path: Path) -> None:
    """Another key, a key that is none, and a damaged page each raise their own error."""
    path = tmp_path / "store.db"
    db = open_vault(path, KEY)
    migrate(db, account_schema, path)
    db.execute("PRAGMA wal_checkpoint(truncate)")
    db.close()
    for wrong in (bytes(32), b"short"):
        with pytest.raises(StoreKeyWrong):
            open_vault(path, wrong)
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)
    damaged = open_vault(path, KEY)
    with pytest.raises(StoreError, match="malformed"):
        migrate(damaged, account_schema, path)


def test_a_wrong_key_says_nothing_on_stderr(tmp_path: Path) -> None:
    """SQLCipher's own log would spoil a terminal: nothing of it is printed."""
    path = tmp_path / "store.db"
    open_vault(path, KEY).close()
    program = (
        "import sys\nfrom pathlib import Path\nfrom client.session.store.vault import open_vault\n"
        "from client.session.errors import StoreKeyWrong\n"
        "try:\n    open_vault(Path(sys.argv[1]), bytes(32))\nexcept StoreKeyWrong:\n    sys.exit(7)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (7, b"")


def test_a_store_of_a_newer_version_is_refused_untouched(tmp_path: Path) -> None:
    """A change that this version does not know is named, and nothing is migrated."""
    path = tmp_path / "store.db"
    newer = Migrations("account")

    @newer(name="from_the_future")
    def change(db: Database) -> None:
        db.execute("CREATE TABLE future (x)")

    db = open_vault(path, KEY)
    migrate(db, newer, path)
    with pytest.raises(StoreError, match="from_the_future"):
        migrate(db, account_schema, path)
    assert "facts" not in db.table_names()
    db.close()


def test_an_account_without_its_key_is_refused_not_begun_anew(tmp_path: Path) -> None:
    """When the key file is gone, neither opening nor enrolling makes a new key over the old store."""
    make_account_store(tmp_path, "@a:x", KeyHolder.FILE).close()
    (tmp_path / "store.key").unlink()
    before = (tmp_path / "store.db").read_bytes()
    with pytest.raises(StoreError):
        open_account_store(tmp_path, "@a:x")
    with pytest.raises(StoreError):
        make_account_store(tmp_path, "@a:x", KeyHolder.FILE)
    assert (tmp_path / "store.db").read_bytes() == before
    assert not (tmp_path / "store.key").exists()


def test_sqlite_utils_works_whole_on_sqlcipher(tmp_path: Path) -> None:
    """What fails when sqlite-utils has imported another SQLite module works: alter, ignore, rollback."""
    db = open_vault(tmp_path / "a.db", KEY)
    db.table("t").insert({"id": 1}, pk="id")
    db.table("t").insert({"id": 2, "new": "x"}, alter=True)
    db.table("missing").drop(ignore=True)
    with pytest.raises(dbapi2.IntegrityError), db.atomic():
        db.table("t").insert_all([{"id": 3, "new": "y"}, {"id": 1, "new": "z"}])
    assert db.table("t").count == 2
    db.close()


def test_a_transaction_that_has_only_read_yet_may_write_all_the_same(tmp_path: Path) -> None:
    """Nobody else writes from the beginning of a transaction on: what it has read stays true."""
    db = open_vault(tmp_path / "a.db", KEY)
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    other = db.another()
    other.execute("PRAGMA busy_timeout = 0")
    with db.atomic():
        assert db.execute("SELECT count(*) FROM t").fetchone() == (0,)
        with pytest.raises(StoreError, match="locked"):
            other.execute("INSERT INTO t VALUES (1)")
        db.execute("INSERT INTO t VALUES (2)")
    other.execute("INSERT INTO t VALUES (1)")
    other.close()
    assert db.execute("SELECT id FROM t ORDER BY id").fetchall() == [(1,), (2,)]
    db.close()


def test_the_connection_beside_is_one_and_goes_with_the_first(tmp_path: Path) -> None:
    """It is opened once, makes no checkpoints by itself, and is closed when the vault is."""
    db = open_vault(tmp_path / "a.db", KEY)
    beside = db.beside()
    assert db.beside() is beside
    assert beside.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
    db.close()
    with pytest.raises(dbapi2.ProgrammingError):
        beside.execute("SELECT 1")


def test_a_transaction_beside_is_of_the_other_connection_and_whole(tmp_path: Path) -> None:
    """The first connection reads what it has written; what fails is undone, and each goes on as itself."""
    db = open_vault(tmp_path / "a.db", KEY)
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    first, second = db.conn, db.beside().conn
    with db.atomic_beside():
        assert db.conn is second
        db.execute("INSERT INTO t VALUES (1)")
        assert first.execute("SELECT count(*) FROM t").fetchone() == (0,)
    with pytest.raises(dbapi2.IntegrityError), db.atomic_beside():
        db.conn.executemany("INSERT INTO t VALUES (?)", [(2,), (1,)])
    assert (db.conn, db.beside().conn) == (first, second)
    assert db.execute("SELECT id FROM t").fetchall() == [(1,)]
    db.close()


def test_without_a_connection_beside_a_transaction_is_of_the_first(tmp_path: Path) -> None:
    """Nobody pays for a second connection who has written no long answer."""
    db = open_vault(tmp_path / "a.db", KEY)
    with db.atomic_beside():
        db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    assert db._beside is None
    assert db.table("t").exists()
    db.close()
