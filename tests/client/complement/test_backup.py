"""Room keys in the backup, and who can have them back: complement-crypto's key_backup_test.go."""

from __future__ import annotations

import pytest

from client.session.crypto.secret_storage.recovery_key import read_recovery_key, write_recovery_key
from client.session.errors import RecoveryKeyWrong
from client.session.events import Trust
from client.session.recovery.state import Recovery
from tests.client.person import People, Person, eventually, is_backed_up, read, shown, until_together

pytestmark = pytest.mark.synapse


async def written(people: People) -> tuple[Person, str, str, str]:
    """Return Alice, her room, the id of a message that Bob has written there, and her recovery key."""
    alice, bob = await people("alice"), await people("bob", on="court")
    room_id = await alice.room(bob)
    async with alice.opened() as a, bob.opened() as b:
        await until_together(room_id, a, b)
        sent = await bob.say(b, room_id, "An encrypted message")
        await read(a, "An encrypted message")
        key = await a.set_up_recovery()
        await eventually(lambda: is_backed_up(a))
    return alice, room_id, sent.event_id, key


async def test_can_backup_keys(people: People) -> None:
    """A new device cannot read what was written; with the recovery key it reads it from the backup."""
    alice, _, event_id, key = await written(people)
    second = await people.another_device(alice)
    async with second.opened() as s:
        assert (await shown(s, event_id)).trust is Trust.UNDECRYPTABLE
        state = await s.recover(recovery_key=key)
        assert (state.recovery, state.signed) == (Recovery.UNLOCKED, True)
        event = await read(s, "An encrypted message")
        assert event.event_id == event_id
        assert "backup" in str(event.reason)


async def test_backup_wrong_recovery_key_fails(people: People) -> None:
    """Another recovery key, well formed, is refused in words, and nothing becomes readable."""
    alice, _, event_id, key = await written(people)
    wrong = write_recovery_key(bytes(reversed(read_recovery_key(key))))
    second = await people.another_device(alice)
    async with second.opened() as s:
        await shown(s, event_id)
        with pytest.raises(RecoveryKeyWrong):
            await s.recover(recovery_key=wrong)
        assert (await s.recovery_state()).recovery is Recovery.LOCKED
        assert (await shown(s, event_id)).trust is Trust.UNDECRYPTABLE
        assert second.proxy.count("/room_keys/keys") == 0
