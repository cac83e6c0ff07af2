"""What was typed and not sent, room by room, so that no change of room and no failure loses it."""

from __future__ import annotations


class Drafts:
    """The unsent text of each room, in memory."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def keep(self, room_id: str, text: str) -> None:
        """Remember a room's text as it stands; an empty one is forgotten."""
        if text:
            self._texts[room_id] = text
        else:
            self._texts.pop(room_id, None)

    def of(self, room_id: str) -> str:
        """Return a room's text, empty if there is none."""
        return self._texts.get(room_id, "")

    def give_back(self, room_id: str, failed: str) -> str:
        """Put a text that could not be sent before whatever was typed since, and return the whole."""
        since = self.of(room_id)
        whole = f"{failed}\n{since}" if since else failed
        self.keep(room_id, whole)
        return whole
