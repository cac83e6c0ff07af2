"""log.yaml: what the homeserver writes down, and for how long.

Its INFO lines name users, rooms and addresses. So the loggers that write them for every request keep to
warnings, the file is 0600 (the process's umask) and turns over by size: a busy node forgets sooner.
"""

from __future__ import annotations

from pathlib import Path

_BYTES = 5_000_000
_OLDER_FILES = 2
_ONLY_WARNINGS = (
    "synapse.access",
    "synapse.federation",
    "synapse.handlers",
    "synapse.http",
    "synapse.metrics",
    "synapse.rest",
    "synapse.state",
    "synapse.storage",
    "synapse.util",
    "twisted",
)


def log_settings(folder: Path) -> dict[str, object]:
    """Return the logging configuration (Python's dictConfig) of the node in `folder`."""
    return {
        "version": 1,
        # otherwise what was imported before the configuration was read loses its messages
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(request)s %(message)s"}},
        "handlers": {
            "file": {
                "class": "logging.handlers.RotatingFileHandler",
                "formatter": "line",
                "filename": str(folder / "homeserver.log"),
                "maxBytes": _BYTES,
                "backupCount": _OLDER_FILES,
                "encoding": "utf8",
            }
        },
        "loggers": {name: {"level": "WARNING"} for name in _ONLY_WARNINGS},
        "root": {"level": "INFO", "handlers": ["file"]},
    }
