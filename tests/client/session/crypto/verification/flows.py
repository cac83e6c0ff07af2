"""Two flows of ours that hear each other, and the names of who takes part."""

from __future__ import annotations

from client.session.crypto.verification.actions import Action, Send, Trust
from client.session.crypto.verification.addresses import Address, RoomAddress, ToDeviceAddress
from client.session.crypto.verification.flow import Flow
from client.session.crypto.verification.messages import Request
from client.session.crypto.verification.parties import Party

ALICE = Party("@alice:a.test", "ALICE", "alice+device+key", "alice+master+key")
BOB = Party("@bob:b.test", "BOB", "bob+device+key", "bob+master+key")
LAPTOP = Party("@alice:a.test", "LAPTOP", "laptop+device+key", "alice+master+key")
IN_ROOM = RoomAddress("!room", "$request")
TO_DEVICE = ToDeviceAddress("transaction")
REQUEST = {"from_device": "ALICE", "methods": ["m.sas.v1"]}


def asking(
    ours: Party = ALICE, theirs: Party = BOB, address: Address = IN_ROOM, asked: tuple[str, ...] = ()
) -> Flow:
    return Flow.asking(
        ours, theirs.user_id, address, asked, lambda device: theirs if device == theirs.device_id else None, 0
    )


def asked(ours: Party = BOB, theirs: Party = ALICE, address: Address = IN_ROOM) -> Flow:
    request = Request(theirs.device_id, ["m.sas.v1"])
    return Flow.asked(ours, theirs.user_id, address, request, lambda device: theirs, 0)


def codes(actions: list[Action]) -> list[object]:
    """Return the codes of the cancel messages among actions."""
    return [one.content["code"] for one in actions if isinstance(one, Send) and one.type.endswith(".cancel")]


class Wire:
    """Carries the messages of two flows to each other, in order, and keeps what they came to trust."""

    def __init__(self, left: Flow, right: Flow) -> None:
        self.flows = (left, right)
        self.trusted: dict[int, Trust] = {}
        self.sent: list[tuple[int, Send]] = []

    def carry(self, side: int, actions: list[Action], now: float = 0) -> None:
        for action in actions:
            if isinstance(action, Trust):
                self.trusted[side] = action
            else:
                self.sent.append((side, action))
                answer = self.flows[1 - side].receive(action.type, action.content, now)
                self.carry(1 - side, answer, now)
