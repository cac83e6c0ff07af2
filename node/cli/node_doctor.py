"""`rogatory node doctor`: what is wrong with a node, or soon will be."""

from __future__ import annotations

import asyncio
import sys

import click
import msgspec

from node.cli.nodes import regions_of
from node.cli.options import chosen_home, home_option, json_option, print_json
from node.cli.up.progress import Progress
from node.doctor.finding import Finding, Severity, worst
from node.doctor.run import run_checks
from node.home import Home

_SIGNS = {Severity.OK: "ok     ", Severity.WARNING: "WARNING", Severity.ERROR: "ERROR  "}


@click.command()
@click.option("--region", metavar="REGION", help="Which node (default: all of this home).")
@home_option
@json_option
def doctor(region: str | None, home: str | None, as_json: bool) -> int:
    """Look for what is wrong with a node: versions, file modes, certificates, whitelist, clocks, peers.

    Exit 1 if an error is found; warnings alone are exit 0.
    """
    opened = chosen_home(home)
    found = asyncio.run(_check(opened, regions_of(opened, region)))
    if as_json:
        print_json(
            {
                "nodes": {
                    name: [msgspec.to_builtins(each) for each in each_of] for name, each_of in found.items()
                }
            }
        )
    else:
        for name, each_of in found.items():
            click.echo(name)
            for each in each_of:
                _show(each)
    everything = [each for each_of in found.values() for each in each_of]
    return 1 if worst(everything) is Severity.ERROR else 0


async def _check(home: Home, regions: list[str]) -> dict[str, list[Finding]]:
    progress = Progress(sys.stderr)
    found = {}
    for region in regions:
        progress.working(f"looking at {region}")
        found[region] = await run_checks(
            home.node(region),
            home.network,
            on_finding=lambda finding: progress.working(f"{finding.check}: {finding.what}"),
        )
    progress.working("")
    return found


def _show(finding: Finding) -> None:
    click.echo(f"  {_SIGNS[finding.severity]} {finding.check}: {finding.what}")
    for text in (finding.why, finding.remedy):
        if text:
            click.echo(f"            {text}")
