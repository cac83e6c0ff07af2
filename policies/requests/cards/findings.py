"""What a country card says against a draft: its channel, its language, what it supposes of national law."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

from policies.network.titles import Title
from policies.requests.cards.card import CountryCard
from policies.requests.cards.statement import (
    ContributionLaw,
    DesignatedChannel,
    NexusRequired,
    Statement,
)
from policies.requests.check.finding import Found
from policies.requests.check.reasons import Reasons, clipped, say
from policies.requests.templates.basis import cited
from policies.requests.templates.evaluate import Scope, value_at
from policies.requests.templates.kinds import BasisKind, Severity

WORKING_LANGUAGES = ("en", "fr")
"""The Court's (article 50(2)); a State that has chosen no language gets one of them (rule 178(2))."""

NEXUS_NOTE = {NexusRequired.YES: "STATE_REQUIRES_NEXUS", NexusRequired.NO: "STATE_DOES_NOT"}
"""What national law says → how T13 says it. What is disputed, or not law, is UNKNOWN there."""

_CHANNEL = cited("87(1)(a)", BasisKind.STATUTE)
_CONFIRMATION = cited("91(1), 96(1)", BasisKind.STATUTE)
_LANGUAGE = cited("87(2)", BasisKind.STATUTE)
_NO_LANGUAGE = cited("87(2); rule 178(2)", BasisKind.RULES)
_NEXUS = cited("report 12(a)", BasisKind.REPORT)
_CONTRIBUTION = cited("report 12(b)", BasisKind.REPORT)


def card_findings(card: CountryCard, scope: Scope, today: date, reasons: Reasons) -> list[Found]:
    """Return what the card says against a request; `scope` is that of its check.

    Channels: an authority that the State has not designated is an error, the diplomatic channel where it has
    designated another a warning (article 87(1)(a)). A language that it does not accept is an error at
    `translation_attached`, by the template's own condition; here stands which it does accept. Whatever the
    card is not sure of only warns.
    """
    check = _CardCheck(card=card, scope=scope, today=today, reasons=reasons)
    return [*check.channels(), *check.language(), *check.national_law()]


class _CardCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of one check."""

    card: CountryCard
    scope: Scope
    today: date
    reasons: Reasons

    def channels(self) -> Iterator[Found]:
        """Yield what is wrong with the channel of the request, and with that of its confirmation."""
        if self.scope.values.get("nature") == "INFORMAL":
            return
        for field, path, basis in (
            ("channel", "channel", _CHANNEL),
            ("formal_confirmation", "formal_confirmation.channel", _CONFIRMATION),
        ):
            value = value_at(self.scope.values, path)
            if value in tuple(DesignatedChannel):
                yield from self._channel(field, DesignatedChannel(str(value)), basis)

    def _channel(self, field: str, value: DesignatedChannel, basis: Title) -> Iterator[Found]:
        stated = self.card.channels_on(self.today)
        undesignated = value is DesignatedChannel.DESIGNATED_AUTHORITY
        if stated is None:
            if undesignated:
                yield _warning(field, say(self.reasons.card_no_channel, state=self.card.state), basis)
        elif value not in stated.value:
            reason = self._say(self.reasons.card_channel, stated, channels=stated.value, value=value)
            severity = Severity.ERROR if undesignated and stated.is_firm else Severity.WARNING
            yield Found(field=field, reason=reason, basis=basis, severity=severity)

    def language(self) -> Iterator[Found]:
        """Yield that the request needs a translation, and into what."""
        language, translated = (self.scope.values.get(name) for name in ("language", "translation_attached"))
        if not isinstance(language, str) or translated is True:
            return
        stated = self.card.languages_on(self.today)
        if stated is None:
            if language not in WORKING_LANGUAGES:
                reason = say(self.reasons.card_no_language, state=self.card.state)
                yield _warning("language", reason, _NO_LANGUAGE)
        elif not stated.accepts(language):
            into = stated.with_translation_into
            sentence = self.reasons.card_translation if into else self.reasons.card_language
            reason = self._say(
                sentence, stated, languages=stated.value, translations=into, value=clipped(language)
            )
            yield _warning("language", reason, _LANGUAGE)

    def national_law(self) -> Iterator[Found]:
        """Yield what the request supposes of national law and the card does not."""
        nexus, contribution = self.card.nexus_required, self.card.order_of_contribution
        note = self.scope.values.get("nexus_note")
        if nexus is not None and note in NEXUS_NOTE.values() and note != NEXUS_NOTE.get(nexus.value):
            reason = self._say(self.reasons.card_nexus, nexus, value=nexus.value)
            yield _warning("nexus_note", reason, _NEXUS)
        ordered = self.scope.values.get("order_type") == "ORDER_OF_CONTRIBUTION"
        if ordered and contribution is not None and contribution.value is ContributionLaw.NO_LAW:
            reason = self._say(self.reasons.card_contribution, contribution)
            yield _warning("order_type", reason, _CONTRIBUTION)

    def _say(self, sentence: Title, stated: Statement, **values: object) -> Title:
        said = {key: ", ".join(value) if isinstance(value, tuple) else value for key, value in values.items()}
        return say(sentence, state=self.card.state, source=cited_card(stated, self.reasons), **said)


def cited_card(stated: Statement, reasons: Reasons) -> Title:
    """Return where a statement comes from, and where it must be checked again if it must."""
    if stated.recheck_at is None:
        return say(reasons.card_source, source=stated.source, date=stated.date)
    return say(reasons.card_recheck, source=stated.source, date=stated.date, where=stated.recheck_at)


def _warning(field: str, reason: Title, basis: Title) -> Found:
    return Found(field=field, reason=reason, basis=basis, severity=Severity.WARNING)
