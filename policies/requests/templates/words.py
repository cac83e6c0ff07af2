"""A condition in words, under the names and codes that a drafter sees in the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from policies.network.titles import Title
from policies.requests.templates.condition import Condition, Scalar

_AND, _OR = Title(en=" and ", fr=" et "), Title(en=" or ", fr=" ou ")
_IS, _CONTAINS = (
    Title(en="{0} is {1}", fr="{0} vaut {1}"),
    Title(en="{0} contains {1}", fr="{0} contient {1}"),
)
_GIVEN, _NOT_GIVEN = (
    Title(en="{0} is given", fr="{0} est indiqué"),
    Title(en="{0} is not given", fr="{0} n'est pas indiqué"),
)
_NOT = Title(en="not ({0})", fr="sauf si ({0})")
_FACT = Title(en="{0}: {1}", fr="{0} : {1}")
_BEFORE = Title(en="{0} is before {1}", fr="{0} précède {1}")
_SAME = Title(en="{0} equals {1}", fr="{0} égale {1}")
_ANSWER = Title(en="the answer is {0}", fr="la réponse est {0}")
_EARLIER = Title(en="an earlier answer was {0}", fr="une réponse antérieure était {0}")
_EXPIRED = Title(en="the time limit {0} has run out", fr="le délai {0} est écoulé")
_EVER, _NEVER = Title(en="always", fr="toujours"), Title(en="never", fr="jamais")


def in_words(condition: Condition, facts: Mapping[str, Title]) -> Title:
    """Return a condition in words. `facts` are what it may ask about outside the request, each in words."""
    return Title(en=_said(condition, facts, "en"), fr=_said(condition, facts, "fr"))


def _said(node: Condition, facts: Mapping[str, Title], language: str) -> str:
    def fill(sentence: Title, *parts: str) -> str:
        return sentence.said(language).format(*parts)

    if node.all is not None:
        return _joined(node.all, facts, language, _AND) or _EVER.said(language)
    if node.any is not None:
        return _joined(node.any, facts, language, _OR) or _NEVER.said(language)
    if node.not_ is not None:
        return fill(_NOT, _said(node.not_, facts, language))
    if node.context is not None:
        return fill(_FACT, facts[node.context].said(language), _values(node, language))
    if node.field is not None:
        contains = node.has is not None or node.has_any is not None
        return fill(_CONTAINS if contains else _IS, node.field, _values(node, language))
    if node.present is not None:
        return fill(_GIVEN, node.present)
    if node.absent is not None:
        return fill(_NOT_GIVEN, node.absent)
    if node.before is not None:
        return fill(_BEFORE, *node.before)
    if node.same is not None:
        return fill(_SAME, *node.same)
    for sentence, codes in ((_ANSWER, node.outcome), (_EARLIER, node.prior_outcome)):
        if codes is not None:
            return fill(sentence, _OR.said(language).join(codes))
    if node.clock_expired is not None:
        return fill(_EXPIRED, node.clock_expired)
    return _OR.said(language).join(node.template or ())


def _joined(parts: Iterable[Condition], facts: Mapping[str, Title], language: str, word: Title) -> str:
    texts = []
    for part in parts:
        text = _said(part, facts, language)
        texts.append(f"({text})" if len(part.all or part.any or ()) > 1 else text)
    return word.said(language).join(texts)


def _values(node: Condition, language: str) -> str:
    given = [each for each in (node.is_, node.has) if each is not None]
    return _OR.said(language).join(
        _value(each) for each in (*given, *(node.in_ or ()), *(node.has_any or ()))
    )


def _value(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
