"""Whether anybody listens where a Spark Connect server should be.

Spark's client tries for a quarter of an hour before it says that nobody does, and has no setting for less that would not also
make it give up a server that restarts while a step runs.
"""

from __future__ import annotations

import os
import socket
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

from jobs.foundation.errors import ConfigError, EngineAway

PATIENCE_SECONDS = 5.0
_DEFAULT_PORT = 15002
_PROXY_VARIABLES = ("grpc_proxy", "https_proxy", "http_proxy")


def require_listener(address: str, variable: str) -> None:
    """See that a server listens; where a proxy stands between, nobody but the client can tell, and nothing is asked.

    Args:
        address: a Connect URL without its parameters, ``sc://host:port``.
        variable: the environment variable that it is from, for messages.

    Raises:
        ConfigError: when it names no host, or a port that is none.
        EngineAway: when nobody listens there, within :data:`PATIENCE_SECONDS`.
    """
    host, port = _host_and_port(address, variable)
    if any(os.environ.get(name) for name in _PROXY_VARIABLES) and not proxy_bypass(host):
        return
    try:
        socket.create_connection((host, port), timeout=PATIENCE_SECONDS).close()
    except OSError as error:
        raise EngineAway(
            what=f"no Spark Connect server listens at {host}:{port}: {error.strerror or error}",
            where=variable,
            then="see that the server runs and can be reached from here, or mend the address",
        ) from error


def _host_and_port(address: str, variable: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or _DEFAULT_PORT
    except ValueError:  # a port that is no number, or brackets that do not close
        host, port = None, 0
    if not host:
        raise ConfigError(what=f"the address {address!r} names no host with a port", where=variable, then="write sc://host:port")
    return host, port
