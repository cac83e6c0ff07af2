"""`rogatory search` and the drafts of `rogatory chat`, as a person has them."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.session.accounts import Accounts
from client.session.enrolment import enrol
from client.session.events import InitialState, RoomCreation
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from client.session.store.account_store import open_account_store
from client.session.store.draft_store import DraftStore
from node.home import open_home
from tests.client.session.homeserver import Homeserver, Login, running_synapse
from tests.client.session.people import ENCRYPTED
from tests.network.rogatory import ROGATORY, Rogatory, eventually
from tests.network.terminal import Terminal

pytestmark = pytest.mark.synapse
_NAME = "Lobby \x1b[31m(African States)"


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as server:
        yield server


async def _account_in_a_room(homeserver: Homeserver, home: Path, login: Login, url: str) -> str:
    await enrol(
        Accounts(open_home(home, create=True).accounts),
        user_id=login.user_id,
        homeserver=url,
        device_id=login.device_id,
        access_token=login.access_token,
    )
    async with HttpTransport(homeserver.url, login.access_token) as transport:
        named = (*ENCRYPTED, InitialState(type="m.room.name", content={"name": _NAME}))
        return await RoomRequests(transport).create_room(RoomCreation(initial_state=named))


def machine(homeserver: Homeserver, home: Path, localpart: str) -> tuple[Rogatory, Login, str]:
    """A machine with an account that is in one room."""
    login = homeserver.register(localpart)
    room_id = asyncio.run(_account_in_a_room(homeserver, home, login, homeserver.url))
    return Rogatory(home), login, room_id


def test_messages_are_found_while_the_client_runs_and_when_it_does_not(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """The same hits come through the client that holds the store and from the store itself, newest first."""
    rogatory, login, room_id = machine(homeserver, tmp_path / "home", "search.alice")
    first = rogatory.json("send", room_id, "Le témoin est arrivé")["event_id"]
    with Terminal([ROGATORY, "chat"], rogatory.environment) as terminal:
        terminal.wait_for("live", "Le témoin est arrivé")
        second = rogatory.json("send", room_id, "TEMOINS\x1b[2J à entendre")["event_id"]
        terminal.wait_for("à entendre")
        held = rogatory.json("search", "temoin")
    assert rogatory.json("search", "temoin") == held
    assert [hit["event_id"] for hit in held["hits"]] == [second, first]
    assert set(held["hits"][1]) == {"room_id", "event_id", "sender", "sent_at", "body"}
    assert (held["hits"][1]["room_id"], held["hits"][1]["sender"]) == (room_id, login.user_id)
    assert held["hits"][1]["body"] == "Le témoin est arrivé"
    assert rogatory.json("search", f'témoin in:"{_NAME}" from:search.alice', "--limit", "1")["hits"] == [
        held["hits"][0]
    ]
    shown = rogatory.run("search", "temoin").stdout
    assert "\x1b" not in shown
    assert shown.index("TEMOINS") < shown.index("Le témoin est arrivé")
    assert "(African States)  @search.alice" in shown


def test_nothing_found_is_no_failure_and_a_query_that_cannot_be_is_one(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """None found: exit 0, an empty list, a sentence aside; one letter: exit 2, and what to type."""
    rogatory, _, _ = machine(homeserver, tmp_path / "home", "search.bob")
    done = rogatory.run("search", "nowhere", "--json")
    assert (done.stdout, "No message" in done.stderr) == ('{"hits": []}\n', True)
    refused = rogatory.run("search", "x", expect=2)
    assert (refused.stdout, "Type one more letter." in refused.stderr) == ("", True)
    assert "no room" in rogatory.run("search", "word in:elsewhere", expect=2).stderr
    rogatory.run("search", "word", "--limit", "0", expect=2)


def test_a_draft_outlives_kill_9_of_the_client(homeserver: Homeserver, tmp_path: Path) -> None:
    """What was typed and not sent stands in the composer again, and nowhere on disk in the clear."""
    rogatory, login, room_id = machine(homeserver, tmp_path / "home", "search.carol")
    rogatory.run("send", room_id, "first words")
    with Terminal([ROGATORY, "chat"], rogatory.environment) as terminal:
        terminal.wait_for("live", "first words")
        terminal.type("half a thought4711")
        terminal.wait_for("half a thought4711")
        folder = Accounts(open_home(tmp_path / "home").accounts).folder(login.user_id)
        with contextlib.closing(open_account_store(folder, login.user_id)) as store:
            drafts = DraftStore(store)
            eventually(lambda: drafts.get(room_id) == "half a thought4711", "the draft was stored")
        terminal.process.send_signal(signal.SIGKILL)
        terminal.process.wait()
    for path in (tmp_path / "home").rglob("*"):
        assert not path.is_file() or b"thought4711" not in path.read_bytes()
    with Terminal([ROGATORY, "chat"], rogatory.environment) as terminal:
        terminal.wait_for("first words", "half a thought4711")
