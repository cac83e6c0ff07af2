"""The system's keyring, where a store's key can lie: whether it is one that may be used, and its entries."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from client.session.errors import KeyringUnusable
from client.session.secret import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_SERVICE = "rogatory"


def keyring_trouble() -> str | None:
    """Say why the system's keyring cannot be used, or return None when an entry can be kept and read back."""
    try:
        backend = _backend()
        probe, value = f"probe {secrets.token_hex(8)}", secrets.token_hex(8)
        try:
            backend.set_password(_SERVICE, probe, value)
            if backend.get_password(_SERVICE, probe) != value:
                return f"It does not give back what is put into it ({type(backend).__name__})."
        finally:
            with contextlib.suppress(Exception):  # a refusal is told by the lines above
                backend.delete_password(_SERVICE, probe)
    except KeyringUnusable as unusable:
        return unusable.why
    except Exception as error:  # noqa: BLE001 # a backend raises whatever its libraries do
        return _words(error)
    return None


def read_entry(name: str) -> Secret[str] | None:
    """Return an entry, None where there is none. Raises KeyringUnusable."""
    try:
        value = _backend().get_password(_SERVICE, name)
    except KeyringUnusable:
        raise
    except Exception as error:  # noqa: BLE001 # as above
        raise _unusable(_words(error)) from None
    return None if value is None else Secret(value)


def write_entry(name: str, value: Secret[str]) -> None:
    """Keep an entry, and see that it is there. Raises KeyringUnusable."""
    try:
        _backend().set_password(_SERVICE, name, value.reveal())
    except KeyringUnusable:
        raise
    except Exception as error:  # noqa: BLE001 # as above
        raise _unusable(_words(error)) from None
    if read_entry(name) != value:
        raise _unusable("It does not give back what is put into it.")


def delete_entry(name: str) -> None:
    """Remove an entry; one that is not there is fine. Raises KeyringUnusable."""
    if read_entry(name) is None:
        return
    try:
        _backend().delete_password(_SERVICE, name)
    except Exception as error:  # noqa: BLE001 # as above
        raise _unusable(_words(error)) from None


def _backend() -> KeyringBackend:
    import keyring
    from keyring.backends.chainer import ChainerBackend

    backend = keyring.get_keyring()
    for each in (backend, *(backend.backends if isinstance(backend, ChainerBackend) else ())):
        if "plaintext" in type(each).__name__.lower():
            raise _unusable("It would write the key to a file in plain text.")
    return backend


def _words(error: Exception) -> str:
    from keyring.errors import NoKeyringError

    if isinstance(error, NoKeyringError):
        return "None is installed or running here."  # its own words recommend one in plain text
    lines = str(error).splitlines()
    return lines[0] if lines else f"It gave no reason ({type(error).__name__})."


def _unusable(why: str) -> KeyringUnusable:
    return KeyringUnusable(
        "The system's keyring cannot be used.",
        why=why,
        remedy="Unlock or install one; or let a passphrase hold the key: `rogatory store-key --passphrase`.",
    )
