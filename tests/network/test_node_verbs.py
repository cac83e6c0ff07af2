"""`rogatory node ...` on the real homeservers of a development network of two."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.network.conftest import processes_of
from tests.network.file_keyring import FILE
from tests.network.plain_http import answer, answers
from tests.network.rogatory import Rogatory

KEYRING = {
    "PYTHON_KEYRING_BACKEND": "tests.network.file_keyring.FileKeyring",
    "PYTHONPATH": str(Path(__file__).parents[2]),
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rogatory]:
    """Yield a development network of the Court's node and Africa's."""
    rogatory = Rogatory(tmp_path_factory.mktemp("pair") / "home")
    try:
        rogatory.run("up", "--regions", "africa")
        yield rogatory
    finally:
        rogatory.run("down")
        assert processes_of(rogatory.home) == []


def findings(rogatory: Rogatory, check: str, *, expect: int) -> list[str]:
    """Run the doctor on Africa's node, and return what a check of it found that is not well."""
    report = rogatory.json("node", "doctor", "--region", "africa", expect=expect)
    return [
        finding["what"]
        for finding in report["nodes"]["africa"]
        if finding["check"] == check and finding["severity"] != "ok"
    ]


@pytest.mark.synapse
class TestPair:
    """The verbs on a network that `up` made."""

    def test_stop_and_start_are_about_the_named_node_only(self, pair: Rogatory) -> None:
        """`stop --region africa` ends that homeserver and no other; `start` brings it back; both twice."""
        before = pair.json("node", "status")["nodes"]
        assert before["africa"]["healthy"]
        assert before["court"]["healthy"]
        assert pair.json("node", "stop", "--region", "africa") == {"stopped": ["africa"]}
        assert not answers(before["africa"]["url"])
        after = pair.json("node", "status")["nodes"]
        assert after["africa"]["state"] == "stopped"
        assert after["court"]["pid"] == before["court"]["pid"]
        assert pair.json("node", "stop", "--region", "africa") == {"stopped": []}
        assert pair.json("node", "start", "--region", "africa") == {"started": ["africa"]}
        assert answers(before["africa"]["url"])
        back = pair.json("node", "status", "--region", "africa")["nodes"]["africa"]
        pair.run("node", "start", "--region", "africa")
        assert pair.json("node", "status", "--region", "africa")["nodes"]["africa"]["pid"] == back["pid"]

    def test_a_user_that_is_added_can_log_in_and_is_listed(self, pair: Rogatory) -> None:
        """The password that `user add` shows once opens the account, and `user list` has it, once."""
        made = pair.json("node", "user", "add", "--region", "africa", "bob")
        assert made["user_id"] == "@bob:africa.rogatory.test"
        url = pair.json("node", "status", "--region", "africa")["nodes"]["africa"]["url"]
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": "bob"},
            "password": made["password"],
        }
        status, logged_in = answer(url, "/_matrix/client/v3/login", body)
        assert status == 200
        assert json.loads(logged_in)["user_id"] == made["user_id"]
        listed = pair.json("node", "user", "list", "--region", "africa")["users"]
        assert [user for user in listed if user["user_id"] == made["user_id"]] == [
            {"user_id": made["user_id"], "operator": False, "deactivated": False}
        ]
        assert [user["user_id"] for user in listed if user["operator"]] == ["@operator:africa.rogatory.test"]

    def test_login_makes_an_account_here_whose_key_the_keyring_has(
        self, pair: Rogatory, tmp_path: Path
    ) -> None:
        """With the password on standard input `login` opens the account; no file has its key."""
        made = pair.json("node", "user", "add", "--region", "africa", "desk")
        url = pair.json("node", "status", "--region", "africa")["nodes"]["africa"]["url"]
        desk = Rogatory(tmp_path / "home", **{**KEYRING, FILE: str(tmp_path / "keyring.json")})
        arguments = ("login", made["user_id"], "--homeserver", url)
        assert "cannot log in" in desk.run(*arguments, stdin="wrong\n", expect=3).stderr
        desk.run(*arguments, stdin=f"{made['password']}\n")
        assert desk.json("rooms") == {"rooms": []}
        [key] = json.loads((tmp_path / "keyring.json").read_text()).values()
        files = [path for path in desk.home.rglob("*") if path.is_file()]
        assert {path.name for path in files} >= {"store.db", "account.toml"}
        for secret in (key, made["password"]):
            assert [path for path in files if secret.encode() in path.read_bytes()] == []

    def test_login_without_a_keyring_leaves_no_device_behind(self, pair: Rogatory, tmp_path: Path) -> None:
        """Where no keyring can hold the key, `login` fails and ends the device that it began."""
        made = pair.json("node", "user", "add", "--region", "africa", "keyless")
        url = pair.json("node", "status", "--region", "africa")["nodes"]["africa"]["url"]
        desk = Rogatory(tmp_path / "home", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
        arguments = ("login", made["user_id"], "--homeserver", url)
        assert "keyring" in desk.run(*arguments, stdin=f"{made['password']}\n", expect=1).stderr
        database = pair.home / "nodes" / "africa" / "homeserver.db"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as homeserver:
            query = "SELECT count(*) FROM access_tokens WHERE user_id = ?"
            assert homeserver.execute(query, [made["user_id"]]).fetchone() == (0,)

    def test_a_user_is_added_once(self, pair: Rogatory) -> None:
        """A second `user add` of one name fails, says that it is there, and shows no password."""
        pair.run("node", "user", "add", "--region", "africa", "twice")
        done = pair.run("node", "user", "add", "--region", "africa", "twice", expect=1)
        assert "already" in done.stderr
        assert done.stdout == ""

    def test_no_password_of_an_account_stands_in_a_log(self, pair: Rogatory) -> None:
        """Neither the homeserver's logs nor the supervisor's record hold what `user add` has shown."""
        made = pair.json("node", "user", "add", "--region", "africa", "unseen")
        logs = [*pair.home.rglob("*.log"), *(pair.home / "supervisor").glob("*.json")]
        assert logs
        assert [path for path in logs if made["password"] in path.read_text()] == []

    def test_a_stopped_node_is_named_to_who_would_add_a_user(self, pair: Rogatory) -> None:
        """`user add` and `user list` on a stopped node say that it does not answer, and how to start it."""
        pair.run("node", "stop", "--region", "africa")
        for verb in (["add", "late"], ["list"]):
            said = pair.run("node", "user", *verb, "--region", "africa", expect=1).stderr
            assert re.search("does not answer|cannot be reached", said)
            assert "do: " in said
        pair.run("node", "start", "--region", "africa")

    def test_a_message_waits_for_a_stopped_node_in_words(self, pair: Rogatory) -> None:
        """`send` while the node is down says that it waits; interrupted, that the message is kept; it is."""
        user = "@sen.focal-point.1:africa.rogatory.test"
        pair.run("node", "stop", "--region", "africa")
        with pair.running("send", "General", "Patience", "--as", user) as process:
            assert process.stderr is not None
            assert "does not answer" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
            assert process.wait() == 130
        assert "Do not send it again" in rest
        pair.run("node", "start", "--region", "africa")
        with pair.running("listen", "--as", user):
            got = pair.listen("@otp:court.rogatory.test", lambda event: event["sender"] == user)
        assert got[-1]["body"] == "Patience"

    def test_the_doctor_finds_nothing_grave_on_a_sound_node(self, pair: Rogatory) -> None:
        """On what `up` made no check finds an error, and each of them ran."""
        report = pair.json("node", "doctor", "--region", "africa")["nodes"]["africa"]
        assert {finding["check"] for finding in report} >= {
            "versions",
            "file modes",
            "fence",
            "whitelist",
            "manifest",
            "certificates",
            "peers",
            "clock",
        }
        assert [finding for finding in report if finding["severity"] == "error"] == []

    @pytest.mark.parametrize("name", ["tls.key", "signing.key", "secrets/registration_shared_secret"])
    def test_the_doctor_finds_a_key_that_others_can_read(self, pair: Rogatory, name: str) -> None:
        """A private key with mode 0644 is an error that names the file."""
        key = pair.home / "nodes" / "africa" / name
        key.chmod(0o644)
        found = findings(pair, "file modes", expect=1)
        key.chmod(0o600)
        assert len(found) == 1
        assert name in found[0]
        assert findings(pair, "file modes", expect=0) == []

    def test_the_doctor_finds_a_fence_that_is_off(self, pair: Rogatory) -> None:
        """A fence switched off in node.toml is an error, and so is one that homeserver.yaml leaves out."""
        toml = pair.home / "nodes" / "africa" / "node.toml"
        good = toml.read_text()
        toml.write_text(re.sub("^fence = true$", "fence = false", good, flags=re.MULTILINE))
        assert toml.read_text() != good
        switched_off = findings(pair, "fence", expect=1)
        toml.write_text(good)
        assert switched_off
        rendered = pair.home / "nodes" / "africa" / "homeserver.yaml"
        yaml = rendered.read_text()
        rendered.write_text(yaml.replace("node.synapse.plugin.fence", "node.synapse.plugin.other"))
        left_out = findings(pair, "fence", expect=1)
        rendered.write_text(yaml)
        assert left_out
        assert findings(pair, "fence", expect=0) == []

    def test_the_doctor_finds_a_whitelist_that_is_not_the_manifests(self, pair: Rogatory) -> None:
        """A server too many and a server missing are each named; `node start` renders the list again."""
        rendered = pair.home / "nodes" / "africa" / "homeserver.yaml"
        good = rendered.read_text()
        rendered.write_text(re.sub(r"^- weog\.rogatory\.test$", "- matrix.org", good, flags=re.MULTILINE))
        [found] = findings(pair, "whitelist", expect=1)
        assert "too many: matrix.org" in found
        assert "missing: weog.rogatory.test" in found
        pair.run("node", "start", "--region", "africa")
        assert rendered.read_text() == good
        assert findings(pair, "whitelist", expect=0) == []

    def test_the_doctor_looks_at_the_other_nodes_when_one_file_is_broken(self, pair: Rogatory) -> None:
        """A broken node.toml is an error of its node, and the other nodes are still looked at."""
        toml = pair.home / "nodes" / "africa" / "node.toml"
        good = toml.read_text()
        toml.write_text("region = 1\n")
        report = pair.json("node", "doctor", expect=1)["nodes"]
        toml.write_text(good)
        assert [f["check"] for f in report["africa"] if f["severity"] == "error"] == ["node.toml"]
        assert [f for f in report["court"] if f["severity"] == "error"] == []
