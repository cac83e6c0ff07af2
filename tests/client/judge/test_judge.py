"""Element's own crypto as the judge. It needs Node and, once, `npm install` in this folder."""

from __future__ import annotations

import pytest

from client.session.events import Content, Json, Trust
from tests.client.judge.judge import judge, needs_node
from tests.client.person import HomeserverPair, People, eventually, read

pytestmark = [pytest.mark.synapse, needs_node]
REQUEST: Json = {"v": 1, "id": "ROG-2026-7KQ4XM"}


async def test_elements_strictest_mode_reads_us_without_a_shield_and_we_read_it(
    people: People, pair: HomeserverPair
) -> None:
    """From node to node, before and after it has joined: everything that we send comes without a shield."""
    alice = await people("judge.alice")
    other = pair.court.register("judge.element")
    async with judge(pair.court, other) as element, alice.opened() as a:
        room_id = await alice.room()
        await alice.call("POST", f"/rooms/{room_id}/invite", {"user_id": other.user_id})

        async def is_reader() -> bool:
            return await a.readers(room_id) == {other.user_id}

        await eventually(is_reader)
        early = await a.send(
            room_id,
            {"msgtype": "m.notice", "body": "before the join", "org.rogatory.request": REQUEST},
        )
        element.tell(join=room_id)
        element.tell(scroll_back=room_id)
        told = await element.until(event_id=early.event_id, type="m.room.message")
        assert (told["failed"], told["shield"], told["content"]["org.rogatory.request"]) == (None, 0, REQUEST)

        reply: Json = {"m.in_reply_to": {"event_id": early.event_id}}
        contents: list[tuple[str, Content]] = [
            ("m.room.message", {"msgtype": "m.text", "body": "a text"}),
            ("m.room.message", {"msgtype": "m.text", "body": "a reply", "m.relates_to": reply}),
            (
                "m.room.message",
                {
                    "msgtype": "m.text",
                    "body": "* edited",
                    "m.new_content": {"msgtype": "m.text", "body": "edited"},
                    "m.relates_to": {"rel_type": "m.replace", "event_id": early.event_id},
                },
            ),
            (
                "m.reaction",
                {"m.relates_to": {"rel_type": "m.annotation", "event_id": early.event_id, "key": "+"}},
            ),
        ]
        for type, content in contents:
            sent = await a.send(room_id, content, type=type)
            told = await element.until(event_id=sent.event_id, type=type)
            assert (told["sender"], told["failed"], told["shield"]) == (alice.user_id, None, 0)
            assert content.items() <= told["content"].items()

        for body, extra in (("from Element", {}), ("Element replies", {"m.relates_to": reply})):
            element.tell(send={"room_id": room_id, "content": {"msgtype": "m.text", "body": body, **extra}})
            event = await read(a, body)
            assert (event.sender, event.trust, event.reason) == (other.user_id, Trust.PINNED, None)
            assert extra.items() <= event.content.items()
