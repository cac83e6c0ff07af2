"""The key with which a homeserver signs its events.

We write it ourselves: Synapse's `--generate-keys` would be one more start of the whole process.
"""

from __future__ import annotations

import secrets
import string
from pathlib import Path

from client.session.local.private_files import write_private
from policies.trust.signing import SigningKey

FILE = "signing.key"


def ensure_signing_key(folder: Path) -> bool:
    """Write a new `signing.key` into a node's folder unless it has one; return whether it was written.

    One line, `ed25519 a_XXXX <unpadded base64 seed>`, as Synapse writes and reads it. A node that loses its
    key cannot go on as the same server, so a file that exists is never touched.
    """
    path = folder / FILE
    if path.exists():
        return False
    version = "a_" + "".join(secrets.choice(string.ascii_letters) for _ in range(4))
    write_private(path, SigningKey.generate(version).to_text())
    return True
