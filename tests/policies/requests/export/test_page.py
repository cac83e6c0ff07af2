"""The page of an export: whole, inert, and plain about what was verified and what was not."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from policies.requests.export.page import render_page
from policies.requests.export.verify import verify_export
from policies.requests.export.visible import visible
from policies.trust.signing import SigningKey
from tests.policies.requests.case.world import ANSWER_KEY, FOCAL_POINT, HOUR, NOW, RequestRoom
from tests.policies.requests.export.exports import REPORT_SHA256, export_of, messages_of
from tests.policies.trust.networks import ROOT

HOSTILE = (
    '</pre><script src="https://evil.test/x.js">1</script><img src=x onerror=y>&amp;'
    "\u202egnp\x1b[2J\u200b\u3164"
)


class Elements(HTMLParser):
    """What a browser would make of a page: its elements, their attributes, its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page_of(*, key: SigningKey | None = ANSWER_KEY) -> str:
    room = RequestRoom()
    answer = {"v": HOSTILE}
    forged: dict[str, object] = {"msgtype": "m.notice", "body": HOSTILE, "org.rogatory.answer": answer}
    refused = room.message(forged, f'@x"><script>:{HOSTILE}', NOW + 6 * HOUR, event_id=f"${HOSTILE}")
    exported = export_of(room, [*messages_of(room), refused], key=key)
    return render_page(verify_export(exported, ROOT.public_key))


def test_nothing_in_it_runs_or_is_fetched() -> None:
    """No script, no resource, no link, no handler; a policy in its head forbids them besides."""
    elements = Elements(page_of())
    assert {name for name, _ in elements.found} <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "pre", "b", "code", "table",
        "tr", "th", "td", "ul", "li",
    }  # fmt: skip
    names = {name for _, attributes in elements.found for name in attributes}
    assert names <= {"lang", "charset", "http-equiv", "content", "name", "class", "dir"}
    policy = [each["content"] for name, each in elements.found if name == "meta" and "http-equiv" in each]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert "url(" not in page_of()
    assert "@import" not in page_of()


def test_text_from_others_is_shown_as_what_it_is() -> None:
    """Markup is text, and what would turn, steer or hide is named by its number."""
    page = page_of()
    for shown in (
        "&lt;script",
        "<b>[U+202E]</b>gnp",
        "<b>[U+001B]</b>[2J",
        "<b>[U+200B]</b>",
        "<b>[U+3164]</b>",
    ):
        assert shown in page
    assert not re.search("[\u202e\x1b\u200b\u3164]", page)


def test_it_names_what_was_verified_and_what_was_not() -> None:
    """Every signed text whole, its signer as attested, the file, refusals, and the exporter's word."""
    room = RequestRoom()
    exported = export_of(room, messages_of(room))
    verified = verify_export(exported, ROOT.public_key)
    text = "".join(Elements(render_page(verified)).texts)
    for received in verified.messages:
        if received.event_id in verified.proofs:
            # French puts a space that does not break before its colons; on the page each space is one
            assert str(received.content["body"]).replace("\u00a0", " ") in text
    for said in (verified.sha256, "Report.pdf", REPORT_SHA256, "Refused: replayed", "Refused: malformed",
                 f"{FOCAL_POINT}, attested by the region africa as focal-point of SEN",
                 "that nothing of the case is left out", "exporter's word"):  # fmt: skip
        assert said in text
    assert "nobody's word: the index is unsigned" in "".join(Elements(page_of(key=None)).texts)


@given(st.text())
def test_any_text_stays_text(text: str) -> None:
    """Whatever is written, a browser sees no element but our marks, and every printable letter is there."""
    elements = Elements(visible(text))
    assert {name for name, _ in elements.found} <= {"b"}
    shown = "".join(elements.texts)
    assert all(each.isprintable() or each == "\n" for each in shown)
    assert re.sub(r"\[U\+[0-9A-F]{4,6}\]", "", shown).count("<") == text.count("<")
