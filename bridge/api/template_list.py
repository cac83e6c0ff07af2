"""GET /v1/templates: which kinds of requests there are, and which answers each allows."""

from __future__ import annotations

import msgspec
from aiohttp import web

from bridge.api.call import Call
from bridge.api.operation import Operation, json_answer
from bridge.api.tokens import Scope
from policies.network.titles import Title
from policies.requests.templates.kinds import Confidentiality, FieldType, Need, Priority
from policies.requests.templates.registry import packaged_templates
from policies.requests.templates.template import Template


class TemplateField(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a template; `codes` is empty where it is not an enumeration."""

    name: str
    type: FieldType
    required: Need
    label: Title
    codes: tuple[str, ...]


class TemplateSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A template by its name with version, as T13@1.0."""

    template: str
    title: Title
    purpose: Title
    legal_basis: str
    priorities: tuple[Priority, ...]
    default_confidentiality: Confidentiality
    common: tuple[TemplateField, ...]
    fields: tuple[TemplateField, ...]
    outcomes: tuple[str, ...]


class TemplateList(msgspec.Struct, frozen=True):
    """Today's templates."""

    templates: tuple[TemplateSummary, ...]


async def _templates(_call: Call) -> web.Response:
    return json_answer(TemplateList(tuple(_summary(each) for each in packaged_templates().all())))


def _summary(template: Template) -> TemplateSummary:
    common, fields = (
        tuple(
            TemplateField(
                name=name,
                type=field.type,
                required=field.required,
                label=field.label,
                codes=tuple(field.codes),
            )
            for name, field in group.items()
        )
        for group in (template.common.fields, template.fields)
    )
    return TemplateSummary(
        template=template.name,
        title=template.title,
        purpose=template.purpose,
        legal_basis=template.legal_basis,
        priorities=template.priorities,
        default_confidentiality=template.default_confidentiality,
        common=common,
        fields=fields,
        outcomes=tuple(packaged_templates().allowed(template)),
    )


TEMPLATES = (
    Operation(
        method="GET",
        path="/v1/templates",
        name="listTemplates",
        summary="List the templates of requests",
        handler=_templates,
        scope=Scope.SUBMIT,
        answer=TemplateList,
    ),
)
