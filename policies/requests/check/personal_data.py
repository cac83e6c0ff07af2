"""What must not stand where others can read it: a person, an account, a case, a State.

Of these, two are data: situation and case numbers have one form, and the names of the States Parties are the
policy's own list. The rest are heuristics over the text, and a clean result proves nothing: an IBAN is known
by its shape, the number of an identity document by one or two letters and six to nine digits, an address or a
telephone number by its punctuation, and two capitalised words in a row might be a person's name, or the
Ministry of Justice. What is surely harmful is an error, what might be harmless is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.network.titles import Title
from policies.requests.check.finding import Found
from policies.requests.check.iban import compact, is_iban
from policies.requests.check.reasons import Reasons, clipped, say
from policies.requests.check.states import state_names
from policies.requests.templates.basis import NETWORK_DEFAULT
from policies.requests.templates.kinds import Severity

_ACCOUNT = re.compile(r"\b[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{2,4}){3,9}\b")
_LONG_NUMBER = re.compile(r"\b[0-9](?:[ -]?[0-9]){11,}\b")
_DOCUMENT = re.compile(r"\b[A-Z]{1,2}[0-9]{6,9}\b")
_CASE = re.compile(r"\bICC-[0-9]{2}/[0-9]{2}\S*")
_MAIL_OR_ACCOUNT = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|@[\w.=/+-]+:[\w.-]+")
_TELEPHONE = re.compile(r"\+[0-9](?:[ ().-]?[0-9]){7,}")
_NAME_PAIR = re.compile(
    r"\b(?!The |In |If |Does |Is |Are |Who |What |Which |How |Le |La |Les )[A-ZÀ-Þ][\w'-]+ [A-ZÀ-Þ][\w'-]+"
)


def personal_data_in(text: str, label: Title, reasons: Reasons) -> Iterator[tuple[Severity, Title]]:
    """Yield what a text seems to tell of a person, an account or a case, and how sure that is."""
    for value in _matches(_ACCOUNT, text):
        sure = is_iban(compact(value)) or len(compact(value)) >= 15
        if sure:
            yield Severity.ERROR, say(reasons.account_number, label=label, value=value)
    for pattern, sentence in (
        (_LONG_NUMBER, reasons.account_number),
        (_DOCUMENT, reasons.document_number),
        (_CASE, reasons.case_number),
        (_MAIL_OR_ACCOUNT, reasons.contact_detail),
        (_TELEPHONE, reasons.contact_detail),
    ):
        for value in _matches(pattern, text):
            yield Severity.ERROR, say(sentence, label=label, value=value)
    for value in _matches(_NAME_PAIR, text):
        yield Severity.WARNING, say(reasons.person_name, label=label, value=value)


def check_public_text(text: str, label: Title, reasons: Reasons) -> Iterator[Found]:
    """Yield what a room's name, its topic or a notice must not say: all this, and the name of a State.

    Names and topics are not encrypted, and notices stand in rooms of many States (article 87(3)).
    """
    for severity, reason in personal_data_in(text, label, reasons):
        yield Found(field=label.en, reason=reason, basis=NETWORK_DEFAULT, severity=severity)
    for name in sorted(state_names()):
        if re.search(rf"\b{re.escape(name)}\b", text):
            reason = say(reasons.state_name, label=label, value=name)
            yield Found(field=label.en, reason=reason, basis=Title(en="87(3)", fr="87(3)"))


def _matches(pattern: re.Pattern[str], text: str) -> list[str]:
    return [clipped(match[0]) for match in pattern.finditer(text)]
