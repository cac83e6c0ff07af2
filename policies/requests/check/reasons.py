"""The sentences of the check, from `policies/data/templates/reasons.toml`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from policies.network.titles import Title
from policies.typed_toml import read_toml


class Reasons(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One attribute a sentence, with places in braces that `say` fills."""

    missing: Title
    missing_when: Title
    recommended: Title
    forbidden: Title
    forbidden_when: Title
    given_by_state: Title
    given_by_court: Title
    given_by_network: Title
    computed: Title
    unknown_field: Title
    wrong_table: Title
    unknown_template: Title
    legal_basis: Title
    uncertain: Title
    not_text: Title
    not_line: Title
    not_bool: Title
    not_int: Title
    not_date: Title
    not_datetime: Title
    not_range: Title
    range_reversed: Title
    not_list: Title
    empty_item: Title
    not_object: Title
    not_table: Title
    not_checklist: Title
    not_attachment: Title
    unknown_attachment: Title
    not_hash: Title
    not_code: Title
    code_twice: Title
    pattern: Title
    iban: Title
    not_state: Title
    not_language: Title
    not_mxid: Title
    date_not_after: Title
    date_after: Title
    date_before: Title
    too_short: Title
    too_long: Title
    too_few: Title
    too_small: Title
    not_equal: Title
    keys_missing: Title
    key_foreign: Title
    not_one_of: Title
    not_ticked: Title
    not_counts: Title
    account_number: Title
    document_number: Title
    case_number: Title
    contact_detail: Title
    person_name: Title
    state_name: Title
    outcome_unknown: Title
    outcome_not_here: Title
    detail_missing: Title
    card_channel: Title
    card_no_channel: Title
    card_language: Title
    card_translation: Title
    card_no_language: Title
    card_nexus: Title
    card_contribution: Title
    card_recheck: Title
    card_source: Title


@cache
def load_reasons() -> Reasons:
    """Read the packaged sentences, once a process."""
    return read_toml(files("policies").joinpath("data", "templates", "reasons.toml"), Reasons)


def say(sentence: Title, **values: object) -> Title:
    """Fill a sentence in both languages; a value that is a Title is itself said in each."""
    english = {key: value.en if isinstance(value, Title) else value for key, value in values.items()}
    french = {key: value.fr if isinstance(value, Title) else value for key, value in values.items()}
    return Title(en=sentence.en.format(**english).strip(), fr=sentence.fr.format(**french).strip())


def clipped(value: object, most: int = 60) -> str:
    """Return a value short enough to stand in a sentence, on one line."""
    text = " ".join(str(value).split())
    return text if len(text) <= most else text[: most - 1] + "…"
