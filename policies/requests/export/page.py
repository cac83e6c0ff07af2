"""A verified export as one page that a person reads and prints: no script, nothing fetched.

The texts are those that were signed, whole. The page proves nothing by itself, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from policies.requests.case.answer import ANSWER_KEY
from policies.requests.case.received import Received
from policies.requests.case.step import EVENT_KEY
from policies.requests.export.bound import Proof
from policies.requests.export.verdict import VerifiedExport
from policies.requests.export.visible import visible
from policies.requests.labels import organ_words
from policies.trust.attestation import Attestation
from policies.trust.times import format_time

_STYLE = """
body { font: 11pt/1.4 serif; max-width: 46em; margin: 2em auto; padding: 0 1em;
  color: #000; background: #fff }
h1, h2, h3 { font-family: sans-serif; line-height: 1.2; break-after: avoid }
h2 { border-bottom: 1px solid #000; margin-top: 2em }
pre, td, th, li, p { overflow-wrap: anywhere; unicode-bidi: isolate }
pre { white-space: pre-wrap; font: 10pt/1.35 monospace; border-left: 3px solid #888; padding-left: 1em;
  overflow: hidden }
table { border-collapse: collapse; width: 100% }
td, th { border: 1px solid #888; padding: .25em .5em; text-align: left; vertical-align: top }
th { width: 12em; font-weight: normal; background: #f2f2f2 }
pre b, td b, li b { font: bold 8pt sans-serif; border: 1px solid #000; padding: 0 .15em }
pre.refused { border: 1px dashed #888; text-decoration: line-through }
.caution { border: 3px solid #000; padding: .5em 1em; font-weight: bold }
.proof { font-family: sans-serif; font-size: 9pt }
"""

_HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{style}</style></head><body>
"""


def render_page(export: VerifiedExport) -> str:
    """Return the page of an export: what was verified, by whose key, what was not, and every signed text."""
    case = export.case
    title = f"Request {case.request.id}"
    lines = [
        _HEAD.format(title=visible(title), style=_STYLE),
        f"<h1>{visible(title)}: {visible(case.template.title.en)}</h1>",
        *(f'<p class="caution">{visible(each)}</p>' for each in export.cautions),
        *_summary(export),
        "<h2>The request, the answers and the steps of the Court</h2>",
        "<p>Each of these holds: the signature that is named binds every word of the text.</p>",
        *(part for each in _holding(export) for part in _message(export, each)),
        *_files(export),
        *_refused(export),
        *_not_proved(export),
        "</body></html>\n",
    ]
    return "\n".join(lines)


def _summary(export: VerifiedExport) -> Iterator[str]:
    case, manifest = export.case, export.manifest
    root = "a DEVELOPMENT root, which protects nothing" if manifest.development else "the network's root"
    yield "<h2>What was verified</h2><table>"
    yield from _rows([
        ("State of the case", case.state.value),
        ("Template", f"{case.request.template} {case.template.title.en}"),
        ("From, to", f"{organ_words(case.request.originator)}, to {case.common.get('requested_state', '-')}"),
        ("Issued", format_time(case.request.issued_at)),
        ("Delivered", _time(case.delivered_at)),
        ("Acknowledged", _time(case.acknowledged_at)),
        ("Final answer", _time(case.answered_at)),
        ("Formal confirmation", case.confirmation.status.value),
        ("Signatures that hold", f"{len(export.proofs)}: of the request, of answers, of steps of the Court"),
        ("Without effect", f"{len(case.refused)} refused messages"),
        ("Files", f"{len(export.files) - len(export.missing)} enclosed, {len(export.missing)} not"),
        ("Believed because of", f"manifest {manifest.serial} of the network {manifest.network}, issued "
         f"{format_time(manifest.issued_at)}, signed by {root}"),
        ("Key of that root", export.root_public_key),
        ("Exported, it says", f"{format_time(export.exported_at)} by {export.exporter}"),
        ("Index", _index_words(export)),
        ("SHA-256 of the file", export.sha256),
    ])  # fmt: skip
    yield "</table>"
    yield (
        "<p>This page proves nothing by itself: it shows what the file of that hash proves. Verify the file, "
        "without a network, by <code>rogatory export --verify FILE --root KEY</code>.</p>"
    )


def _index_words(export: VerifiedExport) -> str:
    proof = export.exporter_signature
    if proof is None:
        return "signed by nobody"
    return f"signed by {_signer_words(proof, export.attested.get(''))}"


def _holding(export: VerifiedExport) -> Iterable[Received]:
    """Return each signed text once, in the order of signing."""
    there = {each.event_id: each for each in export.messages if each.event_id in export.proofs}
    history = [entry.event_id for entry in export.case.history]
    others = [each for name, each in there.items() if not {ANSWER_KEY, EVENT_KEY} & each.content.keys()]
    return [*others[:1], *(there[name] for name in history)]


def _message(export: VerifiedExport, received: Received) -> Iterator[str]:
    proof = export.proofs[received.event_id]
    kind = "Request"
    if ANSWER_KEY in received.content:
        kind = "Answer"
    elif EVENT_KEY in received.content:
        kind = "Step of the Court"
    signer = _signer_words(proof, export.attested.get(received.event_id))
    yield f"<h3>{kind}, {format_time(proof.signed_at)}</h3>"
    yield f'<p class="proof">Signature holds: {visible(signer)}, key {visible(proof.public_key)}</p>'
    yield f'<pre dir="auto">{visible(str(received.content["body"]))}</pre>'
    yield (
        f'<p class="proof">Says the exporter: event {visible(received.event_id)}, posted by '
        f"{visible(received.sender)}, {format_time(received.sent_at)}</p>"
    )


def _files(export: VerifiedExport) -> Iterator[str]:
    yield "<h2>Files</h2>"
    if not export.files:
        yield "<p>None is named.</p>"
    for file in export.files:
        where = "not enclosed" if file.sha256 in export.missing else f"enclosed as attachments/{file.sha256}"
        size = "not said" if file.size is None else f"{file.size} bytes"
        yield "<table>"
        yield from _rows([
            ("Name", file.name), ("Named by", file.sender or "the Court's request"), ("Size", size),
            ("SHA-256", file.sha256), ("In this export", where),
        ])  # fmt: skip
        yield "</table><p></p>"


def _refused(export: VerifiedExport) -> Iterator[str]:
    if not export.case.refused:
        return
    bodies = {each.event_id: each.content.get("body") for each in export.messages}
    yield "<h2>Refused, without effect</h2>"
    yield "<p>That these came, and what they say, is the exporter's word only. None of it counts.</p>"
    for entry in export.case.refused:
        yield f"<h3>Refused: {visible(entry.refusal.value)}</h3><table>"
        yield from _rows([
            ("Why", entry.reason), ("Posted by", entry.sender), ("Sent", format_time(entry.sent_at)),
            ("Event", entry.event_id),
        ])  # fmt: skip
        body = bodies.get(entry.event_id)
        text = visible(body) if isinstance(body, str) else "(no text)"
        yield f'</table><pre class="refused" dir="auto">{text}</pre>'


def _not_proved(export: VerifiedExport) -> Iterator[str]:
    whose = "the exporter's word" if export.exporter_signature else "nobody's word: the index is unsigned"
    yield "<h2>What was not verified</h2>"
    yield f"<p>This is {whose}:</p><ul>"
    yield from (f"<li>{visible(each)}</li>" for each in export.said_by_exporter)
    yield "</ul><p>Messages of the room that are no part of the case, as talk, are not in the export.</p>"


def _signer_words(proof: Proof, attestation: Attestation | None) -> str:
    if attestation is None or proof.signer != attestation.user_id:
        return f"{organ_words(proof.signer)}, key {proof.key_id}, which the manifest gives it"
    return (
        f"{proof.signer}, attested by the region {attestation.authority} as {attestation.function} of "
        f"{attestation.state or 'no State'} from {format_time(attestation.valid_from)} "
        f"to {format_time(attestation.valid_until)}"
    )


def _rows(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, value in rows:
        yield f'<tr><th>{visible(name)}</th><td dir="auto">{visible(value)}</td></tr>'


def _time(time: datetime | None) -> str:
    return format_time(time) if time else "not yet"
