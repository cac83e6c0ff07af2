"""A draft to fill in: every field of a template in its order, explained in comments, as TOML."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping

from policies.network.titles import Title
from policies.requests.templates.basis import cited
from policies.requests.templates.condition import ALWAYS, NEVER, Condition
from policies.requests.templates.field import Field
from policies.requests.templates.kinds import FieldType, Need, Side
from policies.requests.templates.specialise import specialise
from policies.requests.templates.suggestion import Suggestion
from policies.requests.templates.template import Template
from policies.requests.templates.words import in_words

_WIDTH = 100
_REQUIRED, _OPTIONAL = Title(en="REQUIRED", fr="REQUIS"), Title(en="optional", fr="facultatif")
_REQUIRED_WHEN = Title(en="REQUIRED WHEN {0}", fr="REQUIS LORSQUE {0}")
_RECOMMENDED = Title(en="recommended", fr="recommandé")
_FORBIDDEN_WHEN = Title(en="Not to be given when {0}.", fr="À ne pas donner lorsque {0}.")
_UNCERTAIN = Title(en="The basis is not certain.", fr="Le fondement n'est pas certain.")
_LEGAL_BASIS = Title(en="Legal basis: {0}", fr="Base juridique : {0}")
_ONE_OF = Title(en="One of these must be among them: {0}", fr="L'une d'elles doit y figurer : {0}")
_HOW = Title(
    en="Required fields are open. Others begin with '# ': take that away where you need them. What stays"
    " empty counts as left out. `rogatory request check FILE` says what is missing, by article.",
    fr="Les champs requis sont ouverts. Les autres commencent par « # » : ôtez-le où il le faut. Ce qui reste"
    " vide compte comme omis. `rogatory request check FICHIER` dit ce qui manque, par article.",
)
_EMPTY = {
    FieldType.MULTI_ENUM: "[]",
    FieldType.LIST: "[]",
    FieldType.TABLE: "[]",
    FieldType.OBJECT: "{}",
    FieldType.ATTACHMENT: "{}",
    FieldType.CHECKLIST: "{}",
    FieldType.DATERANGE: "{}",
}
_SHAPES = {
    FieldType.BOOL: "true | false",
    FieldType.DATE: "2027-01-15",
    FieldType.DATETIME: "2027-01-15T10:00:00Z",
    FieldType.DATERANGE: "{ from = 2026-01-01, to = 2026-12-31 }",
    FieldType.ATTACHMENT: '{ title = "...", sha256 = "..." }',
    FieldType.CHECKLIST: "{ key = true, ... }",
}


_PERHAPS = Title(en="Perhaps: {0} = {1}", fr="Peut-être : {0} = {1}")
_NOTHING_KNOWN = Suggestion()


def skeleton(template: Template, language: str, suggested: Mapping[str, Suggestion] | None = None) -> str:
    """Return a draft of `template` with nothing in it but what follows from the template, and what is
    `suggested` for its fields: a firm value is filled in, another stands beside its field as a comment.

    Its comments are in `language`, en or fr. `read_draft` reads it back as it is, and still with any of the
    fields that stand in comments taken out of them.
    """
    lines = [f"# {template.name}: {template.title.said(language)}"]
    about = [
        template.purpose.said(language),
        _LEGAL_BASIS.said(language).format(_legal_basis(template, language)),
    ]
    about += [template.notes.said(language)] if template.notes else []
    for text in (*about, "", _HOW.said(language)):
        lines += _comment(text)
    lines += ["", "[common]", f'template = "{template.name}"']
    prefilled = _prefilled(template)
    for table, fields in (("common", template.common.fields), ("fields", template.fields)):
        lines += ["", "[fields]"] if table == "fields" else []
        for name, field in fields.items():
            if name != "template" and is_offered(field, template.id):
                known = (suggested or {}).get(name, _NOTHING_KNOWN)
                lines += ["", *_field(name, field, template, prefilled.get(name), known, language)]
    return "\n".join(lines) + "\n"


def is_offered(field: Field, template_id: str) -> bool:
    """Tell whether the form of a template offers a field to the drafter."""
    if field.side is not Side.REQUEST or template_id in field.hidden_in:
        return False
    forbidden = field.forbidden_when is not None and specialise(field.forbidden_when, template_id) == ALWAYS
    pointless = field.when is not None and specialise(field.when, template_id) == NEVER
    advised = field.recommended_when is not None and specialise(field.recommended_when, template_id) != NEVER
    return not forbidden and (advised or not pointless)


def _field(
    name: str, field: Field, template: Template, value: object, known: Suggestion, language: str
) -> Iterator[str]:
    need, is_open = _need(field, template, language)
    yield from _comment(f"{field.label.said(language)} [{_basis(field, template, language)}]: {need}")
    hints = [field.help.said(language)] if field.help else []
    if field.forbidden_when is not None and (when := specialise(field.forbidden_when, template.id)) != NEVER:
        hints.append(_FORBIDDEN_WHEN.said(language).format(_words(when, template, language)))
    if field.uncertain:
        hints.append(_UNCERTAIN.said(language))
    if name == "legal_basis" and template.legal_basis_any:
        hints.append(_ONE_OF.said(language).format(", ".join(template.legal_basis_any)))
    if field.type in _SHAPES:
        hints.append(_SHAPES[field.type])
    for hint in hints:
        yield from _comment(hint, indent="  ")
    yield from _codes(field, language)
    hints = [note.said(language) for note in known.notes]
    if known.value is not None and not known.firm:
        hints.append(_PERHAPS.said(language).format(name, _toml(known.value)))
    for hint in hints:
        yield from _comment(hint, indent="  ")
    if known.value is not None and known.firm:
        value, is_open = known.value, True
    written = _EMPTY.get(field.type, '""') if value is None else _toml(value)
    yield f"{'' if is_open else '# '}{name} = {written}"


def _need(field: Field, template: Template, language: str) -> tuple[str, bool]:
    """Return how much a field is needed, in words, and whether it stands open in the draft."""
    when = ALWAYS if field.required is Need.REQUIRED else NEVER
    if field.when is not None:
        when = specialise(field.when, template.id)
    if when == ALWAYS:
        return _REQUIRED.said(language), True
    if when != NEVER:
        return _REQUIRED_WHEN.said(language).format(_words(when, template, language)), False
    advised = field.recommended_when is not None and specialise(field.recommended_when, template.id) != NEVER
    return (_RECOMMENDED if advised else _OPTIONAL).said(language), False


def _basis(field: Field, template: Template, language: str) -> str:
    """Return what the field rests on; where that depends on the request, all that it may rest on."""
    bases = [
        (cited(each.basis, each.basis_kind or field.basis_kind), specialise(each.when, template.id))
        for each in field.basis_by
    ]
    certain = [basis for basis, when in bases if when == ALWAYS][:1]
    possible = [basis for basis, when in bases if when != NEVER]
    own = [cited(field.basis, field.basis_kind)]
    return "; ".join(basis.said(language) for basis in certain or possible or own)


def _codes(field: Field, language: str) -> Iterator[str]:
    if field.provisions:
        yield from _comment(", ".join(field.provisions), indent="  ")
    for code, words in field.enum.items():
        yield from _comment(f"{code}: {words.said(language)}", indent="    ")


def _prefilled(template: Template) -> Mapping[str, object]:
    """Return what follows from the template: its defaults, priority and level of confidentiality."""
    values: dict[str, object] = {
        name: field.default_for.get(template.id, field.default) for name, field in template.all_fields.items()
    }
    values["priority"] = template.priorities[0].value
    values["confidentiality"] = template.default_confidentiality.value
    return values


def _legal_basis(template: Template, language: str) -> str:
    return cited(template.legal_basis, template.common.fields["legal_basis"].basis_kind).said(language)


def _words(condition: Condition, template: Template, language: str) -> str:
    return in_words(condition, template.common.facts).said(language)


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _comment(text: str, indent: str = "") -> list[str]:
    return [
        f"# {indent}{line}".rstrip()
        for line in textwrap.wrap(text, _WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
        or [""]
    ]
