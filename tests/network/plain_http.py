"""Asking a homeserver as any HTTP client would, with nothing of ours."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit


def answer(url: str, path: str, body: object = None) -> tuple[int, str]:
    """Ask as any HTTP client would; status 0 stands for a connection that is refused."""
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=30)
    try:
        connection.request("GET" if body is None else "POST", path, json.dumps(body))
        response = connection.getresponse()
        return response.status, response.read().decode()
    except ConnectionRefusedError:
        return 0, ""
    finally:
        connection.close()


def answers(url: str) -> bool:
    return answer(url, "/health")[0] == 200
