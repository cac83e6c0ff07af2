"""homeserver.yaml as a value: Synapse locked down for one node of a closed network.

Synapse ignores keys that it does not know, so a test reads the rendered file with Synapse's own parser and
finds no key that it did not look at. What each key does: Synapse's configuration manual.
"""

from __future__ import annotations

from pathlib import Path

from node.config import NodeConfig
from node.synapse import secret_files, signing_key
from node.synapse.perimeter import perimeter_settings
from node.synapse.rate_limits import rate_limit_settings
from policies.trust.manifest import Manifest

PEER_TABLE = "node.synapse.plugin.peer_table.PeerTable"
FENCE = "node.synapse.plugin.fence.Fence"


def homeserver_settings(config: NodeConfig, manifest: Manifest, folder: Path) -> dict[str, object]:
    """Return everything that homeserver.yaml says about the node in `folder` (an absolute path)."""
    return {
        "server_name": config.server_name,
        **({"public_baseurl": f"{config.client_url}/"} if config.development else {}),
        "report_stats": False,
        **perimeter_settings(config, manifest, folder),
        **_storage(folder),
        **_secrets(folder),
        **_accounts(config),
        **_rooms(config),
        **_media(),
        **rate_limit_settings(config.rate_limits),
        "modules": _modules(config, manifest, folder),
    }


def _storage(folder: Path) -> dict[str, object]:
    return {
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "media_store_path": str(folder / "media"),
        "log_config": str(folder / "log.yaml"),
        "redaction_retention_period": "7d",
        "user_ips_max_age": "28d",
        "forget_rooms_on_leave": True,
        "forgotten_room_retention_period": "28d",
    }


def _secrets(folder: Path) -> dict[str, object]:
    place = folder / secret_files.FOLDER
    return {
        "signing_key_path": str(folder / signing_key.FILE),
        "registration_shared_secret_path": str(place / secret_files.REGISTRATION),
        "macaroon_secret_key_path": str(place / secret_files.MACAROON),
        "form_secret_path": str(place / secret_files.FORM),
    }


def _accounts(config: NodeConfig) -> dict[str, object]:
    return {
        "enable_registration": False,
        "allow_guest_access": False,
        "enable_3pid_changes": False,
        "bcrypt_rounds": config.accounts.bcrypt_rounds,
        "password_config": {
            "enabled": True,
            "localdb_enabled": True,
            "policy": {"enabled": True, "minimum_length": 15},
        },
        "require_auth_for_profile_requests": True,
        "limit_profile_requests_to_users_who_share_rooms": True,
        "include_profile_data_on_invite": False,
        # who is competent for what is said by attestations, not by searching accounts
        "user_directory": {"enabled": False, "search_all_users": False},
        # switched off, it would still be written with every event; no process has this name
        "update_user_directory_from_worker": "nobody",
        "presence": {"enabled": False},
        "push": {"enabled": False, "include_content": False},
    }


def _rooms(config: NodeConfig) -> dict[str, object]:
    officials = [f"@{localpart}:{config.server_name}" for localpart in ("steward", "operator")]
    return {
        "default_room_version": "12",
        # the fence adds encryption itself: this key would encrypt spaces too, for ever
        "encryption_enabled_by_default_for_room_type": "off",
        "enable_room_list_search": False,
        "room_list_publication_rules": [{"action": "deny"}],
        # the first rule that fits decides; where none fits the alias is refused
        "alias_creation_rules": [{"user_id": user_id, "action": "allow"} for user_id in officials],
        # simplified sliding sync: no client of ours uses it, and it has had a leak (CVE-2024-53867)
        # but what state a /sync leaves a room in must be said: our client shares keys by it
        "experimental_features": {"msc3575_enabled": False, "msc4222_enabled": True},
    }


def _media() -> dict[str, object]:
    return {
        "enable_authenticated_media": True,
        "url_preview_enabled": False,
        "dynamic_thumbnails": False,
        "max_upload_size": "50M",
        "media_retention": {"remote_media_lifetime": "90d"},
    }


def _modules(config: NodeConfig, manifest: Manifest, folder: Path) -> list[dict[str, object]]:
    # The plugin reads and verifies the manifest by itself, at each start, and refuses an older one than this.
    pinned: dict[str, object] = {
        "manifest": str((folder / config.network.manifest).resolve()),
        "root_public_key": config.network.root_public_key,
        "accept_development": config.development,
        "least_serial": manifest.serial,
    }
    modules = [PEER_TABLE, FENCE] if config.fence else [PEER_TABLE]
    return [{"module": module, "config": dict(pinned)} for module in modules]
