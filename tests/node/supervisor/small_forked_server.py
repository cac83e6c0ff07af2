"""A small_server that first says what it is. Run with -m."""

from __future__ import annotations

import json
import os
import random
import ssl
import sys
from pathlib import Path

import nacl.utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.node.supervisor import small_server, small_template


def main() -> None:
    umask = os.umask(0)
    os.umask(umask)
    born = {
        "imported_by": small_template.IMPORTED_BY,
        "arguments": sys.argv[1:],
        "original": sys.orig_argv,
        "name": __name__,
        "folder": os.getcwd(),  # noqa: PTH109 # JSON
        "session": os.getsid(0),
        "umask": umask,
        "random": [
            str(random.random()),  # noqa: S311 # it is what is looked at
            ssl.RAND_bytes(16).hex(),
            nacl.utils.random(16).hex(),
            os.urandom(16).hex(),
            Ed25519PrivateKey.generate().private_bytes_raw().hex(),
        ],
        "descriptors": sorted(os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.exists()),  # noqa: PTH115 - Path.readlink cannot read pipe:[...]
    }
    Path("born.json").write_text(json.dumps(born))
    print("I am", sys.argv[1], flush=True)  # noqa: T201 # its log is what is tested
    small_server.main()


if __name__ == "__main__":
    main()
