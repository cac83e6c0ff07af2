"""What a person sees when the client itself fails."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
from client.ui.app import RogatoryApp
secret = "hunter2"

class Failing(RogatoryApp):
    def on_mount(self):
        passphrase = "correct horse"
        raise KeyError(passphrase + secret)

app = Failing(lambda: None, None, "@a:b")
app.run(headless=True)
raise SystemExit(app.return_code)
"""


def test_a_fault_of_the_client_shows_no_secret_and_no_traceback() -> None:
    """Local variables and the error's own text stay out of what is printed; the exit code is 1."""
    environment = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
    )
    printed = done.stdout + done.stderr
    words = " ".join(printed.split())
    assert "The terminal client stopped because of a fault of its own: KeyError in" in words
    assert "hunter2" not in printed
    assert "correct horse" not in printed
    assert "Traceback" not in printed
    assert done.returncode == 1
