"""Desks: machines of practitioners, each a home with the command, a keyring or a passphrase of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from client.session.accounts import Accounts
from client.session.enrolment import enrol
from client.session.events import RoomCreation
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from node.home import open_home
from tests.client.session.homeserver import Homeserver, Login, call
from tests.client.session.people import ENCRYPTED
from tests.network.file_keyring import FILE
from tests.network.rogatory import Rogatory

PASSPHRASE = "quatre mots sans rapport"
_ROOT = str(Path(__file__).parents[3])


def desk_with_keyring(folder: Path, **environment: str) -> Rogatory:
    """A desk whose keyring is the file `keyring.json` of the folder."""
    return Rogatory(
        folder / "home",
        PYTHON_KEYRING_BACKEND="tests.network.file_keyring.FileKeyring",
        PYTHONPATH=_ROOT,
        **{FILE: str(folder / "keyring.json")},
        **environment,
    )


def desk_with_passphrase(folder: Path, passphrase: str = PASSPHRASE, **environment: str) -> Rogatory:
    """A desk without a keyring; its passphrase is in the file `passphrase` of the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "passphrase"
    file.touch(0o600)
    file.write_text(f"{passphrase}\n")
    return Rogatory(
        folder / "home",
        PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring",
        ROGATORY_PASSPHRASE_FILE=str(file),
        **environment,
    )


async def desk_with_key_file(home: Path, login: Login, url: str) -> Rogatory:
    """A desk of a development network, its homeserver at `url`: nobody is asked for anything."""
    await enrol(
        Accounts(open_home(home, create=True).accounts),
        user_id=login.user_id,
        homeserver=url,
        device_id=login.device_id,
        access_token=login.access_token,
    )
    return Rogatory(home)


def logged_in(desk: Rogatory, homeserver: Homeserver, localpart: str) -> Login:
    """Register an account and log it in at a desk with the verb; the device is the one that the verb made."""
    registered = homeserver.register(localpart)
    call(homeserver.url, "POST", "/_matrix/client/v3/logout/all", {}, token=registered.access_token)
    arguments = ("login", registered.user_id, "--homeserver", homeserver.url)
    desk.run(*arguments, stdin=f"{registered.password}\n")
    return registered


def room_of(homeserver: Homeserver, owner: Login, *others: Login, name: str = "ROG") -> str:
    """Make an encrypted room with the owner's password, let the others in, and return its id."""

    async def make() -> str:
        token = homeserver.login(owner.user_id, owner.password).access_token
        async with HttpTransport(homeserver.url, token) as transport:
            creation = RoomCreation(
                name=name, invite=tuple(other.user_id for other in others), initial_state=ENCRYPTED
            )
            room_id = await RoomRequests(transport).create_room(creation)
        call(homeserver.url, "POST", "/_matrix/client/v3/logout", {}, token=token)
        return room_id

    return asyncio.run(make())


def account_folder(desk: Rogatory) -> Path:
    """Return the folder of the only account at a desk."""
    [folder] = (desk.home / "accounts").iterdir()
    return folder
