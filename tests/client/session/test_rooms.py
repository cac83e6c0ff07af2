from __future__ import annotations

import pytest

from client.session.errors import LoggedOut, NotAllowed, NotFound, SessionError
from client.session.events import InitialState, RoomCreation
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from tests.client.session.homeserver import Homeserver


@pytest.mark.synapse
async def test_a_created_space_has_version_12_its_creators_and_its_state(homeserver: Homeserver) -> None:
    """create_room makes a version 12 space whose creators, name and given state can be read back."""
    login, other = homeserver.register("rooms.1"), homeserver.register("rooms.2")
    async with HttpTransport(homeserver.url, login.access_token) as transport:
        rooms = RoomRequests(transport)
        room_id = await rooms.create_room(
            RoomCreation(
                name="Practitioners",
                is_space=True,
                alias_localpart="network",
                additional_creators=(other.user_id,),
                invite=(other.user_id,),
                initial_state=(InitialState(type="org.rogatory.test", content={"a": 1}, state_key="k/ä"),),
            )
        )
        state = {(event.type, event.state_key): event for event in await rooms.state(room_id)}
        create = state["m.room.create", ""].content
        assert create["room_version"] == "12"
        assert create["type"] == "m.space"
        assert create["additional_creators"] == [other.user_id]
        assert state["org.rogatory.test", "k/ä"].content == {"a": 1}
        assert await rooms.resolve_alias(f"#network:{homeserver.name}") == room_id
        assert await rooms.resolve_alias(f"#nothing:{homeserver.name}") is None
        members = {member.user_id: member for member in await rooms.members(room_id)}
        assert members[other.user_id].power_level is None
        assert members[other.user_id].membership == "invite"


@pytest.mark.synapse
async def test_all_joined_states_sees_what_changed_a_moment_ago(homeserver: Homeserver) -> None:
    """all_joined_states is never an answer from the server's cache."""
    login = homeserver.register("rooms.3")
    async with HttpTransport(homeserver.url, login.access_token) as transport:
        rooms = RoomRequests(transport)
        room_id = await rooms.create_room(RoomCreation(name="Lobby"))
        before = (await rooms.all_joined_states())[room_id]
        await rooms.put_state(room_id, "m.room.topic", {"topic": "new"})
        after = (await rooms.all_joined_states())[room_id]
        assert [event for event in before if event.type == "m.room.topic"] == []
        assert [event.content["topic"] for event in after if event.type == "m.room.topic"] == ["new"]
        assert {event.type for event in after} >= {"m.room.create", "m.room.member", "m.room.power_levels"}


@pytest.mark.synapse
async def test_refusals_are_told_apart(homeserver: Homeserver) -> None:
    """A bad token, a forbidden room and an unknown room raise three different errors."""
    mine, theirs = homeserver.register("rooms.4"), homeserver.register("rooms.5")
    async with HttpTransport(homeserver.url, mine.access_token) as transport:
        rooms = RoomRequests(transport)
        room_id = await rooms.create_room(RoomCreation())
        with pytest.raises(NotFound):
            await transport.request("GET", "/_matrix/client/v3/rooms/nothing/unknown/here")
        async with HttpTransport(homeserver.url, theirs.access_token) as other:
            with pytest.raises(NotAllowed):
                await RoomRequests(other).state(room_id)
    async with HttpTransport(homeserver.url, "syt_wrong") as transport:
        with pytest.raises(LoggedOut) as refused:
            await RoomRequests(transport).state(room_id)
    assert "syt_wrong" not in str(refused.value) + repr(transport)


@pytest.mark.parametrize(
    "url", ["http://example.org", "http://10.0.0.1:8008", "ftp://localhost", "127.0.0.1", ""]
)
def test_plain_http_beyond_this_machine_is_refused(url: str) -> None:
    """An address where the token would travel in clear is refused before anything is sent."""
    with pytest.raises(SessionError, match="refused"):
        HttpTransport(url, "syt_token")
