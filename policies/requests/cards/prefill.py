"""What a country card suggests for a new draft."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from policies.network.titles import Title
from policies.requests.cards.card import CountryCard
from policies.requests.cards.facts import SURRENDER
from policies.requests.cards.findings import NEXUS_NOTE, WORKING_LANGUAGES, cited_card
from policies.requests.cards.statement import AgreementKind, DesignatedChannel, Statement
from policies.requests.check.reasons import Reasons, load_reasons, say
from policies.requests.templates.suggestion import Suggestion

_CHANNELS = Title(en="Designated: {it}.", fr="Désignées : {it}.")
_AUTHORITY = Title(en="Authority: {it}.", fr="Autorité : {it}.")
_NO_CHANNEL = Title(
    en="No channel is known that the State has designated: the diplomatic one is always open.",
    fr="Aucune voie désignée par l'État n'est connue : la voie diplomatique est toujours ouverte.",
)
_LANGUAGES = Title(en="Accepted: {it}.", fr="Acceptées : {it}.")
_TRANSLATION = Title(en="With a translation into {it}.", fr="Avec une traduction en {it}.")
_NO_LANGUAGE = Title(
    en="No choice of the State is known; without one, English or French (rule 178(2)).",
    fr="Aucun choix de l'État n'est connu ; à défaut, l'anglais ou le français (règle 178(2)).",
)
_REQUIREMENT = Title(en="The State's law asks for: {it}", fr="Le droit de l'État exige : {it}")
_JUDICIAL_GROUNDS = Title(en="The State's law asks for grounds.", fr="Le droit de l'État exige des motifs.")
_SAYS = Title(en="The State's law: {it}.", fr="Droit de l'État : {it}.")
_AGREEMENTS = Title(en="In force: {it}.", fr="En vigueur : {it}.")


def card_suggestions(card: CountryCard, template_id: str, today: date) -> dict[str, Suggestion]:
    """Return what the card suggests for a draft of `template_id`, by field.

    What the State has said is filled in; what must be checked again stands beside the field as a comment,
    with its source. Fields that the template does not have do no harm.
    """
    asked = "requesting_state" if template_id == "T18" else "requested_state"
    suggested = {asked: Suggestion(value=card.state, firm=True)}
    if asked == "requested_state" and template_id != "T17":
        reasons = load_reasons()
        suggested |= dict(_transmission(card, today, reasons))
        suggested |= dict(_national_law(card, template_id, reasons))
    return suggested


def _transmission(card: CountryCard, today: date, reasons: Reasons) -> Iterator[tuple[str, Suggestion]]:
    channels, languages = card.channels_on(today), card.languages_on(today)
    if channels is None:
        yield "channel", Suggestion(value=DesignatedChannel.DIPLOMATIC.value, notes=(_NO_CHANNEL,))
    else:
        said = [say(_CHANNELS, it=", ".join(channels.value))]
        said += [say(_AUTHORITY, it=channels.authority)] if channels.authority else []
        designated = DesignatedChannel.DESIGNATED_AUTHORITY
        value = designated if designated in channels.value else channels.value[0]
        yield "channel", _suggestion(channels, reasons, *said, value=value.value)
    if languages is None:
        yield "language", Suggestion(notes=(_NO_LANGUAGE,))
        return
    said = [say(_LANGUAGES, it=", ".join(languages.value))]
    if languages.with_translation_into:
        into = say(_TRANSLATION, it=", ".join(languages.with_translation_into))
        said.append(into)
        yield "translation_attached", _suggestion(languages, reasons, into, value=True)
    accepted = [each for each in languages.value if each in WORKING_LANGUAGES] or languages.value
    yield "language", _suggestion(languages, reasons, *said, value=accepted[0])


def _national_law(card: CountryCard, template_id: str, reasons: Reasons) -> Iterator[tuple[str, Suggestion]]:
    requirements = card.extra_requirements
    if requirements is not None and template_id in requirements.value:
        field = "surrender_requirements" if template_id == SURRENDER else "national_law_info"
        said = say(_REQUIREMENT, it=requirements.value[template_id])
        yield field, _suggestion(requirements, reasons, said)
    search = card.search_requires_judicial_grounds
    if search is not None and search.value:
        yield "reasonable_grounds", _suggestion(search, reasons, _JUDICIAL_GROUNDS)
    if (nexus := card.nexus_required) is not None:
        said = say(_SAYS, it=nexus.value.value)
        yield "nexus_note", _suggestion(nexus, reasons, said, value=NEXUS_NOTE.get(nexus.value))
    if (contribution := card.order_of_contribution) is not None:
        yield "order_type", _suggestion(contribution, reasons, say(_SAYS, it=contribution.value.value))
    agreed = {agreement.value: agreement for agreement in card.agreements}
    for kind, agreement in agreed.items():
        said = say(_AGREEMENTS, it=kind.value)
        if kind is AgreementKind.WITNESS_RELOCATION:
            yield "agreement_status", _suggestion(agreement, reasons, said, value="AGREEMENT_IN_FORCE")
    if agreed:
        notes = tuple(
            note
            for kind, agreement in agreed.items()
            for note in (say(_AGREEMENTS, it=kind.value), cited_card(agreement, reasons))
        )
        yield "agreement_type", Suggestion(notes=notes)


def _suggestion(stated: Statement, reasons: Reasons, *said: Title, value: object = None) -> Suggestion:
    notes = [*said, *((stated.note,) if stated.note else ()), cited_card(stated, reasons)]
    return Suggestion(value=value, firm=stated.is_firm, notes=tuple(notes))
