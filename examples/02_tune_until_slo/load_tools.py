"""The mission's own tool: an HTTP server with a number of workers, measured under load."""

from __future__ import annotations

import http.client
import socket
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Annotated, Any

from pydantic import Field

REQUESTS = 48
ROUNDS = 3
"""The median of so many counts: a neighbour's burst of work is not the server's fault."""
CLIENTS = 16
WORK_S = 0.015
"""What each request waits for, such as a database."""


class Handler(BaseHTTPRequestHandler):
    """Answers after a short wait."""

    def do_GET(self) -> None:
        """Answer one request."""
        time.sleep(WORK_S)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name of the base class
        """Say nothing."""


class PooledServer(HTTPServer):
    """An HTTP server whose requests share a fixed number of workers."""

    request_queue_size = 128

    def __init__(self, workers: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self._pool = ThreadPoolExecutor(workers)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any) -> None:
        """Hand a request to the pool."""
        self._pool.submit(self._handle, request, client_address)

    def _handle(self, request: Any, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        finally:
            self.shutdown_request(request)


def load_test(workers: Annotated[int, Field(ge=1, le=32)] = 1) -> dict[str, object]:
    """Measure the server's latency under load.

    Args:
        workers: How many requests the server works on at once.
    """
    server = PooledServer(workers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        rounds = [measured(server.server_port) for _ in range(ROUNDS)]
    finally:
        server.shutdown()
        server.server_close()
    p95_ms = statistics.median(p95_ms for p95_ms, _ in rounds)
    return {"metrics": {"p95_ms": round(p95_ms, 1), "failed_requests": sum(failed for _, failed in rounds)}}


def measured(port: int) -> tuple[float, int]:
    """The milliseconds that 95 % of a round's requests stay below, and how many failed."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        seconds = sorted(clients.map(request, [port] * REQUESTS))
    good = [second for second in seconds if second >= 0]
    p95_ms = 1000 * good[int(len(good) * 0.95) - 1] if good else 1e9
    return p95_ms, len(seconds) - len(good)


def request(port: int) -> float:
    """The seconds that one request took; negative when it failed."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except OSError:
        return -1.0
    finally:
        connection.close()
    return time.perf_counter() - began
