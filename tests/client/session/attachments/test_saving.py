"""What others send, and what a homeserver makes of it, against a session on the fake homeserver."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from client.session.errors import (
    AttachmentDamaged,
    FileTooLarge,
    NotAnAttachment,
    NotFound,
    TargetExists,
    TargetUnusable,
    UnknownEvent,
    UnknownRoom,
)
from client.session.events import SavedFile
from client.session.session import OpenSession
from tests.client.session.attachments.format import sealed
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver
from tests.client.session.fake_people import alice_and_bob
from tests.client.session.people import next_event

TEXT = b"the statement of a witness, page after page\n" * 20_000
"""Longer than the piece in which files are decrypted."""


class Mallory:
    """Alice, who sends what she likes, and Bob, who would save it."""

    def __init__(self, server: FakeHomeserver, alice: OpenSession, bob: OpenSession) -> None:
        self.server, self.alice, self.bob = server, alice, bob

    async def sends(self, plaintext: bytes = TEXT, **content: Any) -> str:
        """Store a file, send a message about it, and return its id once Bob has it."""
        ciphertext, file = sealed(plaintext, url=f"mxc://a.test/media{len(self.server.media)}")
        self.server.media[f"media{len(self.server.media)}"] = ciphertext
        message: dict[str, Any] = {"msgtype": "m.file", "body": "report.pdf", "file": file, **content}
        sent = await self.alice.send(ROOM, message)
        await next_event(self.bob, lambda event: event.event_id == sent.event_id)
        return sent.event_id

    def damage(self, change: Callable[[bytes], bytes]) -> None:
        """Change what the homeserver has of every file."""
        for name, content in self.server.media.items():
            self.server.media[name] = change(content)

    async def refused(self, event_id: str, error: type[Exception], why: str, folder: Path) -> None:
        """Insist that a file is refused, and that the folder is then as it was."""
        before = inside(folder)
        with pytest.raises(error, match=why):
            await self.bob.save_attachment(ROOM, event_id, folder)
        assert inside(folder) == before


def inside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
async def mallory(tmp_path: Path) -> Any:
    server, alice, bob = await alice_and_bob(tmp_path / "accounts")
    async with alice.session() as a, bob.session() as b:
        yield Mallory(server, a, b)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "saved").mkdir()
    return tmp_path / "saved"


async def test_a_file_is_saved_whole_and_for_its_owner_only(mallory: Mallory, folder: Path) -> None:
    """The file has its sender's name, the bytes, mode 0600; size and hash are what `sha256sum` would say."""
    told: list[tuple[int, int | None]] = []
    event_id = await mallory.sends()
    saved = await mallory.bob.save_attachment(
        ROOM, event_id, folder, progress=lambda done, total: told.append((done, total))
    )
    path = folder / "report.pdf"
    assert saved == SavedFile(path=str(path), size=len(TEXT), sha256=hashlib.sha256(TEXT).hexdigest())
    assert path.read_bytes() == TEXT
    assert path.stat().st_mode & 0o777 == 0o600
    assert inside(folder) == ["report.pdf"]
    assert told[-1] == (len(TEXT), len(TEXT))
    assert [done for done, _ in told] == sorted({done for done, _ in told})


async def test_an_empty_file_is_a_file(mallory: Mallory, folder: Path) -> None:
    """Nothing is saved as a file of no bytes."""
    event_id = await mallory.sends(b"")
    await mallory.bob.save_attachment(ROOM, event_id, folder / "empty")
    assert (folder / "empty").read_bytes() == b""


@pytest.mark.parametrize(
    "change",
    [
        lambda content: bytes([content[0] ^ 1]) + content[1:],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: content[:-1],
        lambda content: b"",
        lambda content: content + b"x",
        lambda content: bytes(len(content)),
    ],
)
async def test_what_the_sender_did_not_encrypt_is_never_saved(
    mallory: Mallory, folder: Path, change: Callable[[bytes], bytes]
) -> None:
    """A byte changed, missing or too many, first or last: refused as damaged, and nothing is left."""
    event_id = await mallory.sends()
    mallory.damage(change)
    await mallory.refused(event_id, AttachmentDamaged, "not those that the sender encrypted", folder)


async def test_nothing_unproven_is_in_clear_on_the_disk(mallory: Mallory, folder: Path) -> None:
    """While a file arrives, what lies beside its target is 0600 and has no line of its plaintext."""
    found: list[bytes] = []

    def look(done: int, total: int | None) -> None:
        [part] = folder.iterdir()
        assert part.stat().st_mode & 0o777 == 0o600
        found.append(part.read_bytes())

    await mallory.bob.save_attachment(ROOM, await mallory.sends(), folder, progress=look)
    assert len(found[-1]) > len(TEXT) // 2
    assert [each for each in found if b"witness" in each] == []


@pytest.mark.parametrize("announced", [True, False])
async def test_no_more_is_fetched_than_the_homeserver_says_that_it_takes(
    mallory: Mallory, folder: Path, announced: bool
) -> None:
    """A file over the limit is refused: at once where its size is announced, else when it gets there."""
    event_id = await mallory.sends()
    mallory.server.media_limit = len(TEXT) - 1
    if not announced:
        mallory.server.announced_size = lambda content: None
    await mallory.refused(event_id, FileTooLarge, f"at most {len(TEXT) - 1} are fetched", folder)
    mallory.server.media_limit = len(TEXT)
    if announced:
        mallory.server.announced_size = lambda content: 10**15
        await mallory.refused(event_id, FileTooLarge, f"It has {10**15} bytes", folder)
        mallory.server.announced_size = len
    await mallory.bob.save_attachment(ROOM, event_id, folder)


async def test_without_a_limit_of_the_homeservers_there_is_ours(
    mallory: Mallory, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where neither limit nor size is announced, the stated limit ends an endless file."""
    monkeypatch.setattr("client.session.attachments.saving.LARGEST_UNANNOUNCED", 10_000)
    mallory.server.announced_size = lambda content: None
    await mallory.refused(await mallory.sends(), FileTooLarge, "at most 10000 are fetched", folder)


async def test_a_file_larger_than_its_sender_said_is_refused(mallory: Mallory, folder: Path) -> None:
    """Who agreed to some bytes gets no more; a smaller file, and a senseless claim, are as they are."""
    event_id = await mallory.sends(info={"size": len(TEXT) - 1})
    await mallory.refused(event_id, FileTooLarge, f"its sender said {len(TEXT) - 1}", folder)
    for number, size in enumerate([len(TEXT) + 1, -1, 2**60, "many", None, True, [1]]):
        event_id = await mallory.sends(info={"size": size})
        await mallory.bob.save_attachment(ROOM, event_id, folder / str(number))
    event_id = await mallory.sends(info="none")
    await mallory.bob.save_attachment(ROOM, event_id, folder / "none")


@pytest.mark.parametrize(
    ("name", "saved_as"),
    [
        ("../../report.pdf", "report.pdf"),
        ("/etc/cron.d/job", "etc_cron.d_job"),
        (".ssh", "ssh"),
        ("a" * 10_000 + ".pdf", "a" * 136 + ".pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        ("\x1b]0;title\x07.txt", "]0;title.txt"),
        ("", "attachment"),
        (5, "attachment"),
        (None, "attachment"),
    ],
)
async def test_a_name_from_others_is_never_a_path(
    mallory: Mallory, folder: Path, name: object, saved_as: str
) -> None:
    """Whatever the sender calls the file, one file comes into the folder, and nothing anywhere else."""
    event_id = await mallory.sends(b"x", body=name)
    around = inside(folder.parent)
    saved = await mallory.bob.save_attachment(ROOM, event_id, folder)
    assert saved.path == str(folder / saved_as)
    assert inside(folder) == [saved_as]
    assert inside(folder.parent) == around


async def test_nothing_is_overwritten_without_being_told_to(mallory: Mallory, folder: Path) -> None:
    """A file and a dangling link of that name stay; with `replace` they go, not what a link points to."""
    event_id = await mallory.sends(b"new")
    mine, link = folder / "report.pdf", folder / "link"
    mine.write_bytes(b"mine")
    link.symlink_to(folder / "elsewhere")
    stored = dict(mallory.server.media)
    mallory.server.media.clear()  # it is refused before anything is fetched
    for target in (folder, mine, link):
        with pytest.raises(TargetExists, match="already"):
            await mallory.bob.save_attachment(ROOM, event_id, target)
    mallory.server.media.update(stored)
    assert mine.read_bytes() == b"mine"
    assert not (folder / "elsewhere").exists()
    await mallory.bob.save_attachment(ROOM, event_id, folder, replace=True)
    await mallory.bob.save_attachment(ROOM, event_id, link, replace=True)
    assert mine.read_bytes() == b"new"
    assert not link.is_symlink()
    assert not (folder / "elsewhere").exists()


async def test_a_file_that_comes_there_meanwhile_is_not_overwritten(mallory: Mallory, folder: Path) -> None:
    """A file of that name that was made while ours arrived stays, and nothing of ours is left."""

    def make(done: int, total: int | None) -> None:
        (folder / "report.pdf").write_bytes(b"mine")

    event_id = await mallory.sends()
    with pytest.raises(TargetExists):
        await mallory.bob.save_attachment(ROOM, event_id, folder, progress=make)
    assert inside(folder) == ["report.pdf"]
    assert (folder / "report.pdf").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("missing/report.pdf", "There is no such folder"),
        ("file/report.pdf", "There is no such folder"),
        ("report\0.pdf", "no name of a file"),
        ("n" * 300, "too long"),
    ],
)
async def test_a_place_where_no_file_can_be_is_refused(
    mallory: Mallory, folder: Path, target: str, why: str
) -> None:
    """No folder, a file for a folder, no name, a name too long: said in words, with nothing left."""
    (folder / "file").write_bytes(b"")
    event_id = await mallory.sends()
    with pytest.raises(TargetUnusable, match=why):
        await mallory.bob.save_attachment(ROOM, event_id, folder / target)
    assert inside(folder) == ["file"]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"msgtype": "m.text"}, "'m.text', which brings no file"),
        ({"msgtype": 5}, "which brings no file"),
        ({"file": None}, "`file`: Expected `object`"),
        ({"file": {"v": "v1"}}, "`file.v`"),
    ],
)
async def test_a_message_without_a_sound_file_is_refused_by_its_field(
    mallory: Mallory, folder: Path, content: dict[str, Any], named: str
) -> None:
    """The type, or the field that is missing or garbled, is in the reason."""
    await mallory.refused(await mallory.sends(b"x", **content), NotAnAttachment, named, folder)


async def test_a_file_in_clear_is_refused(mallory: Mallory, folder: Path) -> None:
    """A `url` in place of `file` names a file that anyone could have put there."""
    sent = await mallory.alice.send(ROOM, {"msgtype": "m.file", "body": "x", "url": "mxc://a.test/media0"})
    await next_event(mallory.bob, lambda event: event.event_id == sent.event_id)
    await mallory.refused(sent.event_id, NotAnAttachment, "`file`: It is missing.*not encrypted", folder)


async def test_what_is_not_there_is_said(mallory: Mallory, folder: Path) -> None:
    """An unknown room, an unknown message, a message without a key and a file that is gone differ."""
    event_id = await mallory.sends()
    mallory.server.media.clear()
    await mallory.refused(event_id, NotFound, "not on the homeserver", folder)
    with pytest.raises(UnknownEvent, match="nothing"):
        await mallory.bob.save_attachment(ROOM, "$nothing", folder)
    with pytest.raises(UnknownRoom):
        await mallory.bob.save_attachment("!nowhere", event_id, folder)
    sealed_event = {**mallory.server.timeline[-1], "event_id": "$sealed"}
    sealed_event["content"] = {**sealed_event["content"], "session_id": "unknown"}
    await mallory.server.put_event(sealed_event)
    await next_event(mallory.bob, lambda event: event.event_id == "$sealed")
    await mallory.refused("$sealed", NotAnAttachment, "cannot read it", folder)
