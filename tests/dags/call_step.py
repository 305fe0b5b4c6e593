"""The command of a deployment with a step server: ``call_step.py SOCKET WORDS`` writes what the step writes and ends as it ends."""

import json
import socket
import sys

CRASHED = 70

last = ""
with socket.socket(socket.AF_UNIX) as server:
    server.connect(sys.argv[1])
    server.sendall(json.dumps(sys.argv[2:]).encode() + b"\n")
    for line in server.makefile(encoding="utf-8", errors="replace"):
        sys.stdout.write(last)
        last = line
sys.exit(int(last) if last.strip().isdecimal() else CRASHED)
