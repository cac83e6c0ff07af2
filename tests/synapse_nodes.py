"""Real nodes for tests: rendered and started as a network does it, on free ports, stopped by process id."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from client.session.local.lifeline import LIFELINE
from client.session.local.private_files import private_folder, write_private
from node.certificates import CertificateAuthority
from node.config import (
    Accounts,
    Listener,
    Listeners,
    NetworkFiles,
    NodeConfig,
    RateLimit,
    RateLimitName,
    write_node_toml,
)
from node.network.ports import free_ports
from node.synapse.process import synapse_command, synapse_environment
from node.synapse.render import render_node
from node.synapse.secret_files import registration_secret
from policies.trust.manifest import Manifest, ManifestNode, sign_manifest
from policies.trust.signing import SigningKey
from policies.trust.times import whole_utc

START_SECONDS = 90.0
_UNLIMITED = {name: RateLimit(per_second=9999, burst_count=9999) for name in RateLimitName}


@dataclass(frozen=True)
class Answer:
    """What a homeserver answered: the HTTP status and the JSON."""

    status: int
    body: dict[str, Any]

    @property
    def errcode(self) -> str:
        return str(self.body.get("errcode", ""))


@dataclass(frozen=True)
class HttpClient:
    """A plain HTTP client of one homeserver, knowing nothing of Matrix but paths and JSON."""

    url: str
    token: str = field(default="", repr=False)
    user_id: str = ""

    def request(self, method: str, path: str, body: object | None = None) -> Answer:
        """Send one request; `path` begins after /_matrix/client/v3 unless it begins with /_."""
        full = self.url + (path if path.startswith("/_") else f"/_matrix/client/v3{path}")
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(full, data=data, headers=headers, method=method)  # noqa: S310 - http only
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - http only
                return Answer(response.status, json.loads(response.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, json.loads(error.read()))

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def put(self, path: str, body: object) -> Answer:
        return self.request("PUT", path, body)

    def post(self, path: str, body: object) -> Answer:
        return self.request("POST", path, body)


@dataclass
class SynapseNode:
    """One node of a test's network."""

    config: NodeConfig
    folder: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _lifeline: int | None = field(default=None, repr=False)

    @property
    def region(self) -> str:
        return self.config.region

    @property
    def server_name(self) -> str:
        return self.config.server_name

    @property
    def url(self) -> str:
        return self.config.client_url

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the homeserver with a lifeline to this process; it is not waited for."""
        read_end, self._lifeline = os.pipe()
        try:
            with (self.folder / "console.log").open("ab") as console:
                self._process = subprocess.Popen(
                    synapse_command(self.folder),
                    env={**synapse_environment(), LIFELINE: str(read_end)},
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=console,
                    stderr=console,
                    pass_fds=(read_end,),
                )
        finally:
            os.close(read_end)

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait_healthy(self) -> None:
        def healthy() -> bool:
            assert self.alive(), f"{self.region} ended:\n{self.console()}"
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=5) as response:  # noqa: S310 - http only
                    return bool(response.status == 200)
            except (urllib.error.URLError, OSError):
                return False

        wait_for(healthy, f"{self.region} is healthy", seconds=START_SECONDS)

    def wait_ended(self, seconds: float = 20) -> int:
        """Wait until the process has ended by itself and return its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def console(self) -> str:
        """What the process printed and logged last."""
        texts = [self.folder / "console.log", self.folder / "homeserver.log"]
        return "\n".join(path.read_text()[-4000:] for path in texts if path.exists())

    def kill(self) -> None:
        """End it as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(20)
        self._drop_lifeline()

    def cut_lifeline(self) -> None:
        """Do to the node what the death of its supervisor does."""
        self._drop_lifeline()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(15)
        self._drop_lifeline()

    def _drop_lifeline(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None

    def anonymous(self) -> HttpClient:
        return HttpClient(self.url)

    def register(self, localpart: str, *, admin: bool = False) -> HttpClient:
        """Create an account and return a client that is logged in to it."""
        import hashlib
        import hmac

        path = "/_synapse/admin/v1/register"
        nonce = self.anonymous().get(path).body["nonce"]
        password = secrets.token_urlsafe(24)
        words = "\0".join([nonce, localpart, password, "admin" if admin else "notadmin"])
        mac = hmac.new(registration_secret(self.folder).encode(), words.encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": localpart, "password": password, "admin": admin, "mac": mac}
        answer = self.anonymous().post(path, body)
        assert answer.status == 200, answer
        return HttpClient(self.url, answer.body["access_token"], answer.body["user_id"])


@dataclass(frozen=True)
class TestNetwork:
    """The nodes of a test by region, the manifest that they share, and the key that signed it."""

    __test__ = False

    nodes: dict[str, SynapseNode]
    manifest: Manifest
    root: SigningKey = field(repr=False)

    def __getitem__(self, region: str) -> SynapseNode:
        return self.nodes[region]


def wait_for(condition: Callable[[], object], what: str, *, seconds: float = 20) -> None:
    """Wait until `condition` is true; fail with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def lay_out(folder: Path, regions: Sequence[str], *, without_fence: Collection[str] = ()) -> TestNetwork:
    """Write a network into `folder`: root, authority, manifest, and a rendered node for each region."""
    network = private_folder(folder / "network")
    authority = CertificateAuthority.create("test")
    authority.write(network / "ca.crt", network / "ca.key")
    root = SigningKey.generate("test")
    ports = free_ports(2 * len(regions))
    manifest = _manifest(regions, ports[: len(regions)], authority.sha256)
    write_private(network / "manifest.json", sign_manifest(manifest, root))
    nodes = {}
    for index, region in enumerate(regions):
        config = NodeConfig(
            region=region,
            server_name=f"{region}.rogatory.test",
            development=True,
            fence=region not in without_fence,
            listeners=Listeners(
                client=Listener("127.0.0.1", ports[len(regions) + index]),
                federation=Listener("127.0.0.1", ports[index]),
            ),
            network=NetworkFiles("../../network/manifest.json", root.public_key, "../../network/ca.crt"),
            accounts=Accounts(bcrypt_rounds=4),
            rate_limits=_UNLIMITED,
        )
        place = private_folder(folder / "nodes" / region)
        write_node_toml(place / "node.toml", config)
        authority.issue(config.server_name).write(place / "tls.crt", place / "tls.key")
        render_node(config, manifest, place)
        nodes[region] = SynapseNode(config, place)
    return TestNetwork(nodes, manifest, root)


@contextmanager
def running_nodes(
    folder: Path, regions: Sequence[str], *, without_fence: Collection[str] = ()
) -> Iterator[TestNetwork]:
    """A network of running, healthy nodes in `folder`; afterwards none of its processes is left."""
    network = lay_out(folder, regions, without_fence=without_fence)
    try:
        for node in network.nodes.values():
            node.start()
        for node in network.nodes.values():
            node.wait_healthy()
        yield network
    finally:
        for node in network.nodes.values():
            node.stop()


def _manifest(regions: Sequence[str], ports: Sequence[int], ca_sha256: str) -> Manifest:
    now = whole_utc(datetime.now(UTC))
    return Manifest(
        v=1,
        network="test",
        serial=1,
        issued_at=now - timedelta(minutes=5),
        valid_until=now + timedelta(days=30),
        development=True,
        nodes=tuple(
            ManifestNode(
                region=region,
                server_name=f"{region}.rogatory.test",
                host="127.0.0.1",
                port=port,
                ca_sha256=ca_sha256,
            )
            for region, port in zip(regions, ports, strict=True)
        ),
        authorities=(),
        organs=(),
    )
