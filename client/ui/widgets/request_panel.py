"""The panel beside the timeline that shows one request: whether its signature holds, then its fields."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.reactive import reactive
from textual.widgets import Static

from client.views.request_view import RequestSection, RequestView


class RequestPanel(VerticalScroll, can_focus=True):
    """One request, readable. The signature comes first: nothing below counts if it does not hold."""

    view: reactive[RequestView | None] = reactive(None, recompose=True)
    """What is shown."""

    def compose(self) -> ComposeResult:
        """Lay out title, verdict and fields."""
        if self.view is None:
            return
        yield _words(self.view.title, "title")
        verdict = _words("\n".join([self.view.verdict, *self.view.cautions]), "verdict")
        verdict.set_class(self.view.holds and not self.view.cautions, "-holds")
        verdict.set_class(not self.view.holds, "-broken")
        yield verdict
        for section in self.view.sections:
            yield from _section(section)
        if not self.view.sections:
            yield _words("Text", "section")
            yield _words("\n".join(self.view.body), "value")

    def watch_view(self) -> None:
        """Show a request from its top."""
        self.scroll_home(animate=False)


def _section(section: RequestSection) -> Iterable[Static]:
    yield _words(section.title.upper(), "section")
    for field in section.fields:
        yield _words(field.label, "label")
        yield _words("\n".join(field.lines), "value")


def _words(text: str, part: str) -> Static:
    """Return plain text, never read as markup, in the style of one part of the panel."""
    return Static(text, classes=f"request--{part}", markup=False)
