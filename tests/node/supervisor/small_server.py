"""A child for the tests: answers /health on a port, watches its lifeline, writes down what it got.

Run as a file with the arguments PORT and, if wanted, `dies` (ends with a message before it listens), `mute`
(listens, never answers), `stubborn` (ignores SIGTERM), `alone` (no lifeline).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from client.session.local.lifeline import watch_lifeline


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if "mute" in sys.argv:
            threading.Event().wait()
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


def main() -> None:
    if "dies" in sys.argv:
        print("starting\nValueError: \x1b[31mthe signing key is unreadable\x1b[0m", flush=True)  # noqa: T201 # its log is what is tested
        sys.exit(3)
    if "alone" not in sys.argv:
        watch_lifeline()
    signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in sys.argv else lambda *_: os._exit(0))
    Path("environment.json").write_text(json.dumps(dict(os.environ)))
    _Server(("127.0.0.1", int(sys.argv[1])), _Health).serve_forever()


if __name__ == "__main__":
    main()
