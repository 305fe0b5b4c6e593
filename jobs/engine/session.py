"""The only place that opens a Spark session: Sail in this process by default, Apache Spark by configuration.

``STEELYARD_ENGINE`` chooses: ``sail`` (default), a Connect URL (``sc://host:port``), a classic master
(``local[2]``, ``spark://host:7077``, ``yarn``), or ``submitted``: the master of the spark-submit that started this process.
"""

from __future__ import annotations

import atexit
import os
import socket
import sys
from typing import Any
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

from pyspark.sql import SparkSession

from jobs.engine.apache_spark import DELTA_SETTINGS, SQL_SETTINGS, classic_settings, require_java
from jobs.foundation.errors import ConfigError, EngineUnavailable

ENGINE_VARIABLE = "STEELYARD_ENGINE"
SUBMITTED = "submitted"
_SUBMIT_VARIABLE = "PYSPARK_GATEWAY_PORT"  # set by spark-submit only, for the program it starts
_SAIL_SETTINGS = {
    "RUST_LOG": "error",
    # Sail ends a session that is idle for a quarter of an hour, and every later query fails. Fitting a model on half a million
    # labels takes longer. This engine has one client and ends with it, so no idle session needs to be closed.
    "SAIL_SPARK__SESSION_TIMEOUT_SECS": str(30 * 24 * 3600),
}
"""Environment variables for Sail; the caller's own values take precedence."""
_sail_server: Any = None
PATIENCE_SECONDS = 5.0
_DEFAULT_PORT = 15002
_PROXY_VARIABLES = ("grpc_proxy", "https_proxy", "http_proxy")


def open_session(engine: str | None = None) -> SparkSession:
    """A session on the engine asked for, else on ``STEELYARD_ENGINE``, else on Sail.

    Raises:
        ConfigError: when the engine is unknown.
        EngineUnavailable: when it does not start or does not answer.
    """
    wanted = engine or os.environ.get(ENGINE_VARIABLE, "sail")
    # Python workers must use the interpreter of the job, not a system Python without the libraries.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        session = _open(wanted)
        for key, value in SQL_SETTINGS.items():  # the first call shows whether a Connect server answers
            session.conf.set(key, value)
    except ConfigError:
        raise
    except Exception as error:
        raise EngineUnavailable(
            what=f"the engine {without_token(wanted)!r} could not be started: {type(error).__name__}: {error}",
            where=ENGINE_VARIABLE,
            next_step="unset it to use the embedded engine, or run `steelyard doctor`",
        ) from error
    return session


def engine_kind() -> str:
    """The kind of engine that ``STEELYARD_ENGINE`` chooses: sail, connect or spark, without its address."""
    wanted = os.environ.get(ENGINE_VARIABLE, "sail")
    return "sail" if wanted == "sail" else "connect" if wanted.startswith("sc://") else "spark"


def without_token(engine: str) -> str:
    """The engine without the parameters of a Connect URL, which may contain a secret."""
    return engine.partition(";")[0]


def is_apache_spark(session: SparkSession) -> bool:
    """Whether the session is Apache Spark and not Sail: only Spark has an application id."""
    return bool(session.conf.get("spark.app.id", ""))


def _open(wanted: str) -> SparkSession:
    if wanted == "sail":
        return SparkSession.builder.remote(_sail_address()).getOrCreate()
    if wanted.startswith("sc://"):
        require_listener(without_token(wanted), ENGINE_VARIABLE)
        return SparkSession.builder.remote(wanted).getOrCreate()
    if wanted.startswith(("local", "spark://", "yarn", "k8s://")):
        _leave_connect()
        require_java()
        settings: dict[str, Any] = {**classic_settings(wanted)}
        return SparkSession.builder.master(wanted).appName("steelyard").config(map=settings).getOrCreate()
    if wanted == SUBMITTED:
        return _submitted_session()
    raise ConfigError(
        what=f"the engine {wanted!r} is unknown",
        where=ENGINE_VARIABLE,
        next_step="use sail, a Connect URL (sc://host:port) or a master (local[2], spark://host:7077, yarn)",
    )


def require_listener(address: str, variable: str) -> None:
    """Check that a server listens; behind a proxy only the client can know, so nothing is checked.

    Spark's own client tries for a quarter of an hour, and a shorter setting would also give up a server that restarts.

    Args:
        address: a Connect URL without its parameters, ``sc://host:port``.
        variable: the environment variable that it is from, for messages.

    Raises:
        ConfigError: when it names no host, or an invalid port.
        EngineUnavailable: when no server answers within :data:`PATIENCE_SECONDS`.
    """
    host, port = _host_and_port(address, variable)
    if any(os.environ.get(name) for name in _PROXY_VARIABLES) and not proxy_bypass(host):
        return
    try:
        socket.create_connection((host, port), timeout=PATIENCE_SECONDS).close()
    except OSError as error:
        raise EngineUnavailable(
            what=f"no Spark Connect server listens at {host}:{port}: {error.strerror or error}",
            where=variable,
            next_step="check that the server runs and can be reached from here, or correct the address",
        ) from error


def _host_and_port(address: str, variable: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or _DEFAULT_PORT
    except ValueError:  # an invalid port, or brackets that do not close
        host, port = None, 0
    if not host:
        raise ConfigError(
            what=f"the address {address!r} names no host with a port", where=variable, next_step="write sc://host:port"
        )
    return host, port


def _leave_connect() -> None:
    """Unset the variables that make pyspark use Connect; the caller or the parent process may have set them."""
    for variable in ("SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED"):
        os.environ.pop(variable, None)


def _submitted_session() -> SparkSession:
    """The session of the spark-submit that started this process, with its master, name and resources."""
    if _SUBMIT_VARIABLE not in os.environ:
        raise ConfigError(
            what=f"the engine is {SUBMITTED!r}, but no spark-submit started this process",
            where=ENGINE_VARIABLE,
            next_step="start it by spark-submit, or name an engine: sail, a Connect URL (sc://host:port) or a master",
        )
    _leave_connect()
    settings: dict[str, Any] = {**DELTA_SETTINGS}
    return SparkSession.builder.config(map=settings).getOrCreate()


def _sail_address() -> str:
    """Start Sail once per process and return its loopback address."""
    global _sail_server
    if _sail_server is None:
        for variable, value in _SAIL_SETTINGS.items():
            os.environ.setdefault(variable, value)
        from pysail.spark import SparkConnectServer

        server = SparkConnectServer(ip="127.0.0.1", port=0)
        server.start(background=True)
        atexit.register(server.stop)
        _sail_server = server
    host, port = _sail_server.listening_address
    return f"sc://{host}:{port}"
