"""Finding a template by its name and version, reading no more files than the question needs."""

from __future__ import annotations

import re
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

from policies.network.errors import nearest
from policies.requests.errors import TemplateUnknown
from policies.requests.templates.outcome import Outcome, Outcomes
from policies.requests.templates.read import read_common, read_outcomes, read_template
from policies.requests.templates.references import allowed_codes, check_all
from policies.requests.templates.template import Common, Template

_FILE = re.compile(r"(T[0-9]{2}|X[0-9])\.toml")


class Templates:
    """The templates in one folder: today's as T13.toml, earlier versions in `old/1.0/` with their common
    block.

    A folder of `old/` is what `templates/` was when that version was current, or the part of it that changed;
    what it lacks is today's. Everything is read once, when it is first asked for.
    """

    def __init__(self, folder: Traversable) -> None:
        self._folder = folder
        self._current: dict[str, Template] = {}
        self._old: dict[str, Template] = {}

    @cached_property
    def common(self) -> Common:
        """The block of every request, as it is today."""
        return read_common(self._folder)

    @cached_property
    def outcomes(self) -> Outcomes:
        """The lawful answers."""
        return read_outcomes(self._folder)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids of today's templates, in order. Reads no template."""
        found = (_FILE.fullmatch(each.name) for each in self._folder.iterdir())
        return tuple(sorted(match[1] for match in found if match))

    def current(self, template_id: str) -> Template:
        """Return today's template of an id, as T13. Raises TemplateUnknown, with the nearest id."""
        if template_id not in self.ids:
            raise TemplateUnknown(
                f"There is no template '{template_id}'.",
                why=f"The templates are {', '.join(self.ids)}.",
                remedy=nearest(template_id, self.ids),
            )
        if template_id not in self._current:
            file = self._folder.joinpath(f"{template_id}.toml")
            self._current[template_id] = read_template(file, self.common)
        return self._current[template_id]

    def find(self, name: str) -> Template:
        """Return a template with its version, as T13@1.0, today's or an old one. Raises TemplateUnknown."""
        template_id, _, version = name.partition("@")
        current = self.current(template_id)
        if version == current.version:
            return current
        if name not in self._old:
            self._old[name] = self._find_old(template_id, version, current)
        return self._old[name]

    def all(self) -> tuple[Template, ...]:
        """Return all of today's templates, each checked against the outcomes and against one another.

        Raises NetworkPolicyError.
        """
        templates = tuple(self.current(template_id) for template_id in self.ids)
        check_all(templates, self.common, self.outcomes)
        return templates

    def allowed(self, template: Template) -> dict[str, Outcome]:
        """Return the answers that a template allows, by code, in the catalogue's order."""
        catalogue = self.outcomes.catalogue
        return {code: catalogue[code] for code in allowed_codes(template, self.outcomes)}

    def _find_old(self, template_id: str, version: str, current: Template) -> Template:
        old = self._folder.joinpath("old")
        folders = [each for each in old.iterdir() if each.is_dir()] if old.is_dir() else []
        for folder in folders:
            file = folder.joinpath(f"{template_id}.toml")
            if not file.is_file():
                continue
            has_common = folder.joinpath("common.toml").is_file()
            template = read_template(file, read_common(folder) if has_common else self.common)
            if template.version == version:
                return template
        raise TemplateUnknown(
            f"There is no version '{version}' of {template_id} here.",
            why=f"The current one is {current.name}.",
            remedy=f"Write {current.name}. If somebody sent the other, this program may be too old for it.",
        )


@cache
def packaged_templates() -> Templates:
    """Return the templates of this release, once a process."""
    return Templates(files("policies").joinpath("data", "templates"))
