"""`rogatory request report`: what may be published of a reporting year of the Court."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import click

from bridge.counting import counted, published_years
from bridge.register import Register
from node.cli.court import court_manifest, open_register
from node.cli.options import chosen_home, home_option, json_option, language_option, print_json
from node.errors import NotTheCourt
from node.home import Home
from policies.requests.statistics.render_csv import render_csv
from policies.requests.statistics.render_svg import render_svg
from policies.requests.statistics.render_text import render_text
from policies.requests.statistics.report import report as report_of
from policies.requests.statistics.rules import packaged_rules
from policies.requests.statistics.year import ReportingYear, reporting_year, year_named

_FILE = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


@click.command()
@click.option(
    "--year", metavar="YEAR", help="The reporting year, as 2025-2026 (default: the last that is over)."
)
@click.option("--csv", "csv_file", type=_FILE, help="Write all figures there, one a line; - for the output.")
@click.option("--svg", "svg_file", type=_FILE, help="Draw how States and the Court did there, as a plot.")
@click.option(
    "--by", type=click.Choice(["region", "priority", "template", "organ"]), default="region",
    show_default=True, help="What the plot's bars are for.",
)  # fmt: skip
@language_option
@home_option
@json_option
def report(
    year: str | None,
    csv_file: Path | None,
    svg_file: Path | None,
    by: str,
    language: str,
    home: str | None,
    as_json: bool,
) -> None:
    """Count the requests of a reporting year of the Court: how States answered, and how the Court asked.

    By region, priority, template and organ, as they stood when the year ended. What could tell a State is
    held back. A year that still runs cannot be had: of two of its tables the difference would be single
    requests. The register is only read.
    """
    opened = chosen_home(home)
    with contextlib.closing(_register(opened)) as register:
        chosen = _chosen(register, year)
        made = report_of(counted(register, chosen), chosen)
    if as_json:
        print_json(made.as_object())
    elif csv_file is None and svg_file is None:
        click.echo(render_text(made, language, shutil.get_terminal_size().columns), nl=False)
    for file, text in (
        (csv_file, render_csv(made) if csv_file else ""),
        (svg_file, render_svg(made, by, language) if svg_file else ""),
    ):
        if file is not None:
            with click.open_file(str(file), "w", encoding="utf-8") as out:
                out.write(text)


def _register(home: Home) -> Register:
    """Open the Court's register, which must be here. Raises NotTheCourt."""
    court_manifest(home)
    if not (home.bridge / "register.db").is_file():
        raise NotTheCourt(
            f"The home at {home.root} has no register of the Court.",
            why="Only the Court's machine has what a report is counted from.",
            remedy="Run this there, or ask the Court for its report.",
        )
    return open_register(home)


def _chosen(register: Register, name: str | None) -> ReportingYear:
    """Return the year that is named, else the last that is over, else the one that runs, to be refused."""
    rules = packaged_rules().reporting_year
    if name is not None:
        return year_named(name, rules)
    published = published_years(register)
    return published[-1] if published else reporting_year(register.now().date(), rules)
