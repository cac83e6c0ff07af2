"""What must not be, across fields: each rule of the facts is found where it is broken, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from policies.requests.check.draft_check import check_draft
from tests.policies.requests.facts import BY_NAME, EXAMPLES, FACTS, IDS, NETWORK, Example

BROKEN: dict[str, Example] = {
    "C-ADV-URGENT": BY_NAME["T10"].having(nature="ADVANCE"),
    "C-ADV-OTHER": BY_NAME["T15"].having(nature="ADVANCE", urgency="URGENT"),
    "C-INFORMAL": BY_NAME["T10"].having(nature="INFORMAL"),
    "C-T17-NATURE": BY_NAME["T17"].having(nature="FORMAL_REFERENCE"),
    "C-CHANNEL": BY_NAME["T10"].having(channel="NONE_INFORMAL"),
    "C-CHANNEL-T02": BY_NAME["T02"].having(channel="NONE_INFORMAL"),
    "C-INTERPOL": BY_NAME["T10"].having(channel="INTERPOL"),
    "C-NONPARTY": BY_NAME["T10"].having(requested_state="USA", state_basis="STATE_PARTY"),
    "C-WITHDRAWN": BY_NAME["T10"].having(requested_state="BDI", state_basis="STATE_PARTY"),
    "C-127": BY_NAME["T10_former"].having(proceedings_commenced_on="2018-01-01"),
    "C-STATUS-WARN": BY_NAME["T10"].having(requested_state="HUN"),
    "C-IGO-TEMPLATE": BY_NAME["T07"].having(addressee_type="IGO"),
    "C-IGO-BASIS": BY_NAME["T10"].having(addressee_type="IGO"),
    "C-ORIGIN": BY_NAME["T10"].having(originator="STATE"),
    "C-DEFENCE": BY_NAME["T10"].having(originator="CHAMBER_FOR_DEFENCE"),
    "C-SEALED-T17": BY_NAME["T17"].having(confidentiality="SECRET"),
    "C-EX-PARTE-STATE": BY_NAME["T10"].having(ex_parte=["OTP"]),
    "T01-SEAL": BY_NAME["T01"].having(confidentiality="CONFIDENTIAL"),
    "T01-B-A": BY_NAME["T01_convicted"].having(warrant_exists=False),
    "T01-OTP": BY_NAME["T01"].having(originator="OTP"),
    "T02-OTP": BY_NAME["T02"].having(originator="OTP"),
    "T02-URGENT": BY_NAME["T02"].having(urgency="ROUTINE"),
    "T04-E-BASIS": BY_NAME["T04"].having(legal_basis=["ART_93_1_b"]),
    "T04-ASSURANCE": BY_NAME["T04"].having(capacity="VICTIM"),
    "T04-99-4-OTP": BY_NAME["T04_direct"].having(originator="CHAMBER"),
    "T04-99-4-COMPULSION": BY_NAME["T04_direct"].having(mode="TESTIMONY_UNDER_OATH"),
    "T06-PERSONAL": BY_NAME["T06"].having(service_mode="THROUGH_AUTHORITY"),
    "T07-193": BY_NAME["T07"].having(sentenced_by_court=True),
    "T08-99-4-OTP": BY_NAME["T08_direct"].having(originator="CHAMBER"),
    "T08-99-4": BY_NAME["T08_direct"].having(modification=True),
    "T08-MOD": BY_NAME["T08"].having(modification=False),
    "T10-LEAD": BY_NAME["T10"].having(originator="CHAMBER"),
    "T11-LOCAL": BY_NAME["T11"].having(measure="LOCAL_PROTECTION"),
    "T11-RELOC": BY_NAME["T11"].having(obligation="BINDING_93_1_j"),
    "T11-OPEN": BY_NAME["T11"].having(confidentiality="CONFIDENTIAL"),
    "T12-94-2-OTP": BY_NAME["T12"].having(originator="CHAMBER"),
    "T13-57-3-E": BY_NAME["T13"].having(stage="INVESTIGATION"),
    "T13-EARLY": BY_NAME["T13"].having(stage="INVESTIGATION", legal_basis=["ART_93_1_k"]),
    "T13-PTC": BY_NAME["T13"].having(originator="OTP"),
    "T13-EVIDENCE": BY_NAME["T13"].having(purpose_tag="EVIDENCE"),
    "T13-LEGALAID": BY_NAME["T13"].having(purpose_tag="LEGAL_AID_INDIGENCE"),
    "T13-109": BY_NAME["T13"].having(stage="ENFORCEMENT_109"),
    "T15-PRES": BY_NAME["T15"].having(originator="REGISTRY"),
    "T15-CONTRIB": BY_NAME["T15"].having(order_type="ORDER_OF_CONTRIBUTION"),
    "T15-REP-BASIS": BY_NAME["T15_reparations"].having(legal_basis=["ART_109"]),
    "T15-VICTIMS": BY_NAME["T15_reparations"].having(confidentiality="PUBLIC"),
    "T16-DESIG": BY_NAME["T16"].having(agreement_type="WITNESS_RELOCATION"),
    "T16-LIST": BY_NAME["T16_release"].having(form="LIST_103_1"),
    "T16-NOTLIST": Example("T16", BY_NAME["T16"].draft, {"card.on_list_103_1": False}),
    "T16-SEAL": BY_NAME["T16"].having(confidentiality="CONFIDENTIAL"),
    "T16-PRES": BY_NAME["T16"].having(originator="REGISTRY"),
    "T18-STATE": BY_NAME["T18"].having(originator="OTP"),
    "X1-CONVERT": BY_NAME["X1"].having(instruction="CONVERT_TO_ENFORCEMENT"),
    "X1-MAINTAIN": BY_NAME["X1"].having(event="ACQUITTAL", instruction="MAINTAIN"),
    "X2-AIR": BY_NAME["X2"].having(mode="AIR_NO_LANDING_SCHEDULED"),
    "X2-OTHER": BY_NAME["X2"].having(surrendering_state="SEN"),
    "X2-ADV": BY_NAME["X2_sentenced"].having(nature="ADVANCE"),
}
"""A rule → a request that breaks it."""

RULES: dict[str, dict[str, Any]] = {
    rule["id"]: rule
    for rule in [*FACTS["common_rules"], *(rule for template in IDS for rule in FACTS[template]["rules"])]
}
LEGAL_BASES = [example for example in EXAMPLES if FACTS[example.id]["legal_basis_any"]]


def basis(rule: dict[str, Any]) -> str:
    return NETWORK if rule["basis_kind"] == "NETWORK" else str(rule["basis"])


def test_every_rule_is_broken_below() -> None:
    """Each rule of the facts has a request that breaks it."""
    ours = {rule for rule in RULES if not rule.endswith("-BASIS") or rule in BROKEN}
    assert ours == set(BROKEN)


@pytest.mark.parametrize("rule_id", BROKEN)
def test_a_broken_rule_is_found(rule_id: str) -> None:
    """Who breaks a rule is told so at the rule's field, with its basis and severity; who keeps it is not."""
    rule, example = RULES[rule_id], BROKEN[rule_id]
    whole = next(each for each in EXAMPLES if each.name == example.name)
    broken = check_draft(example.draft, example.context)
    found = broken.errors if rule["severity"] == "error" else broken.warnings
    before = {
        *check_draft(whole.draft, whole.context).errors,
        *check_draft(whole.draft, whole.context).warnings,
    }
    new = [(each.field, each.basis) for each in found if each not in before]
    assert (rule["field"], basis(rule)) in new


@pytest.mark.parametrize("example", LEGAL_BASES, ids=lambda example: example.name)
def test_the_templates_own_provision_must_be_among_the_legal_bases(example: Example) -> None:
    """Other legal bases alone do not carry a request of a template."""
    other = example.having(legal_basis=["ART_12_3"])
    found = [each for each in check_draft(other.draft, other.context).errors if each.field == "legal_basis"]
    rule = RULES[f"{example.id}-BASIS"]
    assert basis(rule) in [each.basis for each in found]
    assert any(FACTS[example.id]["legal_basis_any"][0] in each.reason for each in found)
