"""The newest manifest that this home has believed: an older one is refused from then on (design section 6).

Whoever could bring an old manifest back would bring back what it says: an authority's or organ's key that the
network has withdrawn since.
"""

from __future__ import annotations

from client.session.local.private_files import write_private
from node.errors import HomeUnusable
from node.home import Home


def newest_serial(home: Home) -> int | None:
    """Return the largest serial that was believed here, None when none was. Raises HomeUnusable."""
    path = home.newest_serial
    if not path.is_file():
        return None
    text = path.read_bytes().strip()
    if not (text.isascii() and text.isdigit()):
        raise HomeUnusable(
            f"{path} cannot be read.",
            why="It holds the serial of the newest manifest that was seen here, and this is no number.",
            remedy="Restore it from a backup, or write into it the serial of the network's newest manifest.",
        )
    return int(text)


def note_serial(home: Home, serial: int) -> None:
    """Remember that a manifest with this serial was believed."""
    before = newest_serial(home)
    if before is None or serial > before:
        write_private(home.newest_serial, f"{serial}\n")
