"""Run the steps of a deployment in forks of one process that has loaded every library, since most of a short step is loading.

``step_server.py SOCKET CALLS`` answers the calls of ``call_step.py`` at a Unix socket, and writes each to the file of calls.
The forks come before an engine is started, whose threads a fork would lose.
"""

from __future__ import annotations

import json
import os
import shlex
import socketserver
import sys
from importlib import import_module
from pathlib import Path

from tests.crash.victim import LOADED, run


class Step(socketserver.StreamRequestHandler):
    """One call: a line of JSON with its words; the answer is what the step writes and, as the last line, its exit code."""

    def handle(self) -> None:
        words = json.loads(self.rfile.readline())
        with Path(sys.argv[2]).open("a", encoding="utf-8") as calls:
            calls.write(shlex.join(words) + "\n")
        for stream in (1, 2):
            os.dup2(self.connection.fileno(), stream)  # for what libraries write past Python's own streams
        sys.stdout = sys.stderr = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
        code = run([words])
        sys.stdout.flush()
        self.wfile.write(f"\n{code}\n".encode())


class Steps(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Runs each call in a fork. Calls that come while the libraries load are answered afterwards."""

    request_queue_size = 20


with Steps(sys.argv[1], Step) as server:
    for name in LOADED:
        import_module(name)
    server.serve_forever()
