"""What a development network's nodes do without."""

from __future__ import annotations

import json
import subprocess
import sys

from node.synapse.plugin.quick_node import VARIABLE
from node.synapse.process import synapse_environment


def _facts(environment: dict[str, str]) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.node.synapse.quick_node_facts"]
    done = subprocess.run(
        command, env=synapse_environment() | environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    facts: dict[str, object] = json.loads(done.stdout)
    return facts


def test_a_quick_node_runs_transactions_in_the_reactors_thread_and_in_a_later_turn() -> None:
    """The caller goes on first, then its transaction runs; schemas go unchecked, data do not."""
    assert _facts({VARIABLE: "1"}) == {
        "keeps_threads": False,
        "encodes_in_a_thread": False,
        "checks_the_schema": False,
        "refuses_bad_power_levels": True,
        "refuses_good_power_levels": False,
        "ran_before_the_turn": 0,
        "ran_in_this_thread": True,
    }


def test_a_node_in_service_stays_as_synapse_is() -> None:
    """Nothing is changed unless the environment asks for it."""
    assert _facts({}) == {
        "keeps_threads": True,
        "encodes_in_a_thread": True,
        "checks_the_schema": True,
        "refuses_bad_power_levels": True,
        "refuses_good_power_levels": False,
    }
