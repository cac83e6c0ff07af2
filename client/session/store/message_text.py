"""What of a message's content is its text: its own, or what it puts in place of another message's.

The relation of an edit is read from inside the ciphertext: outside of it a server could write anything.
"""

from __future__ import annotations

from client.session.events import Json


def replaced_event(content: dict[str, Json]) -> str | None:
    """Return the id of the event that a message replaces, or None when it is no edit, or not a whole one."""
    relation = content.get("m.relates_to")
    if not isinstance(relation, dict) or relation.get("rel_type") != "m.replace":
        return None
    target = relation.get("event_id")
    new = content.get("m.new_content")
    whole = isinstance(new, dict) and isinstance(new.get("body"), str)
    return target if isinstance(target, str) and whole else None


def new_body(content: dict[str, Json]) -> str:
    """Return the body that an edit, which `replaced_event` has found to be one, puts in place."""
    new = content.get("m.new_content")
    return str(new.get("body", "")) if isinstance(new, dict) else ""


def new_text(content: dict[str, Json]) -> str:
    """Return what a message is found by once that edit counts."""
    new = content.get("m.new_content")
    return text_of(new if isinstance(new, dict) else {}, new_body(content))


def text_of(content: dict[str, Json], body: str) -> str:
    """Return what a message is found by: its body, and the name of its file where that says more."""
    name = content.get("filename")
    return f"{body}\n{name}" if isinstance(name, str) and name not in body else body
