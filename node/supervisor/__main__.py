"""`python -m node.supervisor FOLDER READY`: started by node.supervisor.launch, not by hand.

FOLDER is the supervisor's folder, READY the number of the descriptor on which it says that it is ready.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    # The launcher waits for this process; its child, the supervisor, is nobody's and never a zombie.
    # Before any import of weight, so that no thread exists yet.
    if os.fork():
        os._exit(0)
    from node.supervisor.main import run

    sys.exit(run(Path(sys.argv[1]), int(sys.argv[2])))
