"""The text that people read, of a request whose language is French."""

from __future__ import annotations

import msgspec

from policies.requests.body import readable_body
from policies.requests.case.answer import ANSWER_KEY, SignedAnswer
from policies.requests.case.body import readable_answer, readable_step
from policies.requests.case.compose import compose_answer, compose_step
from policies.requests.case.step import EVENT_KEY, CourtStep, StepCode
from policies.requests.wire import compose_request
from policies.trust.signing import SigningKey
from tests.policies.requests.test_body import REQUEST
from tests.policies.trust.networks import FOCAL_POINT, NOW, OTP

FRENCH = msgspec.structs.replace(REQUEST, common={**REQUEST.common, "language": "fr"})
CONTENT = compose_request(
    id=FRENCH.id,
    template=FRENCH.template,
    room_id=FRENCH.room_id,
    issued_at=NOW,
    common=FRENCH.common,
    fields=FRENCH.fields,
    key=OTP,
    organ="OTP",
)
DETAILS = {"sub_code": "OTHER", "question": "Laquelle ?", "proposed_solution": "La nommer."}


def test_a_request_in_french() -> None:
    """Head, labels, codes and what is empty are in French, and nothing of the English frame is left."""
    body = readable_body(msgspec.structs.replace(FRENCH, fields={**FRENCH.fields, "prior_notice": ""}))
    assert body.startswith(
        "DEMANDE DE LA COUR PÉNALE INTERNATIONALE ROG-2026-7KQ4XM\nModèle\u00a0: T13@1.0 Identification, "
        "localisation"
    )
    for said in (
        "Bureau du Procureur (OTP)",
        "LA DEMANDE",
        "PRÉCISIONS",
        "non indiqué",
        "ne vaut que dans ce salon",
    ):
        assert said in body
    for word in ("REQUEST", "PARTICULARS", "Issued", "not given", "yes", "The signature"):
        assert word not in body
    assert readable_body(REQUEST).startswith("REQUEST OF")


def test_another_language_is_told_in_english() -> None:
    """The Court's working languages are two: a request in Spanish has its frame in English."""
    spanish = msgspec.structs.replace(REQUEST, common={**REQUEST.common, "language": "es"})
    assert readable_body(spanish).startswith("REQUEST OF THE INTERNATIONAL CRIMINAL COURT")


def test_an_answer_in_french() -> None:
    """The answer to a French request has outcome, labels and frame in French: that text is signed."""
    key = SigningKey.generate("answer")
    content = compose_answer(
        request=CONTENT, outcome="CONSULT_97", details=DETAILS, answered_at=NOW, answerer=FOCAL_POINT, key=key
    )
    answer = msgspec.convert(content[ANSWER_KEY], SignedAnswer)
    body = str(content["body"])
    assert body == readable_answer(answer, FRENCH)
    assert body.startswith("RÉPONSE À LA DEMANDE ROG-2026-7KQ4XM\nIssue\u00a0: ")
    for said in ("DÉTAILS", "PIÈCES JOINTES\nnéant", "Prochaine échéance\u00a0: non indiqué"):
        assert said in body
    for word in ("ANSWER", "Outcome", "none", "not given", "The signature"):
        assert word not in body


def test_every_step_in_french() -> None:
    """Each step of the Court has its French sentence, not the English one, with its code beside it."""
    content = compose_step(
        request=CONTENT, step=StepCode.WITHDRAWN_BY_COURT, occurred_at=NOW, key=OTP, details={"reason": "Fin"}
    )
    taken = msgspec.convert(content[EVENT_KEY], CourtStep)
    assert str(content["body"]) == readable_step(taken, FRENCH)
    for code in StepCode:
        step = msgspec.structs.replace(taken, step=code)
        french, english = (readable_step(step, each).splitlines() for each in (FRENCH, REQUEST))
        assert french[0] == "ACTE DE LA COUR PÉNALE INTERNATIONALE SUR LA DEMANDE ROG-2026-7KQ4XM"
        assert french[1].endswith(f"({code})")
        assert french[1] != english[1]
