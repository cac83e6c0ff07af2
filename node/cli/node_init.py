"""`rogatory node init`: a node's folder, from what the network gave the region."""

from __future__ import annotations

import datetime
from ipaddress import ip_address
from pathlib import Path

import click

from client.session.local.private_files import private_folder, write_private
from node.certificates import check_credentials
from node.cli.options import chosen_home, home_option, json_option, print_json
from node.config import Listener, Listeners, NetworkFiles, NodeConfig, write_node_toml
from node.errors import ConfigurationInvalid
from node.home import Home
from node.network.newest_serial import newest_serial, note_serial
from node.synapse.render import render_node
from policies.trust.manifest import Manifest, read_manifest

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not an IP address of this machine.") from None


@click.command()
@click.option("--region", required=True, help="The region's code, as the manifest has it.")
@click.option("--manifest", type=FILE, required=True, help="The network's signed manifest.")
@click.option("--root-public-key", required=True, help="The network root's public key, from its ceremony.")
@click.option("--certificate-authority", type=FILE, required=True, help="The network's authority (PEM).")
@click.option("--certificate", type=FILE, required=True, help="This node's certificate (PEM).")
@click.option("--private-key", type=FILE, required=True, help="Its private key (PEM).")
@click.option(
    "--client-port",
    type=click.IntRange(1, 65535),
    default=8008,
    show_default=True,
    help="The port for clients, on this machine's own 127.0.0.1: put a TLS proxy in front of it.",
)
@click.option(
    "--federation-host",
    default="0.0.0.0",  # noqa: S104 - peers come from other machines
    show_default=True,
    callback=_address,
    help="The address that peers reach; the port is the manifest's.",
)
@home_option
@json_option
def init(
    region: str,
    manifest: Path,
    root_public_key: str,
    certificate_authority: Path,
    certificate: Path,
    private_key: Path,
    client_port: int,
    federation_host: str,
    home: str | None,
    as_json: bool,
) -> None:
    """Make the folder of one region's node: checked, locked down, ready for `rogatory node start`.

    `rogatory up` makes a whole development network instead, and needs none of these files.
    """
    opened = chosen_home(home, create=True)
    if (opened.node(region) / "node.toml").exists():
        raise ConfigurationInvalid(
            f"This home has a node '{region}' already.",
            why=f"There is {opened.node(region) / 'node.toml'}.",
            remedy="Edit that file, or use another home.",
        )
    now = datetime.datetime.now(datetime.UTC)
    read = read_manifest(manifest.read_bytes(), root_public_key, now=now)
    _check_same_network(opened, read, root_public_key)
    config = NodeConfig(
        region=region,
        server_name=read.node(region).server_name,
        listeners=Listeners(
            client=Listener("127.0.0.1", client_port),
            federation=Listener(federation_host, read.node(region).port),
        ),
        network=NetworkFiles(
            manifest="../../network/manifest.json",
            root_public_key=root_public_key,
            certificate_authority="../../network/ca.crt",
        ),
    )
    check_credentials(read.node(region), certificate_authority, certificate, private_key)
    _write_network(opened, manifest, read.serial, root_public_key, certificate_authority)
    _write_node(opened, config, read, certificate, private_key)
    if as_json:
        print_json({"region": region, "server_name": config.server_name, "folder": str(opened.node(region))})
    else:
        click.echo(f"The node {config.server_name} lies in {opened.node(region)}.")
        click.echo("Next: `rogatory node doctor`, then `rogatory node start`.")


def _check_same_network(home: Home, manifest: Manifest, root_public_key: str) -> None:
    """See that the home's other nodes keep their root, and get no older manifest than they have."""
    if not home.root_public_key.exists():
        return
    pinned = home.root_public_key.read_text(errors="replace").strip()
    if pinned != root_public_key:
        raise ConfigurationInvalid(
            f"The home at {home.root} belongs to a network with another root.",
            why=f"It has pinned the public key {pinned[:60]}, and {root_public_key[:60]} is given.",
            remedy="Check the key with the network's ceremony; use another home for another network.",
        )
    seen = newest_serial(home)
    if seen is not None and manifest.serial < seen:
        raise ConfigurationInvalid(
            f"The manifest's serial is {manifest.serial}, and this home has {seen} already.",
            why="An older manifest would bring back servers and keys that were removed since.",
            remedy="Get the network's newest manifest.",
        )


def _write_network(home: Home, manifest: Path, serial: int, root_public_key: str, authority: Path) -> None:
    write_private(home.manifest, manifest.read_bytes())
    note_serial(home, serial)
    write_private(home.root_public_key, root_public_key + "\n")
    write_private(home.network / "ca.crt", authority.read_bytes())


def _write_node(
    home: Home, config: NodeConfig, manifest: Manifest, certificate: Path, private_key: Path
) -> None:
    folder = private_folder(home.node(config.region))
    write_private(folder / "tls.key", private_key.read_bytes())
    write_private(folder / "tls.crt", certificate.read_bytes())
    render_node(config, manifest, folder)
    # Last: a folder without its node.toml is no node yet, so an interrupted init can be repeated.
    write_node_toml(folder / "node.toml", config)
