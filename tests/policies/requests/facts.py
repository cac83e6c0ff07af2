"""What the law asks, as a table that was copied before the templates were written, and a naive reading of it.

`facts.json` has for each template its fields (required, when, basis ...), rules and
outcomes, and the answers. Expectations come from there, never from the TOML that is being tested.
"""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from policies.requests.check.context import Context
from policies.requests.draft import Draft, read_draft

HERE = Path(__file__).parent
FACTS: dict[str, Any] = json.loads((HERE / "facts.json").read_text())
COMMON: list[dict[str, Any]] = FACTS["common"]
CATALOGUE: dict[str, Any] = FACTS["catalogue"]
IDS = tuple(key for key in FACTS if key[0] in "TX")
TODAY = datetime.date(2026, 11, 23)
NETWORK = "network default"

CARD = {
    "card.extra_requirements_for_template": True,
    "card.surrender_requirements": True,
    "card.search_requires_judicial_grounds": True,
    "card.on_list_103_1": True,
}
"""A country card that asks for all that it can."""

LANGUAGE_REFUSED = {"T10_outside", "T18"}
"""Examples in a language that the addressee does not accept."""


@dataclass(frozen=True)
class Example:
    """A complete request, and what is known around it."""

    name: str
    draft: Draft
    known: dict[str, object] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.draft.template.partition("@")[0]

    @property
    def values(self) -> dict[str, object]:
        return self.draft.common | self.draft.fields

    @property
    def context(self) -> Context:
        return Context(today=TODAY, facts=self.known)

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The facts of all its fields, common ones first."""
        return [*COMMON, *FACTS[self.id]["fields"]]

    def without(self, name: str) -> Example:
        return replace(
            self,
            draft=Draft(
                template=self.draft.template,
                common={key: value for key, value in self.draft.common.items() if key != name},
                fields={key: value for key, value in self.draft.fields.items() if key != name},
            ),
        )

    def having(self, **values: object) -> Example:
        common_names = {each["name"] for each in COMMON}
        common = {key: value for key, value in values.items() if key in common_names}
        fields = {key: value for key, value in values.items() if key not in common_names}
        draft = Draft(
            template=self.draft.template,
            common=self.draft.common | common,
            fields=self.draft.fields | fields,
        )
        return replace(self, draft=draft)

    def scope(self) -> Naive:
        status = {"BDI": "WITHDRAWN", "USA": "NON_PARTY", "HUN": "UNCERTAIN"}
        state = self.values.get("requested_state")
        facts: dict[str, object] = dict(self.known)
        if isinstance(state, str) and not state.startswith("IGO-"):
            facts["state_status"] = status.get(state, "PARTY")
        return Naive(self.id, self.values, facts)


@dataclass(frozen=True)
class Naive:
    """A scope, and the plainest reading of a condition that one can write."""

    template: str
    values: dict[str, object]
    facts: dict[str, object] = field(default_factory=dict)
    outcome: str | None = None
    prior: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()

    def value(self, name: str) -> Any:
        here: Any = self.values
        for part in name.split("."):
            here = here.get(part) if isinstance(here, dict) else None
        return None if here in ("", [], {}) else here

    def true(self, node: dict[str, Any]) -> bool:
        if "all" in node:
            return False not in [self.true(each) for each in node["all"]]
        if "any" in node:
            return True in [self.true(each) for each in node["any"]]
        if "not" in node:
            return not self.true(node["not"])
        if "field" in node:
            return self.compare(node, self.value(node["field"]))
        if "context" in node:
            if self.facts.get(node["context"]) is None:
                return bool(node.get("if_unknown", False))
            return self.compare(node, self.facts[node["context"]])
        if "present" in node:
            return self.value(node["present"]) is not None
        if "absent" in node:
            return self.value(node["absent"]) is None
        if "template" in node:
            return self.template in node["template"]
        if "outcome" in node:
            return self.outcome in node["outcome"]
        if "prior_outcome" in node:
            return any(code in node["prior_outcome"] for code in self.prior)
        if "clock_expired" in node:
            return node["clock_expired"] in self.expired
        if "before" in node:
            first, second = (str(self.value(name) or "") for name in node["before"])
            return first != "" and second != "" and first[:10] < second[:10]
        (first, second) = (self.value(name) for name in node["same"])
        return first is not None and first == second

    @staticmethod
    def compare(node: dict[str, Any], value: Any) -> bool:
        def same(one: Any, other: Any) -> bool:
            return json.dumps(one) == json.dumps(other)

        if value is None:
            return False
        if "is" in node:
            return same(value, node["is"])
        if "in" in node:
            return any(same(value, each) for each in node["in"])
        items = value if isinstance(value, list) else [value]
        wanted = [node["has"]] if "has" in node else node["has_any"]
        return any(same(item, each) for item in items for each in wanted)


def demanded(example: Example, fact: dict[str, Any]) -> bool:
    """Whether the law, as the facts have it, asks the drafter for a field in this request."""
    if fact.get("side", "request") != "request" or fact["name"] == "template":
        return False
    return fact["required"] == "required" or ("when" in fact and example.scope().true(fact["when"]))


def basis_of(example: Example, fact: dict[str, Any]) -> str:
    """The article of a field in this request, or that it is the network's own."""
    if fact["name"] == "legal_basis" and example.id not in ASKED_BY_96_2:
        return NETWORK  # article 96(2) speaks of the other forms of assistance only
    for each in fact.get("basis_by", ()):
        if example.scope().true(each["when"]):
            return str(each["basis"])
    return NETWORK if fact["basis_kind"] == "NETWORK" else str(fact["basis"])


ASKED_BY_96_2 = {f"T{number:02}" for number in range(3, 15)} | {"T18"}


def _examples() -> tuple[Example, ...]:
    found = []
    for file in sorted((HERE / "examples").glob("*.toml")):
        known: dict[str, object] = dict(CARD)
        if file.stem in LANGUAGE_REFUSED:
            known["language_accepted_by_addressee"] = False
        found.append(Example(file.stem, read_draft(file.read_text()), known))
    return tuple(found)


EXAMPLES = _examples()
BY_NAME = {example.name: example for example in EXAMPLES}
