"""A template for the tests. It has used every source of random numbers before the fork, as no real one has.

In a template process it does what the environment variable TEMPLATE says: `dies`, `is killed`,
`has a thread`, `hangs`.
"""

from __future__ import annotations

import http.server  # noqa: F401 # what the children share
import os
import random
import signal
import ssl
import sys
import threading

import nacl.utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

IMPORTED_BY = os.getpid()

random.seed(7)
ssl.RAND_bytes(16)
nacl.utils.random(16)
Ed25519PrivateKey.generate()

match "template_process" in sys.argv[0] and os.environ.get("TEMPLATE"):
    case "dies":
        raise ImportError("a module is missing")
    case "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    case "has a thread":
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    case "hangs":
        threading.Event().wait()
