"""node.toml: what is written is read back, and what is wrong is named."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.config import (
    Accounts,
    Listener,
    Listeners,
    NetworkFiles,
    NodeConfig,
    RateLimit,
    RateLimitName,
    read_node_toml,
    write_node_toml,
)
from node.errors import ConfigurationInvalid

GOOD = """\
region = "africa"
server_name = "africa.rogatory.test"
[listeners.client]
host = "127.0.0.1"
port = 18008
[listeners.federation]
host = "127.0.0.1"
port = 18448
[network]
manifest = "manifest.json"
root_public_key = "AAAA"
certificate_authority = "ca.crt"
"""

# what TOML can hold: no lone surrogates
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ports = st.integers(1, 65535)
rates = st.builds(
    RateLimit,
    per_second=st.floats(min_value=0.001, max_value=1e6, allow_nan=False),
    burst_count=st.integers(1, 1_000_000),
)
configs = st.builds(
    NodeConfig,
    region=st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True),
    server_name=st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,30}[a-z0-9])?", fullmatch=True),
    development=st.booleans(),
    fence=st.booleans(),
    listeners=st.builds(
        Listeners, client=st.builds(Listener, texts, ports), federation=st.builds(Listener, texts, ports)
    ),
    network=st.builds(NetworkFiles, texts, texts, texts),
    accounts=st.builds(Accounts, st.integers(10, 16)),
    rate_limits=st.dictionaries(st.sampled_from(RateLimitName), rates),
)


@given(config=configs)
def test_what_is_written_is_read_back(config: NodeConfig, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any configuration survives the file, and writing it twice writes once."""
    path = tmp_path_factory.mktemp("config") / "node.toml"
    assert write_node_toml(path, config) is True
    assert read_node_toml(path) == config
    assert write_node_toml(path, config) is False
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_defaults_are_those_of_production(tmp_path: Path) -> None:
    """Who says nothing gets the fence, twelve rounds of bcrypt and no development."""
    path = tmp_path / "node.toml"
    path.write_text(GOOD)
    config = read_node_toml(path)
    assert (config.fence, config.development, config.accounts.bcrypt_rounds) == (True, False, 12)
    assert config.client_url == "http://127.0.0.1:18008"


@pytest.mark.parametrize(
    ("old", "new", "named", "hint"),
    [
        ("region =", "regoin =", "there is no key regoin", "Did you mean region?"),
        ("[listeners.client]", "[listeners.cleint]", "there is no key listeners.cleint", "listeners.client"),
        ("manifest =", "manifset =", "there is no key network.manifset", "network.manifest"),
        ("port = 18008", 'port = "18008"', "listeners.client.port", "Expected int, got str"),
        ("port = 18008", "port = 0", "listeners.client.port", "int >= 1"),
        ('"africa"', '"../x"', "region", "matching regex"),
        ('"africa.rogatory.test"', '"Africa:8448"', "server_name", "matching regex"),
        ("port = 18448\n", "", "listeners.federation", "missing required field port"),
        ("[network]", "[storage]\nkind = 'postgres'\n[network]", "storage.kind", "PostgreSQL yet"),
        ("[network]", "[storage]\nkind = 'mysql'\n[network]", "storage.kind", "Invalid enum value"),
        ("[network]", "[accounts]\nbcrypt_rounds = 4\n[network]", "accounts.bcrypt_rounds", "cheap to guess"),
        ("[network]", "[rate_limits.mesage]\nburst_count = 1\n[network]", "rate_limits.mesage", "message?"),
        ("[network]", "[rate_limits.message]\nburst_count = 1\n[network]", "rate_limits", "per_second"),
        ("[network]", "[network", "cannot be read", "line 9"),
    ],
)
def test_a_mistake_is_named_with_its_file_key_and_remedy(
    old: str, new: str, named: str, hint: str, tmp_path: Path
) -> None:
    """Every error says which file, which key, and what would be right."""
    path = tmp_path / "node.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigurationInvalid) as caught:
        read_node_toml(path)
    assert str(path) in caught.value.what
    assert named in caught.value.what
    assert hint.rpartition(".")[2] in f"{caught.value.why} {caught.value.remedy}"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A missing node.toml is an error of the configuration, not a traceback."""
    with pytest.raises(ConfigurationInvalid, match=r"node\.toml cannot be read"):
        read_node_toml(tmp_path / "node.toml")
