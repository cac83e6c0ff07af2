"""One real Synapse on this machine for a test session: its own small configuration, stopped by its id."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_LIMIT = {"per_second": 9999, "burst_count": 9999}
_LIMITED = ("rc_message", "rc_registration", "rc_joins_per_room", "rc_room_creation", "rc_profile")


@dataclass(frozen=True)
class Login:
    """What an account needs to enrol."""

    user_id: str
    device_id: str
    access_token: str
    password: str


@dataclass(frozen=True)
class Homeserver:
    """A running Synapse."""

    url: str
    name: str
    secret: str

    def register(self, localpart: str, *, device_id: str | None = None) -> Login:
        """Register an account by the shared secret, with its first device."""
        password = secrets.token_urlsafe(18)
        nonce = call(self.url, "GET", "/_synapse/admin/v1/register")["nonce"]
        assert isinstance(nonce, str)
        text = b"\0".join([nonce.encode(), localpart.encode(), password.encode(), b"notadmin"])
        mac = hmac.new(self.secret.encode(), text, hashlib.sha1).hexdigest()
        call(
            self.url,
            "POST",
            "/_synapse/admin/v1/register",
            {"nonce": nonce, "username": localpart, "password": password, "admin": False, "mac": mac},
        )
        return self.login(f"@{localpart}:{self.name}", password, device_id=device_id)

    def login(self, user_id: str, password: str, *, device_id: str | None = None) -> Login:
        """Log a device in."""
        answer = call(
            self.url,
            "POST",
            "/_matrix/client/v3/login",
            {
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": user_id},
                "password": password,
                **({"device_id": device_id} if device_id else {}),
            },
        )
        return Login(user_id, str(answer["device_id"]), str(answer["access_token"]), password)


def call(
    url: str, method: str, path: str, body: Mapping[str, object] | None = None, token: str | None = None
) -> dict[str, object]:
    """Make one plain HTTP call, the way an outside program would."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=data, method=method, headers=headers)  # noqa: S310 # loopback http
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 # loopback http
        result = json.load(answer)
    assert isinstance(result, dict)
    return result


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running_synapse(folder: Path) -> Iterator[Homeserver]:
    """Start a Synapse in `folder`, wait until it is healthy, and stop it at the end."""
    port, secret, name = free_port(), secrets.token_hex(16), "session.rogatory.test"
    seed = secrets.token_bytes(32)
    import base64

    key = base64.b64encode(seed).decode().rstrip("=")
    (folder / "signing.key").write_text(f"ed25519 a_test {key}\n")
    (folder / "log.yaml").write_text(
        "version: 1\nhandlers: {file: {class: logging.FileHandler, filename: homeserver.log}}\n"
        "root: {level: WARNING, handlers: [file]}\ndisable_existing_loggers: false\n"
    )
    config = {
        "server_name": name,
        "pid_file": "homeserver.pid",
        "listeners": [
            {
                "port": port,
                "type": "http",
                "tls": False,
                "bind_addresses": ["127.0.0.1"],
                "resources": [{"names": ["client", "federation"]}],
            }
        ],
        "database": {"name": "sqlite3", "args": {"database": "homeserver.db"}},
        "log_config": "log.yaml",
        "media_store_path": "media",
        "signing_key_path": "signing.key",
        "registration_shared_secret": secret,
        "macaroon_secret_key": secrets.token_hex(16),
        "form_secret": secrets.token_hex(16),
        "report_stats": False,
        "trusted_key_servers": [],
        "presence": {"enabled": False},
        "bcrypt_rounds": 4,
        "caches": {"sync_response_cache_duration": 0},
        **dict.fromkeys(_LIMITED, _LIMIT),
        "rc_login": {"address": _LIMIT, "account": _LIMIT, "failed_attempts": _LIMIT},
        "rc_joins": {"local": _LIMIT, "remote": _LIMIT},
        "rc_invites": {"per_room": _LIMIT, "per_user": _LIMIT, "per_issuer": _LIMIT},
    }
    (folder / "homeserver.yaml").write_text(json.dumps(config))
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with (folder / "out.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "synapse.app.homeserver", "-c", "homeserver.yaml"],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url, process, folder)
        yield Homeserver(url, name, secret)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "out.log").read_text()
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):  # noqa: S310 # loopback http
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)  # waiting for another program's port: there is nothing to be notified by
    raise AssertionError("Synapse did not become healthy")
