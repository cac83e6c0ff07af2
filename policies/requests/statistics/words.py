"""The words of a report, in English and French."""

from __future__ import annotations

from policies.network.titles import Title
from policies.requests.statistics.measures import Measure, Rate, Time
from policies.requests.statistics.report import Report, Row

DIMENSIONS = {
    "region": Title(en="By region", fr="Par région"),
    "priority": Title(en="By priority of cooperation", fr="Par priorité de coopération"),
    "template": Title(en="By template", fr="Par modèle"),
    "organ": Title(en="By organ", fr="Par organe"),
}
MEASURES = {
    Measure.ISSUED: Title(en="issued", fr="émises"),
    Measure.DELIVERED: Title(en="delivered", fr="remises"),
    Measure.ACKNOWLEDGED: Title(en="acknowledged", fr="accusées"),
    Measure.REPLIED: Title(en="replied to", fr="avec réponse"),
    Measure.ANSWERED: Title(en="answered", fr="répondues"),
    Measure.BINDING: Title(en="binding", fr="obligatoires"),
    Measure.EXECUTED: Title(en="executed", fr="exécutées"),
    Measure.OBSTACLE: Title(en="obstacle", fr="obstacle"),
    Measure.OTHER_STATED_REASON: Title(en="other reason", fr="autre motif"),
    Measure.INCOMPLETE: Title(en="incomplete", fr="incomplètes"),
    Measure.ADVANCE: Title(en="advance", fr="anticipées"),
    Measure.CONFIRMED: Title(en="confirmed", fr="confirmées"),
    Measure.CLOSED: Title(en="closed", fr="closes"),
}
RATES = {
    Rate.ACKNOWLEDGED: Title(en="acknowledged %", fr="accusées %"),
    Rate.RESPONSE: Title(en="States respond %", fr="États répondent %"),
    Rate.EXECUTION: Title(en="executed %", fr="exécutées %"),
    Rate.INCOMPLETE: Title(en="Court incomplete %", fr="Cour incomplète %"),
    Rate.CONFIRMATION: Title(en="confirmed %", fr="confirmées %"),
}
TIMES = {
    Time.ACKNOWLEDGEMENT: Title(en="to acknowledgement", fr="jusqu'à l'accusé"),
    Time.FIRST_ANSWER: Title(en="to first answer", fr="1re réponse"),
    Time.FINAL_ANSWER: Title(en="to final answer", fr="réponse finale"),
    Time.NET_FINAL_ANSWER: Title(en="final, net", fr="finale, nette"),
}
HELD_BACK = "*"
"""What stands where a figure is held back."""

_HEADING = Title(
    en="Requests issued from {first} until before {end}, the Court's reporting year",
    fr="Demandes émises du {first} au {end} exclu, année de rapport de la Cour",
)
_NOTE = Title(
    en="* held back: fewer than {requests} requests or {states} States, more than {percent}% of one State, or"
    " needed to protect such a figure. Counts are ranges, rates to the nearest {rate}%. Times: median / 90th"
    " percentile from delivery; net is without the time in which clocks stood still. 'Other reason' is"
    " outside the lawful answers and counted apart. Requests under seal count in the total alone.",
    fr="* retenu : moins de {requests} demandes ou de {states} États, plus de {percent} % d'un seul État, ou"
    " requis pour protéger un tel chiffre. Nombres en intervalles, taux à {rate} % près. Durées : médiane /"
    " 90e centile depuis la remise ; nettes du temps où les délais étaient arrêtés. « Autre motif » est"
    " hors des réponses prévues et compté à part. Les demandes sous scellés ne comptent que dans le total.",
)


def heading(report: Report, language: str) -> str:
    """Return what the report is about."""
    return _HEADING.said(language).format(first=report.year.first_day, end=report.year.end)


def note(report: Report, language: str) -> str:
    """Return how the figures are to be read."""
    rules = report.rules
    return _NOTE.said(language).format(
        requests=rules.least_requests,
        states=rules.least_states,
        percent=rules.most_percent_of_one_state,
        rate=rules.rate_base,
    )


def row_name(row: Row, language: str, longest: int) -> str:
    """Return what a row is called, its short code before its title, in so many characters at most."""
    title = row.title.said(language)
    name = f"{row.row} {title}" if len(row.row) < 4 else title
    return name if len(name) <= longest else f"{name[: longest - 1].rstrip()}…"


def count_words(count: int | None, report: Report) -> str:
    """Return a count as people read it: the range that its rounding leaves."""
    if count is None:
        return HELD_BACK
    base = report.rules.rounding_base
    return str(count) if base == 1 else f"{count}-{count + base - 1}"


def hours_words(hours: int, language: str) -> str:
    """Return a time in hours, from two days on in days."""
    if hours < 48:
        return f"{hours} h"
    return f"{hours // 24} {'j' if language == 'fr' else 'd'}"
