"""Files between regions: two homeservers, the commands that a person types."""

from __future__ import annotations

from pathlib import Path

from tests.network.conftest import Network


def test_a_file_reaches_another_region(network: Network, tmp_path: Path) -> None:
    """The focal point's file comes from the African node to the Court, whole and under its name."""
    rogatory, room_id = network.rogatory, network.report["request"]["room_id"]
    path = tmp_path / "réponse.pdf"
    path.write_bytes(b"page after page\n" * 100_000)
    sent = rogatory.json(
        *("send", room_id, "--file", str(path), "--as", network.account("focal-point", "africa"))
    )
    seen = rogatory.listen(network.court, lambda event: event["event_id"] == sent["event_id"])
    assert seen[-1]["content"]["filename"] == "réponse.pdf"
    (tmp_path / "court").mkdir()
    saved = rogatory.json(
        *("save", room_id, sent["event_id"], "--to", str(tmp_path / "court"), "--as", network.court)
    )
    assert saved["path"] == str(tmp_path / "court" / "réponse.pdf")
    assert (tmp_path / "court" / "réponse.pdf").read_bytes() == path.read_bytes()
