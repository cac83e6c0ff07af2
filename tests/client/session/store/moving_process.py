"""A process that hands a store's key over again and again, killed one file operation later each time.

python -m ... ORIGINAL NOW USER HOLDER: for each number of steps it copies ORIGINAL to NOW, lets a child hand
over the key of NOW/account and die of SIGKILL at that file operation, prints how the child ended, and goes on
when it is sent a line. The passphrases of now and then are the first two lines of standard input.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

from client.session.secret import Secret
from client.session.store.store_key import KeyHolder, move_store_key, unlock

_FILE_OPERATIONS = ("open", "os.rename", "os.remove", "os.truncate", "os.chmod")


def _die_at(root: Path, left: int) -> None:
    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in _FILE_OPERATIONS and str(arguments[0]).startswith(str(root)):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(count)


def _run(original: Path, now: Path, user_id: str, holder: KeyHolder) -> None:
    old, new = (Secret(sys.stdin.readline().rstrip("\n")) for _ in range(2))
    unlock(original / "account", old)
    steps = 0
    while True:
        shutil.rmtree(now, ignore_errors=True)
        shutil.copytree(original, now)
        child = os.fork()
        if child == 0:
            _die_at(now, steps)
            move_store_key(now / "account", user_id, holder, new if holder is KeyHolder.PASSPHRASE else None)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()
        if not sys.stdin.readline():
            return
        steps += 1


if __name__ == "__main__":
    _run(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], KeyHolder(sys.argv[4]))
