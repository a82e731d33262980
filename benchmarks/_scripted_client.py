"""Asks the scripted server as plainly as can be, for those who have a model of their own: clients and agents."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

MOST_WAIT_S = 0.6


def said(url: str, wait_s: float = MOST_WAIT_S) -> tuple[str, str]:
    """The server's next line and how it ended; raises what the line's fault leads to."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=wait_s)
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps({"model": "relayed", "messages": []}))
        response = connection.getresponse()
        body = response.read().decode()
        if response.status != http.HTTPStatus.OK:
            raise ConnectionError(body)
        choice: Any = json.loads(body)["choices"][0]
        return choice["message"]["content"] or "", choice["finish_reason"]
    finally:
        connection.close()
