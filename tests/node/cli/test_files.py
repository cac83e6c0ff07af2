"""`rogatory send --file` and `rogatory save` in two homes, over a real homeserver, as people type them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from client.session.accounts import Accounts
from client.session.events import RoomCreation
from client.session.http_transport import HttpTransport
from client.session.opening import is_served, open_session
from client.session.remote import RemoteSession
from client.session.rooms import RoomRequests
from tests.client.session.homeserver import Homeserver, running_synapse
from tests.client.session.people import ENCRYPTED
from tests.network.rogatory import ROGATORY, Rogatory, eventually
from tests.network.terminal import Terminal
from tests.node.cli.desks import desk_with_key_file
from tests.node.cli.stalling_relay import stalling_relay

pytestmark = pytest.mark.synapse
TEXT = b"page after page\n" * 100_000


@dataclass(frozen=True)
class People:
    """Two people with a home each, in a room called Evidence."""

    alice: Rogatory
    bob: Rogatory
    room_id: str
    bob_id: str


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("synapse")) as server:
        yield server


@pytest.fixture
def people(homeserver: Homeserver, tmp_path: Path) -> Iterator[People]:
    with people_behind_a_relay(homeserver, tmp_path) as made:
        yield made


@contextlib.contextmanager
def people_behind_a_relay(homeserver: Homeserver, tmp_path: Path) -> Iterator[People]:
    """Alice's way to the homeserver stands still when something long goes up; Bob's does not."""
    name = secrets.token_hex(4)
    alice, bob = homeserver.register(f"{name}.alice"), homeserver.register(f"{name}.bob")

    async def begin(relay: str) -> People:
        a_home = await desk_with_key_file(tmp_path / "a", alice, relay)
        b_home = await desk_with_key_file(tmp_path / "b", bob, homeserver.url)
        async with HttpTransport(homeserver.url, alice.access_token) as transport:
            creation = RoomCreation(name="Evidence", invite=(bob.user_id,), initial_state=ENCRYPTED)
            room_id = await RoomRequests(transport).create_room(creation)
        return People(a_home, b_home, room_id, bob.user_id)

    with stalling_relay(homeserver.url, after=10_000_000) as relay:
        made = asyncio.run(begin(relay))
        made.bob.run("rooms", "--join", made.room_id)
        yield made


def test_a_file_is_sent_listed_and_saved(people: People, tmp_path: Path) -> None:
    """What one verb sends another shows with name, size and id, and a third saves, over no other file."""
    path = tmp_path / "report.pdf"
    path.write_bytes(TEXT)
    sent = people.alice.json("send", "Evidence", "--file", str(path), "for tomorrow")
    assert sent.keys() == {"room_id", "event_id"}
    with people.bob.running("listen") as listening:
        assert listening.stdout is not None
        line = next(line for line in listening.stdout if "report" in line)
    assert line.rstrip().endswith(f": File: report.pdf, 1.6 MB, {sent['event_id']} for tomorrow")

    folder = tmp_path / "saved"
    folder.mkdir()
    save = ("save", "Evidence", sent["event_id"], "--to", str(folder))
    saved = people.bob.json(*save)
    digest = hashlib.sha256(TEXT).hexdigest()
    assert saved == {"path": str(folder / "report.pdf"), "size": len(TEXT), "sha256": digest}
    assert (folder / "report.pdf").read_bytes() == TEXT

    (folder / "report.pdf").write_bytes(b"mine")
    said = people.bob.run(*save, expect=1).stderr
    assert f"There is a file {folder / 'report.pdf'} already." in said
    assert (folder / "report.pdf").read_bytes() == b"mine"
    again = people.bob.run("save", people.room_id, sent["event_id"][1:], "--to", str(folder), "--replace")
    assert again.stdout == f"Saved: {folder / 'report.pdf'}  1.6 MB  sha256 {digest}\n"
    assert again.stderr == ""
    assert (folder / "report.pdf").read_bytes() == TEXT


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("send", "Evidence"), 2, "Say what to send"),
        (("send", "Evidence", "--file", "missing.pdf"), 1, "No such file"),
        (("send", "Evidence", "--file", "."), 1, "cannot be sent"),
        (("send", "Evidence", "--file", "missing.pdf", " "), 2, "no text to send"),
        (("save", "Evidence", "$unknown"), 2, "no message $unknown"),
        (("save", "Nowhere", "$unknown"), 2, "no room 'Nowhere'"),
    ],
)
def test_what_cannot_be_sent_or_saved_is_said(
    people: People, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """Nothing to send, no such file, room or message: each is said in words, with its exit code."""
    done = people.alice.run(*arguments, expect=code)
    assert said in done.stderr
    assert done.stdout == ""


def test_a_person_sees_how_far_a_file_is_and_can_stop_it(people: People, tmp_path: Path) -> None:
    """On a terminal the bytes are counted; Ctrl-C in the middle ends it, and nothing is ever sent."""
    path = tmp_path / "film.mp4"
    path.write_bytes(bytes(40_000_000))
    command = [ROGATORY, "send", "Evidence", "--file", str(path)]
    with Terminal(command, people.alice.environment) as terminal:
        terminal.wait_for("Sending film.mp4: 1", " of 40 MB")  # as much as the relay and the buffers take
        terminal.process.send_signal(signal.SIGINT)
        terminal.wait_for("Interrupted.", "Run the same command again")
        assert "Do not send it again" not in terminal.text
        assert "MB of" not in terminal.text
        assert terminal.wait_ended() == 130
    people.alice.json("send", "Evidence", "the only message")
    seen = people.bob.listen(people.bob_id, lambda event: event["body"] == "the only message")
    assert [event["type"] for event in seen if event["sender"] != people.bob_id].count("m.room.message") == 1


async def until_queued(desk: Rogatory, count: int) -> None:
    """Wait until the process that holds the store of a desk has so many messages in its outbox."""
    [account] = Accounts(desk.home / "accounts").all()
    await asyncio.to_thread(eventually, lambda: is_served(account), "it holds the store")
    async with open_session(account, welcome=lambda _: True) as session:
        assert isinstance(session, RemoteSession)
        updates = session.updates()
        while len(await session.queued()) < count:
            await anext(updates)


def test_a_file_to_a_homeserver_that_does_not_answer_is_said_to_wait(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Ctrl-C once it is kept: the words are those for a text, and so is the exit code; nothing on stdout."""
    path = tmp_path / "report.pdf"
    path.write_bytes(TEXT)
    with people_behind_a_relay(homeserver, tmp_path) as people:
        people.alice.run("rooms")
    said: list[str] = []
    for what in (("a text",), ("--file", str(path))):
        command = [ROGATORY, "send", "Evidence", *what, "--json"]
        with Terminal(command, people.alice.environment) as terminal:
            terminal.wait_for("does not answer; waiting for it.")
            asyncio.run(until_queued(people.alice, len(said) + 1))
            terminal.process.send_signal(signal.SIGINT)
            terminal.wait_for("Do not send it again")
            assert terminal.wait_ended() == 130
            said.append(terminal.text)
    assert said[0] == said[1]
