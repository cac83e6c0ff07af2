"""`rogatory request`: requests of the Court, from the blank template on."""

from __future__ import annotations

import click

from node.cli.lazy import LazyGroup

VERBS = {
    "templates": ("node.cli.request_templates:templates", "List the templates of requests."),
    "new": ("node.cli.request_new:new", "Write a blank draft of a template, to be filled in."),
    "check": ("node.cli.request_check:check", "Say what is missing or wrong in a draft, by article."),
    "issue": ("node.cli.request_issue:issue", "Issue a draft, as the Court's organ."),
    "list": ("node.cli.request_cases:list_requests", "List the requests issued, or received."),
    "show": ("node.cli.request_cases:show", "Show one: state, clocks, history, what can follow."),
    "answer": ("node.cli.request_answer:answer", "Answer one, as a focal point."),
    "report": ("node.cli.request_report:report", "Count a reporting year, so that no State can be told."),
    "confirm": ("node.cli.request_steps:confirm", "The Court: an advance copy is formally confirmed."),
    "modify": ("node.cli.request_steps:modify", "The Court: change fields of a request."),
    "reply": ("node.cli.request_steps:reply", "The Court: reply in a consultation."),
    "arrest": ("node.cli.request_steps:arrest", "The Court: note an arrest told by another channel."),
    "supplement": ("node.cli.request_steps:supplement", "The Court: ask for more than was answered."),
    "exhausted": ("node.cli.request_steps:exhausted", "The Court: consultations are exhausted."),
    "follow-up": ("node.cli.request_steps:follow_up", "The Court: another request continues this one."),
    "close": ("node.cli.request_steps:close", "The Court: close a request on its final answer."),
    "withdraw": ("node.cli.request_steps:withdraw", "The Court: withdraw a request."),
}
"""Verb → (where its command is, its help in one line)."""


@click.group(cls=LazyGroup, verbs=VERBS)
def request() -> None:
    """Requests of the Court: from the blank template to the verified answer."""
