"""The home: the one folder in which a network, its nodes and its accounts keep their state here."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from client.session.local.private_files import private_folder, write_private
from node.errors import HomeTooNew, HomeUnusable

LAYOUT = 1
"""Which layout of the home this version writes. 1: network, nodes, accounts, bridge, supervisor."""


@dataclass(frozen=True)
class Home:
    """Where everything lies. Made by `open_home`; every folder of it is 0700."""

    root: Path

    @property
    def network(self) -> Path:
        """The manifest, the network root's public key, the certificate authority."""
        return self.root / "network"

    @property
    def nodes(self) -> Path:
        """One folder a region: node.toml, what is rendered from it, Synapse's database."""
        return self.root / "nodes"

    @property
    def accounts(self) -> Path:
        """One folder an account: its store, its key, its lock."""
        return self.root / "accounts"

    @property
    def bridge(self) -> Path:
        """The register and what the bridge remembers."""
        return self.root / "bridge"

    @property
    def supervisor(self) -> Path:
        """The supervisor's lock, socket, record and log."""
        return self.root / "supervisor"

    @property
    def manifest(self) -> Path:
        """The signed manifest of the network."""
        return self.network / "manifest.json"

    @property
    def root_public_key(self) -> Path:
        """The pinned public key of the network root, unpadded base64."""
        return self.network / "root.pub"

    @property
    def newest_serial(self) -> Path:
        """The largest serial of a manifest that was believed here."""
        return self.network / "manifest.serial"

    def node(self, region: str) -> Path:
        """The folder of one region's node."""
        return self.nodes / region

    def regions(self) -> list[str]:
        """Return the regions whose node lies here, by name."""
        return sorted(path.parent.name for path in self.nodes.glob("*/node.toml"))


def home_path(option: str | None) -> Path:
    """Return where the home is: `--home`, else ROGATORY_HOME, else the platform's data folder."""
    chosen = option or os.environ.get("ROGATORY_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_data_path  # imported here: most runs name their home

    return user_data_path("rogatory")


def open_home(path: Path, *, create: bool = False) -> Home:
    """Open the home at `path`, or lay a new one out there if `create`.

    Raises HomeUnusable when it is not there or cannot be read or written, HomeTooNew when a newer version
    wrote it.
    """
    mark = path / "home.toml"
    try:
        if mark.is_file():
            _check_layout(path, mark.read_bytes())
        elif create:
            _lay_out(path, mark)
        else:
            raise HomeUnusable(
                f"There is no home of Rogatory at {path}.",
                why="The folder has no file home.toml.",
                remedy="Run `rogatory up` first, or name another home with --home or ROGATORY_HOME.",
            )
        _check_writable(path)
        if path.stat().st_mode & 0o077:
            path.chmod(0o700)  # a copy, or somebody's chmod: names of accounts are in the names of folders
    except OSError as error:
        raise HomeUnusable(
            f"The home at {path} cannot be used.",
            why=f"The system says: {error.strerror or error}.",
            remedy="Give this user the right to read and write it, or name another home with --home.",
        ) from error
    return Home(path)


def _lay_out(path: Path, mark: Path) -> None:
    if path.is_dir() and any(path.iterdir()):
        raise HomeUnusable(
            f"The folder {path} is not a home of Rogatory.",
            why="It holds other files and no home.toml.",
            remedy="Name an empty or a new folder with --home or ROGATORY_HOME.",
        )
    private_folder(path).chmod(0o700)
    for name in ("network", "nodes", "accounts", "bridge", "supervisor"):
        private_folder(path / name)
    write_private(
        mark, f"# Which version of the layout this folder has. Written by rogatory.\nlayout = {LAYOUT}\n"
    )


def _check_layout(path: Path, content: bytes) -> None:
    try:
        layout = tomllib.loads(content.decode()).get("layout")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise HomeUnusable(
            f"The home at {path} cannot be read.",
            why=f"home.toml is not TOML: {error}.",
            remedy="Restore home.toml from a backup.",
        ) from error
    if not isinstance(layout, int) or isinstance(layout, bool) or layout < 1:
        raise HomeUnusable(
            f"The home at {path} cannot be read.",
            why=f"home.toml says layout = {layout!r}, which no version has written.",
            remedy="Restore home.toml from a backup.",
        )
    if layout > LAYOUT:
        raise HomeTooNew(
            f"The home at {path} was made by a newer version of Rogatory.",
            why=f"Its layout is {layout}; this version knows layouts up to {LAYOUT}.",
            remedy="Use that newer version, or name another home with --home. Nothing was changed.",
        )


def _check_writable(path: Path) -> None:
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise HomeUnusable(
            f"The home at {path} cannot be used.",
            why="This user may not read and write it.",
            remedy="Give this user the right to, or name another home with --home or ROGATORY_HOME.",
        )
