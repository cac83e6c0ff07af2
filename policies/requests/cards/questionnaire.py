"""A State's answer to the questionnaire (T19) becomes its card: what it says of itself, and only that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import msgspec

from policies.network.errors import nearest
from policies.requests.cards.card import CountryCard
from policies.requests.cards.statement import (
    Agreement,
    Audience,
    Channels,
    Confidence,
    Contribution,
    Languages,
    Nexus,
    Requirements,
    Text,
    YesOrNo,
)
from policies.requests.check.states import iso_codes
from policies.requests.errors import CardAnswerRefused
from policies.requests.templates.evaluate import is_present

NOTICE = timedelta(days=45)
"""After its receipt a change of channel or language takes effect, absent another agreement (rule 180(2))."""

LIST_103_1 = "LIST_103_1"
"""In `D_agreements`, beside the kinds of agreements: the State is on the list of article 103(1)."""

_ANSWERS = frozenset({"COMPLETED", "PARTIALLY_COMPLETED"})
_LONGEST = 4000


class StateAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer whose signature has been verified.

    `state` is the attested State of who signed it, `requested_state` the one that the request `request_id`,
    made with `template` (T19@1.0), asked. `details` are those of the template's fields. `effective_on` is the
    day that Court and State have agreed for a change of channel or language, if they have.
    """

    request_id: str
    template: str
    requested_state: str
    state: str
    outcome: str
    details: Mapping[str, object]
    received_on: date
    effective_on: date | None = None


def updated_card(card: CountryCard, answer: StateAnswer) -> CountryCard:
    """Return the card with what the State has said of itself; an answer that says nothing leaves it as it is.

    Each statement that is answered takes the place of the earlier one, with the answer as its source. A
    change of channel or language is put beside the earlier one, and holds from the agreed day or 45 days
    after its receipt (rule 180(2)). Raises CardAnswerRefused when the answer is another State's, or none to
    the questionnaire, or when a detail cannot be read: nothing is then changed.
    """
    if answer.template.partition("@")[0] != "T19":
        raise _refused(f"it answers {answer.template}", "Only the questionnaire T19 feeds the cards.")
    if not card.state == answer.state == answer.requested_state:
        raise _refused(
            f"it was given by {answer.state} to a request to {answer.requested_state}",
            f"Of {card.state} only {card.state} says how it cooperates.",
        )
    if answer.outcome not in _ANSWERS:
        return card
    return msgspec.structs.replace(card, **_Reading(card=card, answer=answer).statements())


class _Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in one answer, as statements."""

    card: CountryCard
    answer: StateAnswer

    def statements(self) -> dict[str, object]:
        """Return the statements that the answer makes, by their keys on the card."""
        made: dict[str, object] = {}
        for detail, key, kind in (
            ("C_nexus_required", "nexus_required", Nexus),
            ("C_order_of_contribution", "order_of_contribution", Contribution),
            ("A_internal_routing", "internal_routing", Text),
            ("C_freezing_procedure", "freezing_procedure", Text),
        ):
            if self._given(detail):
                made[key] = self._read(detail, kind, self.answer.details[detail])
        if self._given("A_implementing_law"):
            law = self.answer.details["A_implementing_law"]
            words = "; ".join(f"{key}: {value}" for key, value in self._object(law, "A_implementing_law"))
            made["implementing_law"] = self._read("A_implementing_law", Text, words)
        return made | self._transmission() | self._requirements() | self._agreements()

    def _transmission(self) -> dict[str, object]:
        made: dict[str, object] = {}
        if self._given("A_channel"):
            value = [self.answer.details["A_channel"]]
            made["channel"] = self._change("A_channel", Channels, self.card.channel, value)
        if self._given("A_language"):
            languages = self._list("A_language")
            for language in languages:
                if language not in iso_codes().languages:
                    remedy = nearest(str(language)[:40], iso_codes().languages)
                    raise _detail("A_language", f"{str(language)[:40]!r} is no language, ISO 639-1.", remedy)
            made["language"] = self._change("A_language", Languages, self.card.language, languages)
        return made

    def _change(
        self, detail: str, kind: type[Any], before: tuple[Any, ...], value: object
    ) -> tuple[Any, ...]:
        """Return what was stated before, and this; what only confirms the last changes no day."""
        stated = self._read(detail, kind, value)
        if (
            before
            and before[-1].value == stated.value
            and not getattr(before[-1], "with_translation_into", ())
        ):
            kept = msgspec.structs.replace(
                stated,
                effective_from=before[-1].effective_from,
                **({"authority": before[-1].authority} if kind is Channels else {}),
            )
            return (*before[:-1], kept)
        day = self.answer.effective_on or self.answer.received_on + NOTICE
        return (*before, msgspec.structs.replace(stated, effective_from=day))

    def _requirements(self) -> dict[str, object]:
        if not self._given("A_extra_requirements"):
            return {}
        detail, asked = "A_extra_requirements", dict[str, object]()
        made: dict[str, object] = {}
        for row in self._list(detail):
            cells = dict(self._object(row, detail))
            template, requirement = cells.get("template"), cells.get("requirement")
            if not isinstance(template, str) or not isinstance(requirement, str) or template in asked:
                raise _detail(detail, "Each row is { template, requirement }, one for each template.")
            asked[template] = requirement
            if template == "T09" and "judicial_grounds" in cells:
                made["search_requires_judicial_grounds"] = self._read(
                    detail, YesOrNo, cells["judicial_grounds"]
                )
        complete = self.answer.outcome == "COMPLETED"
        made["extra_requirements"] = self._read(detail, Requirements, asked, complete=complete)
        return made

    def _agreements(self) -> dict[str, object]:
        if not self._given("D_agreements"):
            return {}
        detail = "D_agreements"
        kinds = [dict(self._object(row, detail)).get("kind") for row in self._list(detail)]
        made: dict[str, object] = {
            "agreements": tuple(self._read(detail, Agreement, kind) for kind in kinds if kind != LIST_103_1)
        }
        if LIST_103_1 in kinds:
            made["on_list_103_1"] = self._read(detail, YesOrNo, True)
        return made

    def _given(self, detail: str) -> bool:
        return is_present(self.answer.details.get(detail))

    def _list(self, detail: str) -> list[object]:
        value = self.answer.details[detail]
        if not isinstance(value, list):
            raise _detail(detail, "It must be a list.")
        return value

    def _object(self, value: object, detail: str) -> list[tuple[str, object]]:
        if not isinstance(value, Mapping):
            raise _detail(detail, "It must be of keys and values.")
        return [(str(key), item) for key, item in value.items()]

    def _read(self, detail: str, kind: type[Any], value: object, **more: object) -> Any:
        """Return the statement of a `kind` that the State makes. Raises CardAnswerRefused."""
        texts = value.values() if isinstance(value, dict) else [value]
        for text in texts:
            if isinstance(text, str) and (len(text) > _LONGEST or not _is_printable(text)):
                raise _detail(detail, f"A text has control characters, or more than {_LONGEST} characters.")
        made = {
            "value": value,
            "source": f"{self.answer.state}, in answer to {self.answer.request_id}",
            "date": self.answer.received_on.isoformat(),
            "confidence": Confidence.HIGH,
            "shown_to": self.answer.details.get("publish_to") or Audience.COURT_ONLY,
        }
        try:
            return msgspec.convert(made | more, kind)
        except msgspec.ValidationError as error:
            raise _detail(detail, f"{error}.") from None


def _is_printable(text: str) -> bool:
    return all(character.isprintable() or character == "\n" for character in text)


def _detail(detail: str, why: str, remedy: str = "Ask the State to correct it.") -> CardAnswerRefused:
    return CardAnswerRefused(f"The answer's {detail} cannot go on a card.", why=why, remedy=remedy)


def _refused(because: str, why: str) -> CardAnswerRefused:
    return CardAnswerRefused(
        f"The answer changes no card: {because}.", why=why, remedy="Take the answer of the State itself."
    )
