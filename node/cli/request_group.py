"""`rogatory request`: requests of the Court, from the blank template on."""

from __future__ import annotations

import click

from node.cli.lazy import LazyGroup

VERBS = {
    "templates": ("node.cli.request_templates:templates", "List the templates of requests."),
    "new": ("node.cli.request_new:new", "Write a blank draft of a template, to be filled in."),
    "check": ("node.cli.request_check:check", "Say what is missing or wrong in a draft, by article."),
}
"""Verb → (where its command is, its help in one line)."""


@click.group(cls=LazyGroup, verbs=VERBS)
def request() -> None:
    """Requests of the Court: templates, drafts and their check."""
