"""What was typed and not sent, room by room, that no change of room, no failure and no kill -9 loses it."""

from __future__ import annotations

from client.session.face import Session


class Drafts:
    """The unsent text of each room: in memory as it is typed, in the session's store once `save` has run."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._loaded: set[str] = set()
        self._unsaved: set[str] = set()

    def keep(self, room_id: str, text: str) -> None:
        """Remember a room's text as it stands; an empty one is forgotten."""
        if text != self.of(room_id):
            self._texts[room_id] = text
            self._unsaved.add(room_id)

    def of(self, room_id: str) -> str:
        """Return a room's text, empty if there is none."""
        return self._texts.get(room_id, "")

    def give_back(self, room_id: str, failed: str) -> str:
        """Put a text that could not be sent before whatever was typed since, and return the whole."""
        since = self.of(room_id)
        whole = f"{failed}\n{since}" if since else failed
        self.keep(room_id, whole)
        return whole

    async def load(self, session: Session, room_id: str) -> bool:
        """Fetch what the session has kept of a room, once; return whether there was something to add.

        What was typed meanwhile comes after it.
        """
        if room_id in self._loaded:
            return False
        kept = await session.draft(room_id)
        self._loaded.add(room_id)
        if kept:
            typed = self.of(room_id)
            self.give_back(room_id, kept)
            if not typed:
                self._unsaved.discard(room_id)
        return bool(kept)

    async def save(self, session: Session) -> None:
        """Hand over what has changed; a room whose draft was not fetched yet waits for the next time."""
        for room_id in self._unsaved & self._loaded:
            self._unsaved.discard(room_id)
            await session.set_draft(room_id, self.of(room_id))
