"""The state machine of one verification: messages, decisions and the clock in, actions out. No I/O.

Matrix spec, end-to-end, "Key verification framework". Whatever goes wrong ends it with one cancel message;
nothing that the other side sends raises.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence

from client.session.crypto.verification import messages
from client.session.crypto.verification.abort import Abort
from client.session.crypto.verification.actions import Action, Send, Trust
from client.session.crypto.verification.addresses import Address, RoomAddress
from client.session.crypto.verification.messages import (
    SAS,
    Accept,
    Cancel,
    Finished,
    Key,
    Mac,
    Ready,
    Request,
    Start,
    read_message,
)
from client.session.crypto.verification.parties import Party
from client.session.crypto.verification.sas_exchange import SasExchange, start_offer
from client.session.events import Content, Json
from client.session.verification import CancelCode, Cancelled, Done, Requested, Step, Waiting

OVERALL = 600.0
"""Seconds that a verification may take (Matrix spec)."""
BETWEEN_STEPS = 120.0
"""Seconds that either side may take for one step."""
START_OURSELVES = 3.0
"""Seconds after their `ready` until we start, where they have not: whoever accepts may start at once."""

Lookup = Callable[[str], Party | None]
"""Returns the other side's device of an id with its keys as they are known now."""


class Phase(enum.Enum):
    """Where the exchange of messages stands."""

    ASKED = "we asked"
    OFFERED = "they asked"
    READY = "both know the method"
    STARTED = "we sent a start"
    ACCEPTED = "we accepted their start"
    KEY_SENT = "they accepted our start, our key is sent"
    COMPARING = "both keys are there"
    CONFIRMED = "we confirmed, their proof is awaited"
    PROVEN = "both sides have proven their keys"
    CANCELLED = "ended without success"


class Flow:
    """One verification of ours with `user_id`; `lookup` pins the other side's keys, once.

    `now` is a monotonic time in seconds, everywhere.
    """

    def __init__(
        self, ours: Party, user_id: str, address: Address, lookup: Lookup, phase: Phase, now: float
    ) -> None:
        self.user_id = user_id
        self.address = address
        self.phase = phase
        self.step: Step = Requested(incoming=phase is Phase.OFFERED)
        self.theirs: Party | None = None
        self._ours = ours
        self._lookup = lookup
        self.incoming = phase is Phase.OFFERED
        self._asked: tuple[str, ...] = ()
        self._exchange: SasExchange | None = None
        self._master_proven: bool | None = None
        self._end = now + OVERALL
        self._step_end = now + BETWEEN_STEPS
        self._start_at: float | None = None

    @classmethod
    def asking(
        cls, ours: Party, user_id: str, address: Address, asked: Sequence[str], lookup: Lookup, now: float
    ) -> Flow:
        """Begin one that we have asked for, of the devices `asked` where it is not in a room."""
        flow = cls(ours, user_id, address, lookup, Phase.ASKED, now)
        flow._asked = tuple(asked)
        flow._step_end = flow._end  # a person has to notice first
        return flow

    @classmethod
    def asked(
        cls,
        ours: Party,
        user_id: str,
        address: Address,
        request: Request,
        lookup: Lookup,
        now: float,
        age: float = 0.0,
    ) -> Flow:
        """Begin one that they asked for `age` seconds ago. Raises Abort where it cannot be begun."""
        flow = cls(ours, user_id, address, lookup, Phase.OFFERED, now)
        flow._end -= max(0.0, age)
        flow._pin(request.from_device)
        if SAS not in request.methods:
            raise Abort(CancelCode.UNKNOWN_METHOD, "They know no way to compare that is known here.")
        return flow

    @property
    def ended(self) -> bool:
        """Whether nothing can follow."""
        return self.phase in (Phase.PROVEN, Phase.CANCELLED)

    def is_over(self, now: float) -> bool:
        """Whether its ten minutes are over: no straggler is expected any more."""
        return now >= self._end

    @property
    def wake_at(self) -> float:
        """When `tick` has something to do at the latest."""
        times = [self._end, self._step_end]
        return min(times if self._start_at is None else [*times, self._start_at])

    def accept(self, now: float) -> list[Action]:
        """Say yes to what they ask, and start: there is one method to choose from."""
        if self.phase is not Phase.OFFERED:
            return []
        ready: dict[str, Json] = {"from_device": self._ours.device_id, "methods": [SAS]}
        return [self._send(messages.READY, ready), *self._start(now)]

    def confirm(self, now: float) -> list[Action]:
        """Say that both sides see the same."""
        if self.phase is not Phase.COMPARING or self._exchange is None:
            return []
        self._enter(Phase.CONFIRMED, Waiting(confirmed=True), now)
        actions: list[Action] = [self._send(messages.MAC, self._exchange.our_mac())]
        return actions if self._master_proven is None else [*actions, *self._finish()]

    def cancel(self, code: CancelCode, reason: str) -> list[Action]:
        """End it from our side."""
        if self.ended:
            return []
        devices = (self.theirs.device_id,) if self.theirs else self._asked
        self._end_with(Cancelled(code, reason, by_them=False))
        content = self.address.bind({"code": code.value, "reason": reason})
        return [Send(messages.CANCEL, content, devices)]

    def dismiss(self) -> list[Action]:
        """End it silently: another device of ours has answered what they asked."""
        if self.phase is Phase.OFFERED:
            reason = "It was answered on another of your devices."
            self._end_with(Cancelled(CancelCode.ACCEPTED, reason, by_them=False))
        return []

    def signed(self, *, published: bool) -> None:
        """Note that what was proven has been signed: the last step."""
        self.step = Done(published)

    def tick(self, now: float) -> list[Action]:
        """Do what the clock asks for."""
        if self.ended:
            return []
        if now >= min(self._end, self._step_end):
            return self.cancel(CancelCode.TIMEOUT, "It took too long.")
        if self._start_at is not None and now >= self._start_at:
            return self._start(now)
        return []

    def receive(self, type: str, content: Content, now: float) -> list[Action]:
        """Take in a message of theirs, whatever it holds."""
        if self.ended:
            return []
        if now >= min(self._end, self._step_end):
            return self.cancel(CancelCode.TIMEOUT, "It took too long.")
        try:
            return self._take(read_message(type, content), content, now)
        except Abort as abort:
            return self.cancel(abort.code, abort.reason)

    def _take(self, message: messages.Message, content: Content, now: float) -> list[Action]:
        match message, self.phase:
            case Cancel(), _:
                return self._cancelled(message)
            case Ready(), Phase.ASKED:
                return self._take_ready(message, now)
            case Start(), Phase.READY | Phase.STARTED:
                return self._take_start(message, content, now)
            case Accept(), Phase.STARTED if self._exchange:
                key = self._exchange.take_accept(message)
                self._enter(Phase.KEY_SENT, Waiting(), now)
                return [self._send(messages.KEY, key)]
            case Key(), Phase.ACCEPTED | Phase.KEY_SENT if self._exchange:
                compare = self._exchange.take_key(message)
                we_started = self.phase is Phase.KEY_SENT
                self._enter(Phase.COMPARING, compare, now)
                return [] if we_started else [self._send(messages.KEY, self._exchange.our_key())]
            case Mac(), Phase.COMPARING | Phase.CONFIRMED if self._exchange and self._master_proven is None:
                self._master_proven = self._exchange.check_mac(message)
                return self._finish() if self.phase is Phase.CONFIRMED else []
            case Finished(), Phase.COMPARING if self._master_proven is not None:
                return []
        raise Abort(CancelCode.UNEXPECTED_MESSAGE, "They sent a message that was not due.")

    def _take_ready(self, ready: Ready, now: float) -> list[Action]:
        actions: list[Action] = []
        others = tuple(device for device in self._asked if device != ready.from_device)
        if others and not isinstance(self.address, RoomAddress):
            told: dict[str, Json] = {
                "code": CancelCode.ACCEPTED.value,
                "reason": "It was accepted on another device.",
            }
            actions.append(Send(messages.CANCEL, self.address.bind(told), others))
        if not isinstance(self.address, RoomAddress) and ready.from_device not in self._asked:
            raise Abort(CancelCode.UNEXPECTED_MESSAGE, "A device answered that was not asked.")
        self._pin(ready.from_device)
        if SAS not in ready.methods:
            raise Abort(CancelCode.UNKNOWN_METHOD, "They know no way to compare that is known here.")
        self._enter(Phase.READY, Waiting(), now)
        self._start_at = now + START_OURSELVES
        return actions

    def _start(self, now: float) -> list[Action]:
        if self.theirs is None:
            return []
        content = self.address.bind(start_offer(self._ours))
        self._exchange = SasExchange(
            self._ours, self.theirs, self.address.transaction_id, content, we_started=True
        )
        self._enter(Phase.STARTED, Waiting(), now)
        return [Send(messages.START, content, (self.theirs.device_id,))]

    def _take_start(self, start: Start, content: Content, now: float) -> list[Action]:
        theirs = self.theirs
        if theirs is None or start.from_device != theirs.device_id:
            raise Abort(CancelCode.UNEXPECTED_MESSAGE, "Another device of theirs came in between.")
        at_once = self.phase is Phase.STARTED
        if start.method != SAS:
            code = CancelCode.UNEXPECTED_MESSAGE if at_once else CancelCode.UNKNOWN_METHOD
            raise Abort(code, "They began in a way that is not known here.")
        if at_once and self._ours.order < theirs.order:
            return []  # both have started: the smaller id's start counts, which is ours
        self._exchange = SasExchange(
            self._ours, theirs, self.address.transaction_id, content, we_started=False
        )
        accept = self._exchange.accept(start)
        self._enter(Phase.ACCEPTED, Waiting(), now)
        return [self._send(messages.ACCEPT, accept)]

    def _finish(self) -> list[Action]:
        """Their proof holds and we have confirmed: it is done. The step follows when the keys are signed."""
        if self.theirs is None:
            return []
        self.phase = Phase.PROVEN
        return [self._send(messages.DONE, {}), Trust(self.theirs, self._master_proven is True)]

    def _cancelled(self, cancel: Cancel) -> list[Action]:
        others: list[Action] = []
        if self.phase is Phase.ASKED and len(self._asked) > 1:
            # Who declined is not said in a to-device cancel: all of them put the question away.
            told: dict[str, Json] = {"code": CancelCode.USER.value, "reason": "It was declined."}
            others.append(Send(messages.CANCEL, self.address.bind(told), self._asked))
        self._end_with(Cancelled(cancel.code, _THEIR_REASONS.get(cancel.code, _ENDED), by_them=True))
        return others

    def _pin(self, device_id: str) -> None:
        theirs = self._lookup(device_id)
        if theirs is None:
            raise Abort(CancelCode.KEY_MISMATCH, "Their device has no keys that could be compared.")
        if theirs.is_ambiguous or self._ours.is_ambiguous:
            raise Abort(CancelCode.KEY_MISMATCH, "A device calls itself like a key.")
        if (theirs.user_id, theirs.device_id) == (self._ours.user_id, self._ours.device_id):
            raise Abort(CancelCode.USER_MISMATCH, "A device cannot verify itself.")
        self.theirs = theirs

    def _enter(self, phase: Phase, step: Step, now: float) -> None:
        self.phase, self.step = phase, step
        self._step_end = now + BETWEEN_STEPS
        self._start_at = None

    def _end_with(self, step: Cancelled) -> None:
        self.phase, self.step = Phase.CANCELLED, step
        self._exchange = self._start_at = None

    def _send(self, type: str, content: Content) -> Send:
        devices = (self.theirs.device_id,) if self.theirs else ()
        return Send(type, self.address.bind(content), devices)


_ENDED = "The other side has ended it."
_THEIR_REASONS = {
    CancelCode.USER.value: "The other side has declined, or ended it.",
    CancelCode.TIMEOUT.value: "The other side has waited too long.",
    CancelCode.ACCEPTED.value: "It was answered on another device.",
    CancelCode.MISMATCHED_SAS.value: "The other side sees other emoji: somebody may be in between.",
    CancelCode.KEY_MISMATCH.value: "The other side was shown other keys: somebody may be in between.",
    CancelCode.MISMATCHED_COMMITMENT.value: "The other side got another key: somebody may be in between.",
    CancelCode.UNKNOWN_METHOD.value: "The other side knows no way to compare that is known here.",
}
