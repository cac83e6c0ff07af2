"""The steps that follow once nodes answer, with all that they load: imported while the nodes are starting."""

from __future__ import annotations

from client.session.http_transport import load_client
from node.cli.up.accounts import ensure_accounts, password_file
from node.cli.up.attestations import sign_attestations
from node.cli.up.request import ensure_issued, ensure_read
from node.cli.up.rooms import ensure_rooms

__all__ = [
    "ensure_accounts",
    "ensure_issued",
    "ensure_read",
    "ensure_rooms",
    "password_file",
    "sign_attestations",
]

load_client()
