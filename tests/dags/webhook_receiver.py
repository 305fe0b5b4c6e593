"""A web server on a free port of this machine that keeps the messages that DAGs post."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass
class Webhook:
    """Its address and the messages so far; ``received_at`` of each is the time it came at, in seconds."""

    url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def received() -> Iterator[Webhook]:
    """Receive messages until the end of the block."""
    webhook = Webhook()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            webhook.messages.append({**message, "received_at": time.time()})
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Write no access log to the test's output."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    webhook.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield webhook
    finally:
        server.shutdown()
        server.server_close()
