"""The order in which the network comes up: layout, nodes, accounts, rooms, the request, the bridge.

Every step finds what an earlier run has done and goes on from there, so that a run that was interrupted or
killed anywhere is finished by the next one.
"""

from __future__ import annotations

import asyncio
import datetime
import importlib
from collections.abc import Mapping, Sequence

from client.session.accounts import Accounts
from node.cli.up.bridge import bridge_child, bridge_url
from node.cli.up.outcome import NodeOutcome, Outcome
from node.cli.up.progress import Progress
from node.config import NodeConfig
from node.home import Home
from node.network.children import node_child
from node.network.layout import NetworkLayout, lay_out_network
from node.network.selection import selected_regions
from node.supervisor.starting import start_children
from node.supervisor.status import ChildEvent
from node.supervisor.status import Progress as Step
from policies.network.addresses import Content
from policies.network.development import development_roster, development_server_names
from policies.network.load import load_network
from policies.network.network import Network
from policies.network.roles import RoleCode
from policies.network.roster import FunctionAccount, Roster


class BringUp:
    """One run of `rogatory up`. `changes` collects in words what it did."""

    def __init__(self, home: Home, progress: Progress) -> None:
        self._home = home
        self._progress = progress
        self.changes: list[str] = []

    async def run(self, regions_option: str | None) -> Outcome:
        """Bring the selected regions up and return what stands. Raises what stops it, from any layer."""
        network = load_network()
        regions = selected_regions(regions_option, network)
        server_names = development_server_names(network)
        roster = development_roster(network, server_names)
        layout = self._lay_out(network, server_names, roster)
        nodes = {region: layout.nodes[region] for region in regions}
        await self._start_nodes(nodes)
        from node.cli.up import steps  # loaded by now, while the nodes were starting

        present = tuple(account for account in roster if account.region in nodes)
        await self._accounts(nodes, present)
        attested = steps.sign_attestations(self._home, layout, present, datetime.datetime.now(datetime.UTC))
        rooms = await self._rooms(network, server_names, roster, regions, attested.contents)
        request = await steps.ensure_issued(self._home, layout.manifest, present, self._did)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._start_bridge())
            if request is not None:
                group.create_task(steps.ensure_read(self._home, layout.manifest, present, request, self._did))
        for error in attested.without_keys:
            self._progress.done(f"{error.what} {error.why} {error.remedy}")
        accounts = Accounts(self._home.accounts)
        return Outcome(
            home=self._home.root,
            nodes={
                region: NodeOutcome(config.server_name, config.client_url, healthy=True)
                for region, config in nodes.items()
            },
            accounts=[(account, steps.password_file(accounts, account.user_id)) for account in present],
            rooms=rooms,
            request=request,
            bridge_url=bridge_url(self._home),
            changes=tuple(self.changes),
        )

    def _lay_out(self, network: Network, server_names: Mapping[str, str], roster: Roster) -> NetworkLayout:
        court = next(account.user_id for account in roster if account.role is RoleCode.COURT)
        layout = lay_out_network(
            self._home,
            network=network.development.domain,
            server_names=server_names,
            court_account=court,
            now=datetime.datetime.now(datetime.UTC),
        )
        if layout.changed:
            self._did("keys, certificates and configuration written")
        return layout

    async def _start_nodes(self, nodes: Mapping[str, NodeConfig]) -> None:
        self._progress.working(f"starting {', '.join(nodes)}")

        def report(step: Step) -> None:
            if step.event is ChildEvent.HEALTHY:
                self._did(f"node {step.name} is up")
            elif step.event is not ChildEvent.UNCHANGED:
                self._progress.working(f"{step.name}: {step.event} {step.detail}")

        children = [node_child(self._home, config) for config in nodes.values()]
        async with asyncio.TaskGroup() as group:
            group.create_task(start_children(self._home.supervisor, children, report=report))
            # What comes after takes a second to load: long enough to do it while the nodes load theirs.
            group.create_task(asyncio.to_thread(importlib.import_module, "node.cli.up.steps"))

    async def _accounts(self, nodes: Mapping[str, NodeConfig], present: Sequence[FunctionAccount]) -> None:
        from node.cli.up import steps  # see run

        self._progress.working("accounts")
        async with asyncio.TaskGroup() as group:
            made = [
                group.create_task(steps.ensure_accounts(self._home, config, _members(present, region)))
                for region, config in nodes.items()
            ]
        count = sum(task.result() for task in made)
        if count:
            self._did(f"{count} function accounts made")

    async def _rooms(
        self,
        network: Network,
        server_names: Mapping[str, str],
        roster: Roster,
        regions: Sequence[str],
        attestations: Mapping[str, Content],
    ) -> Mapping[str, str]:
        from node.cli.up import steps  # see run

        self._progress.working("rooms")
        rooms, changes = await steps.ensure_rooms(
            self._home, network, server_names, roster, regions, attestations, self._progress.working
        )
        if changes:
            self._did(f"{changes} steps made the {len(rooms)} spaces and rooms what the policy asks for")
        return rooms

    async def _start_bridge(self) -> None:
        def report(step: Step) -> None:
            if step.event is ChildEvent.HEALTHY:
                self._did("the bridge is up")

        await start_children(self._home.supervisor, [bridge_child(self._home)], report=report)

    def _did(self, text: str) -> None:
        self.changes.append(text)
        self._progress.done(text)


def _members(present: Sequence[FunctionAccount], region: str) -> list[FunctionAccount]:
    return [account for account in present if account.region == region]
