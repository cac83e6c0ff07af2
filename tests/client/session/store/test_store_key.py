"""The key of a store with each of its holders, and what is said of a holder that is broken."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from client.session.errors import (
    KeyringUnusable,
    PassphraseNeeded,
    PassphraseTooShort,
    PassphraseWrong,
    StoreError,
    StoreKeyDamaged,
)
from client.session.secret import Secret
from client.session.store import store_key
from client.session.store.account_store import make_account_store, open_account_store
from client.session.store.keyring_entry import keyring_trouble
from client.session.store.store_key import (
    KeyHolder,
    key_holder,
    move_store_key,
    needs_passphrase,
    read_store_key,
    remove_store_key,
    unlock,
)
from tests.network.file_keyring import FILE, FileKeyring

USER = "@alice:africa.rogatory.test"
WORDS, OTHER_WORDS = Secret("quatre mots sans rapport"), Secret("vier Wörter ohne Bezug")


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one process has derived, the next one has not."""
    monkeypatch.setattr(store_key, "_unwrapped", {})


@pytest.fixture
def keyring_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a keyring of the test's own, and return the file that it keeps its entries in."""
    monkeypatch.setenv(FILE, str(tmp_path / "keyring.json"))
    use_keyring(monkeypatch, FileKeyring)
    return tmp_path / "keyring.json"


def use_keyring(monkeypatch: pytest.MonkeyPatch, backend: type[KeyringBackend]) -> None:
    monkeypatch.setattr(keyring, "get_keyring", backend)


def made(folder: Path, holder: KeyHolder, passphrase: Secret[str] | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    db = make_account_store(folder, USER, holder, passphrase)
    db.table("notes").insert({"text": "kept"})
    db.close()
    return folder


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_key, "_unwrapped", {})


def opens(folder: Path) -> bool:
    db = open_account_store(folder, USER)
    try:
        return [row["text"] for row in db.query("SELECT text FROM notes")] == ["kept"]
    finally:
        db.close()


def test_a_passphrase_opens_the_store_and_no_file_has_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a new process the store is locked until the passphrase is given; its key lies nowhere in clear."""
    folder = made(tmp_path / "a", KeyHolder.PASSPHRASE, WORDS)
    key = read_store_key(folder)
    assert key is not None
    forget(monkeypatch)
    assert key_holder(folder) is KeyHolder.PASSPHRASE
    assert needs_passphrase(folder)
    with pytest.raises(PassphraseNeeded, match="ROGATORY_PASSPHRASE_FILE"):
        opens(folder)
    unlock(folder, WORDS)
    assert not needs_passphrase(folder)
    assert opens(folder)
    raw, text = key.reveal(), base64.b64encode(key.reveal())
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file
        assert raw not in file.read_bytes()
        assert text not in file.read_bytes()
        assert WORDS.reveal().encode() not in file.read_bytes()


def test_argon2id_moderate_makes_the_wrapping_key(tmp_path: Path) -> None:
    """What the file says suffices pynacl alone to open it with the passphrase, at the costs of MODERATE."""
    from nacl import pwhash, secret

    folder = made(tmp_path / "a", KeyHolder.PASSPHRASE, WORDS)
    file = json.loads((folder / "key-holder.json").read_text())
    assert (file["operations"], file["memory"]) == (3, 256 * 1024 * 1024)
    derived = pwhash.argon2id.kdf(
        32, WORDS.reveal().encode(), base64.b64decode(file["salt"]), file["operations"], file["memory"]
    )
    key = read_store_key(folder)
    assert key is not None
    assert secret.SecretBox(derived).decrypt(base64.b64decode(file["sealed"])) == key.reveal()


def test_a_passphrase_is_the_same_from_any_keyboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An accent that is composed otherwise opens the same store."""
    folder = made(tmp_path / "a", KeyHolder.PASSPHRASE, Secret("caf\u00e9 noir sans sucre"))
    forget(monkeypatch)
    unlock(folder, Secret("cafe\u0301 noir sans sucre"))
    assert opens(folder)


def test_a_wrong_passphrase_is_told_from_a_damaged_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another passphrase is wrong; any changed value in the file is damage, whatever passphrase is given."""
    folder = made(tmp_path / "a", KeyHolder.PASSPHRASE, WORDS)
    forget(monkeypatch)
    path = folder / "key-holder.json"
    good = path.read_text()
    with pytest.raises(PassphraseWrong):
        unlock(folder, OTHER_WORDS)
    assert needs_passphrase(folder)
    for name in ("operations", "memory", "salt", "sealed", "checksum"):
        value = json.loads(good)[name]
        changed = value + 1 if isinstance(value, int) else _flipped(value)
        path.write_text(json.dumps({**json.loads(good), name: changed}))
        with pytest.raises(StoreKeyDamaged):
            unlock(folder, WORDS)
    path.write_text(good)
    unlock(folder, WORDS)
    assert opens(folder)


def _flipped(text: str) -> str:
    data = bytearray(base64.b64decode(text))
    data[3] ^= 1
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"{", b"[]", b'{"held_by": "nobody"}', b'{"held_by": "passphrase"}', b"{" * 5000],
)
def test_a_garbled_holder_file_is_named(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in key-holder.json, it is the file that is named, and the store stays as it is."""
    folder = made(tmp_path / "a", KeyHolder.FILE)
    before = (folder / "store.db").read_bytes()
    (folder / "key-holder.json").write_bytes(content)
    with pytest.raises(StoreKeyDamaged, match=r"key-holder\.json"):
        open_account_store(folder, USER)
    with pytest.raises(StoreKeyDamaged):
        make_account_store(folder, USER, KeyHolder.FILE)
    assert (folder / "store.db").read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"not Base64!", base64.b64encode(b"short")])
def test_a_garbled_key_file_is_named(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in store.key, it is the file that is named, without a word of its content."""
    folder = made(tmp_path / "a", KeyHolder.FILE)
    (folder / "store.key").write_bytes(content)
    with pytest.raises(StoreKeyDamaged, match=r"store\.key") as raised:
        open_account_store(folder, USER)
    assert "not Base64!" not in str(raised.value)


@pytest.mark.parametrize("words", ["", "short", "aaaaaaaaaaaaaaaaaaaaaaa", "abcabcabcabcabc"])
def test_a_passphrase_that_could_be_guessed_is_refused(tmp_path: Path, words: str) -> None:
    """Too few characters, or too few kinds of them, make no store."""
    with pytest.raises(PassphraseTooShort):
        made(tmp_path / "a", KeyHolder.PASSPHRASE, Secret(words))
    assert list((tmp_path / "a").iterdir()) == []


def test_the_key_moves_between_passphrase_and_keyring_and_the_store_stays(
    tmp_path: Path, keyring_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File to passphrase, another one, the keyring and back: one key, and only the last holder has it."""
    folder = made(tmp_path / "a", KeyHolder.FILE)
    store, key = (folder / "store.db").read_bytes(), read_store_key(folder)
    move_store_key(folder, USER, KeyHolder.PASSPHRASE, WORDS)
    assert not (folder / "store.key").exists()
    move_store_key(folder, USER, KeyHolder.PASSPHRASE, OTHER_WORDS)
    forget(monkeypatch)
    with pytest.raises(PassphraseWrong):
        unlock(folder, WORDS)
    unlock(folder, OTHER_WORDS)
    move_store_key(folder, USER, KeyHolder.KEYRING)
    forget(monkeypatch)
    assert key_holder(folder) is KeyHolder.KEYRING
    assert len(json.loads(keyring_file.read_text())) == 1
    assert opens(folder)
    move_store_key(folder, USER, KeyHolder.KEYRING)
    assert opens(folder)
    move_store_key(folder, USER, KeyHolder.PASSPHRASE, WORDS)
    assert json.loads(keyring_file.read_text()) == {}
    assert (read_store_key(folder), (folder / "store.db").read_bytes()) == (key, store)


def test_two_homes_with_one_account_have_an_entry_each(tmp_path: Path, keyring_file: Path) -> None:
    """Removing the key of one home's store leaves that of the other."""
    one, other = made(tmp_path / "a", KeyHolder.KEYRING), made(tmp_path / "b", KeyHolder.KEYRING)
    assert remove_store_key(one) is None
    assert opens(other)
    with pytest.raises(StoreError):
        opens(one)


def test_a_keyring_that_has_lost_the_key_is_no_reason_to_make_another(
    tmp_path: Path, keyring_file: Path
) -> None:
    """Without its entry the store is refused by opening and by enrolling, and stays as it is."""
    folder = made(tmp_path / "a", KeyHolder.KEYRING)
    before = (folder / "store.db").read_bytes()
    keyring_file.unlink()
    with pytest.raises(StoreError, match="key is missing"):
        open_account_store(folder, USER)
    with pytest.raises(StoreError, match="key is missing"):
        make_account_store(folder, USER, KeyHolder.KEYRING)
    assert (folder / "store.db").read_bytes() == before


def test_which_keyrings_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that fails, one that forgets and one that writes in clear are each refused with the reason."""
    from keyring.backends.fail import Keyring as Failing
    from keyring.backends.null import Keyring as Forgetting

    class PlaintextKeyring(FileKeyring):
        priority = -1.0  # never chosen by itself

    monkeypatch.setenv(FILE, str(tmp_path / "keyring.json"))
    for backend, reason in (
        (Failing, "None is installed"),
        (Forgetting, "give back"),
        (PlaintextKeyring, "plain text"),
    ):
        use_keyring(monkeypatch, backend)
        assert reason in (keyring_trouble() or "")
        folder = tmp_path / reason
        with pytest.raises(KeyringUnusable):
            made(folder, KeyHolder.KEYRING)
        assert list(folder.iterdir()) == []
    use_keyring(monkeypatch, FileKeyring)
    assert keyring_trouble() is None
    assert json.loads((tmp_path / "keyring.json").read_text()) == {}


def test_a_secret_is_not_shown() -> None:
    """Neither repr, str nor formatting shows a secret; two are compared by what they are."""
    secret = Secret("canary-4711")
    for shown in (repr(secret), str(secret), f"{secret}", f"{[secret]}"):
        assert "canary" not in shown
    assert secret == Secret("canary-4711")
    assert secret != Secret("canary-4712")
    assert secret != "canary-4711"


def test_the_umask_has_no_say(tmp_path: Path) -> None:
    """Under a umask that hides nothing a store's files are 0600 all the same; a wider mode is taken back."""
    before = os.umask(0)
    try:
        folder = made(tmp_path / "a", KeyHolder.PASSPHRASE, WORDS)
        (folder / "store.db").chmod(0o644)
        opens(folder)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
