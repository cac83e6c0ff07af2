"""`rogatory export`: a whole case as one file that proves itself, and the proof of such a file, offline."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from client.session.attachments.target import Target
from client.views.attachment_words import size_words
from client.views.safe_text import single_line
from node.cli.court import court_account, required_manifest
from node.cli.export_gathering import Gathering, pinned_root
from node.cli.export_target import export_target, place, staging
from node.cli.export_words import verdict_lines, verdict_object
from node.cli.options import as_option, chosen_home, home_option, json_option, print_json
from node.errors import ConfigurationInvalid
from node.home import Home
from node.network.newest_serial import newest_serial
from policies.requests.export.errors import ExportError
from policies.requests.export.page import render_page
from policies.requests.export.verdict import VerifiedExport
from policies.requests.export.verify import verify_export

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("request_id", metavar="REQUEST_ID", required=False)
@click.option(
    "--output",
    type=_FILE,
    default=".",
    metavar="PATH",
    help="The file to write, or a folder (default: this one).",
)
@click.option("--without-files", is_flag=True, help="Leave the case's files out; they are listed as missing.")
@click.option(
    "--verify",
    "exported",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Prove an export instead: no network, no account.",
)
@click.option("--root", metavar="KEY", help="With --verify: the root's public key (default: the home's).")
@click.option("--html", type=_FILE, metavar="PATH", help="Write a page too, to be read and printed.")
@click.option("--replace", is_flag=True, help="Overwrite files that are there.")
@as_option
@home_option
@json_option
def export(
    request_id: str | None,
    output: Path,
    without_files: bool,
    exported: Path | None,
    root: str | None,
    html: Path | None,
    replace: bool,
    user: str | None,
    home: str | None,
    as_json: bool,
) -> None:
    """Export the case of REQUEST_ID as one file with all that proves it, or --verify such a file.

    On the Court's machine its register is exported, unless --as names another account. The file is in clear
    and for you alone (0600); what is in it lies nowhere else.
    """
    if (request_id is None) == (exported is None):
        raise click.UsageError("Name the request to be exported, or with --verify the file to be proved.")
    if exported is not None:
        _verify(exported, root, home, _page_target(html, exported.stem, None, replace=replace), as_json)
        return
    if root is not None:
        raise click.UsageError("--root goes with --verify.")
    opened = chosen_home(home)
    name = single_line(request_id or "", most_characters=40)
    target = export_target(output, f"{name}.zip", opened, replace=replace)
    page = _page_target(html, name, opened, replace=replace)
    verified, size = _export(opened, user, name, target, page, without_files=without_files)
    if as_json:
        files = {"path": str(target.path), "html": str(page.path) if page else None, "size": size}
        print_json({"id": name, **files, **_summary(verified)})
        return
    path = single_line(str(target.path), most_characters=4096)
    click.echo(f"Exported: {path}  {size_words(size)}  sha256 {verified.sha256}")
    for each in verified.cautions:
        click.echo(each, err=True)


def _export(
    home: Home, user: str | None, request_id: str, target: Target, page: Target | None, *, without_files: bool
) -> tuple[VerifiedExport, int]:
    """Gather, prove and write: what could not be proved elsewhere is not written."""
    manifest = required_manifest(home)
    court = court_account(home, manifest, user)
    with contextlib.ExitStack() as stack:
        folder = None if without_files else stack.enter_context(staging(target))
        gathering = Gathering(home, manifest, request_id, folder)
        data = gathering.by_account(user) if court is None else gathering.by_the_court(court)
    verified = verify_export(data, pinned_root(home))
    place(target, data)
    if page is not None:
        place(page, render_page(verified).encode())
    return verified, len(data)


def _verify(exported: Path, root: str | None, home: str | None, page: Target | None, as_json: bool) -> None:
    key, newest = _root(root, home)
    try:
        verified = verify_export(exported.read_bytes(), key)
    except ExportError as error:
        if as_json:
            print_json({"ok": False, "error": type(error).__name__, "what": error.what, "why": error.why})
        raise
    if page is not None:
        place(page, render_page(verified).encode())
    if newest is not None and newest > verified.manifest.serial:
        serial = verified.manifest.serial
        click.echo(f"Judged by manifest {serial}, of then; this home knows {newest} by now.", err=True)
    if as_json:
        print_json(verdict_object(verified))
        return
    for line in verdict_lines(verified):
        click.echo(line)


def _root(root: str | None, home: str | None) -> tuple[str, int | None]:
    """Return the root's key, and the newest manifest's serial where a home knows one."""
    if root is not None:
        return root.strip(), None
    opened = chosen_home(home)
    if not opened.root_public_key.is_file():
        raise ConfigurationInvalid(
            f"The home at {opened.root} has pinned no root.",
            why="An export is believed because of the network's root, and of nothing else.",
            remedy="Give the root's public key with --root, as you have it from a source that you trust.",
        )
    return pinned_root(opened), newest_serial(opened)


def _page_target(html: Path | None, name: str, home: Home | None, *, replace: bool) -> Target | None:
    return None if html is None else export_target(html, f"{name}.html", home, replace=replace)


def _summary(verified: VerifiedExport) -> dict[str, object]:
    return {
        "state": verified.case.state.value,
        "sha256": verified.sha256,
        "index_signed": verified.exporter_signature is not None,
        "missing": sorted(verified.missing),
        "cautions": list(verified.cautions),
    }
