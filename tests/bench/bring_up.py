"""How long `rogatory up` takes, as a ratio to six bare Synapse processes in the same run.

    .venv/bin/python -m tests.bench.bring_up [--runs 3]

The floor: six Synapse processes with the smallest configuration that starts, on empty SQLite databases, from
being spawned to all six answering /health. The figures: `rogatory up` from nothing, and `up` again. Then
`rogatory --help` against `python -c pass`, and `rogatory status` on six nodes against `rogatory --help`.
"""

from __future__ import annotations

import argparse
import base64
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from node.network.ports import free_ports

NAMES = ("court", "africa", "asia-pacific", "eastern-europe", "grulac", "weog")
ROGATORY = str(Path(sys.executable).with_name("rogatory"))


def bare_synapse(folder: Path, name: str, port: int) -> list[str]:
    """Write the smallest configuration that starts, and return its command."""
    folder.mkdir(parents=True)
    seed = base64.b64encode(os.urandom(32)).decode().rstrip("=")
    (folder / "signing.key").write_text(f"ed25519 a_bare {seed}\n")
    (folder / "log.yaml").write_text("version: 1\nroot: {level: WARNING}\n")
    (folder / "homeserver.yaml").write_text(
        f"""server_name: "{name}.bare.test"
report_stats: false
signing_key_path: {folder}/signing.key
log_config: {folder}/log.yaml
media_store_path: {folder}/media
pid_file: {folder}/pid
trusted_key_servers: []
macaroon_secret_key: {secrets.token_hex()}
form_secret: {secrets.token_hex()}
listeners:
  - {{port: {port}, type: http, bind_addresses: [127.0.0.1], resources: [{{names: [client, federation]}}]}}
database: {{name: sqlite3, args: {{database: {folder}/homeserver.db}}}}
"""
    )
    return [sys.executable, "-m", "synapse.app.homeserver", "-c", str(folder / "homeserver.yaml")]


def healthy(port: int) -> bool:
    try:
        address = f"http://127.0.0.1:{port}/health"
        with urllib.request.urlopen(address, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def floor(folder: Path) -> float:
    """Seconds from spawning six bare Synapse processes to all six being healthy."""
    ports = free_ports(len(NAMES))
    commands = [bare_synapse(folder / name, name, port) for name, port in zip(NAMES, ports, strict=True)]
    began = time.perf_counter()
    processes = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        waiting = set(ports)
        while waiting:
            waiting = {port for port in waiting if not healthy(port)}
            time.sleep(0.02)
        return time.perf_counter() - began
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


def timed(*command: str) -> float:
    """Seconds that a command takes; it must succeed."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def medians(count: int, *commands: list[str]) -> list[float]:
    """The median seconds of each command, run in turns so that a slow moment meets them all."""
    for command in commands:
        timed(*command)
    turns = [[timed(*command) for command in commands] for _ in range(count)]
    return [statistics.median(times) for times in zip(*turns, strict=True)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    for run in range(1, runs + 1):
        with tempfile.TemporaryDirectory() as scratch:
            bare = floor(Path(scratch) / "bare")
            home = f"--home={Path(scratch) / 'home'}"
            try:
                first = timed(ROGATORY, "up", home)
                again = timed(ROGATORY, "up", home)
                nothing, help_, status = medians(
                    15, [sys.executable, "-c", "pass"], [ROGATORY, "--help"], [ROGATORY, "status", home]
                )
            finally:
                timed(ROGATORY, "down", home)
        print(  # noqa: T201 - the figures are what this program is for
            f"run {run}: six bare {bare:.1f} s; up {first:.1f} s = {first / bare:.2f} x (bound 2.5); "
            f"up again {again:.1f} s = {again / first:.2f} x the first; "
            f"--help {help_ / nothing:.1f} x python -c pass (bound 6); "
            f"status {status / help_:.1f} x --help (bound 3)"
        )


if __name__ == "__main__":
    main()
