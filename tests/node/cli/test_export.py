"""`rogatory export` around the proof itself: usage, roots, what is written where, files out of a room."""

from __future__ import annotations

import hashlib
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from client.session.errors import AttachmentDamaged, TargetExists, TargetUnusable
from client.session.events import Json, SavedFile, TimelineEvent, TransferProgress, Trust
from client.session.face import Session
from node.cli.export_files import CaseFiles
from node.cli.export_target import export_target, place, staging
from node.home import open_home
from policies.requests.export.case_files import CaseFileName
from policies.requests.export.errors import CaseFileMissing
from tests.client.fake_session import FakeSession
from tests.network.rogatory import Rogatory
from tests.policies.requests.case.world import RequestRoom
from tests.policies.requests.export.exports import export_of, messages_of
from tests.policies.trust.networks import ROOT

KEY = ROOT.public_key
ROOM_ID = "!case:court.rogatory.test"
FOCAL_POINT = "@sen.focal-point.1:africa.rogatory.test"


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    room = RequestRoom()
    path = tmp_path / "case.zip"
    path.write_bytes(export_of(room, messages_of(room)))
    return path


@pytest.fixture
def rogatory(tmp_path: Path) -> Rogatory:
    return Rogatory(tmp_path / "none")


def test_a_verdict_in_words(rogatory: Rogatory, exported: Path) -> None:
    """It begins with what holds, names signers, the root, the file, the exporter's word and the case."""
    said = rogatory.run("export", "--verify", str(exported), "--root", KEY).stdout
    assert said.startswith("The export holds")
    for part in (KEY, "attested by africa", "Report.pdf: enclosed", "The exporter's word", "State: answered",
                 "Refused, without effect", "replayed, from @sen.stranger"):  # fmt: skip
        assert part in said
    assert not rogatory.home.exists()


def test_a_changed_byte(rogatory: Rogatory, exported: Path, tmp_path: Path) -> None:
    """It fails with what, why and what to do, also as JSON, and writes no page."""
    data = bytearray(exported.read_bytes())
    data[len(data) // 2] ^= 1
    exported.write_bytes(data)
    page = tmp_path / "page.html"
    verify = ("export", "--verify", str(exported), "--root", KEY, "--html", str(page))
    said = rogatory.run(*verify, expect=1).stderr
    assert "The export was altered." in said
    assert "  why: " in said
    assert "  do:  " in said
    verdict = rogatory.json(*verify, expect=1)
    assert (verdict["ok"], verdict["error"]) == (False, "ExportAltered")
    assert not page.exists()


def test_the_page_of_a_verified_file(rogatory: Rogatory, exported: Path, tmp_path: Path) -> None:
    """It is written for its owner alone, and replaced only when that is said."""
    page = tmp_path / "page.html"
    verify = ("export", "--verify", str(exported), "--root", KEY, "--html", str(page))
    rogatory.run(*verify)
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    page.write_text("mine")
    assert "never overwritten" in rogatory.run(*verify, expect=1).stderr
    assert page.read_text() == "mine"
    rogatory.run(*verify, "--replace")
    assert hashlib.sha256(exported.read_bytes()).hexdigest() in page.read_text()


def test_whose_root(exported: Path, tmp_path: Path) -> None:
    """Without --root the home's pinned root counts; where there is none, that is asked for."""
    home = open_home(tmp_path / "home", create=True)
    rogatory = Rogatory(home.root)
    assert "--root" in rogatory.run("export", "--verify", str(exported), expect=2).stderr
    home.root_public_key.write_text(f"{KEY}\n")
    assert rogatory.json("export", "--verify", str(exported))["ok"] is True
    home.newest_serial.write_text("8\n")
    assert "this home knows 8 by now" in rogatory.run("export", "--verify", str(exported)).stderr
    wrong = rogatory.run("export", "--verify", str(exported), "--root", "A" * 43, expect=3).stderr
    assert "not signed by the network's root" in wrong


def test_wrong_usage(rogatory: Rogatory, exported: Path) -> None:
    """Neither a request nor a file, or both, or a root without a file: exit 2."""
    for arguments in ((), ("ROG-2026-7KQ4XM", "--verify", str(exported)), ("ROG-2026-7KQ4XM", "--root", KEY)):
        rogatory.run("export", *arguments, expect=2)


def test_where_nothing_is_written(tmp_path: Path) -> None:
    """Not over what is there, not into the home, not where there is no folder."""
    home = open_home(tmp_path / "home", create=True)
    (tmp_path / "there.zip").touch()
    with pytest.raises(TargetExists):
        export_target(tmp_path / "there.zip", "x.zip", home, replace=False)
    (tmp_path / "link").symlink_to(home.root)
    for inside in (home.root, home.accounts / "x.zip", tmp_path / "link" / "x.zip"):
        with pytest.raises(TargetUnusable, match="encrypted"):
            export_target(inside, "x.zip", home, replace=True)
    with pytest.raises(TargetUnusable):
        export_target(tmp_path / "nowhere" / "x.zip", "x.zip", home, replace=False)


def test_a_target_that_came_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """What has come under the name since it was chosen stays, and nothing of the export is left."""
    target = export_target(tmp_path, "case.zip", None, replace=False)
    target.path.write_bytes(b"mine")
    with pytest.raises(TargetExists):
        place(target, b"export")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("case.zip", b"mine")]


def test_kill_9_leaves_what_the_next_export_removes(tmp_path: Path) -> None:
    """Killed with a file in hand, an export leaves it in a private folder; the next one removes that."""
    program = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from node.cli.export_target import export_target, staging\n"
        "with staging(export_target(Path(sys.argv[1]), 'case.zip', None, replace=False)) as folder:\n"
        "    (folder / 'attachment').write_bytes(b'EXERCISE ONLY')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert killed.returncode == -9
    [left] = tmp_path.iterdir()
    assert (stat.S_IMODE(left.stat().st_mode), _names(left)) == (0o700, ["attachment"])
    target = export_target(tmp_path, "case.zip", None, replace=False)
    with staging(target) as folder:
        assert list(folder.iterdir()) == []
    place(target, b"export")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("case.zip", b"export")]
    assert stat.S_IMODE(target.path.stat().st_mode) == 0o600


class RoomWithFiles(FakeSession):
    """A session whose room brings files: event id → content; None cannot be fetched."""

    def __init__(self, *files: tuple[str, str, str, bytes | None]) -> None:
        super().__init__()
        self.files = {event_id: content for event_id, _, _, content in files}
        self.saved: list[str] = []
        self.events = [
            TimelineEvent(
                position=position,
                room_id=ROOM_ID,
                event_id=event_id,
                sender=sender,
                sent_at=0,
                type="m.room.message",
                content=_brings(name, len(content or b"EXERCISE")),
                body=name,
                trust=Trust.ATTESTED,
            )
            for position, (event_id, sender, name, content) in enumerate(files, 1)
        ]

    async def timeline(
        self, room_id: str, *, before: int | None = None, limit: int = 100
    ) -> list[TimelineEvent]:
        return [each for each in self.events if before is None or each.position < before][-1:]

    async def save_attachment(
        self, room_id: str, event_id: str, target: Path, *, replace: bool = False,
        progress: TransferProgress | None = None,
    ) -> SavedFile:  # fmt: skip
        content = self.files[event_id]
        self.saved.append(event_id)
        if content is None:
            raise AttachmentDamaged("It was not saved.", why="Bytes differ.", remedy="Try again.")
        _write(target, content)
        sha256 = hashlib.sha256(content).hexdigest()
        return SavedFile(path=str(target), size=len(content), sha256=sha256)


def _write(target: Path, content: bytes) -> None:
    target.write_bytes(content)


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _brings(name: str, size: int) -> dict[str, Json]:
    return {"msgtype": "m.file", "body": name, "filename": name, "file": {}, "info": {"size": size}}


def _wanted(content: bytes, name: str = "Extract.pdf") -> CaseFileName:
    sha256 = hashlib.sha256(content).hexdigest()
    return CaseFileName(name=name, sha256=sha256, size=len(content), event_id="$answer", sender=FOCAL_POINT)


async def test_a_file_is_known_by_its_hash(tmp_path: Path) -> None:
    """One that has the name and the size of the signed file, and other bytes, is passed over; what another
    member or another size brings is never fetched; nothing stays on the disk."""
    genuine = b"EXERCISE"
    session = RoomWithFiles(
        ("$other-size", FOCAL_POINT, "Extract.pdf", b"Longer than that"),
        ("$strangers", "@x:africa.rogatory.test", "Extract.pdf", genuine),
        ("$renamed", FOCAL_POINT, "Other name.pdf", genuine),
        ("$decoy", FOCAL_POINT, "Extract.pdf", b"exercise"),
    )
    found = await CaseFiles(session, ROOM_ID, tmp_path).fetch([_wanted(genuine)])
    assert found == {hashlib.sha256(genuine).hexdigest(): genuine}
    assert session.saved == ["$decoy", "$renamed"]
    assert _names(tmp_path) == []


async def test_a_file_that_is_not_to_be_had(tmp_path: Path) -> None:
    """An answer's file that the homeserver does not give, or no message brings, ends the export and is named;
    a document that the request only names is left out."""
    session: Session = RoomWithFiles(("$damaged", FOCAL_POINT, "Extract.pdf", None))
    with pytest.raises(CaseFileMissing, match=r"Extract\.pdf.*Bytes differ.*--without-files"):
        await CaseFiles(session, ROOM_ID, tmp_path).fetch([_wanted(b"EXERCISE")])
    with pytest.raises(CaseFileMissing, match="No message"):
        await CaseFiles(RoomWithFiles(), ROOM_ID, tmp_path).fetch([_wanted(b"EXERCISE")])
    document = CaseFileName(name="Warrant", sha256="0" * 64, size=None, event_id=None, sender=None)
    assert await CaseFiles(RoomWithFiles(), ROOM_ID, tmp_path).fetch([document]) == {}
