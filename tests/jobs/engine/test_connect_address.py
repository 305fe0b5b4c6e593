"""A Connect server that is not there is found missing in seconds, and not after the client's quarter of an hour."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from jobs.engine import session
from jobs.engine.session import open_session, require_listener
from jobs.foundation.errors import ConfigError, EngineUnavailable


@pytest.fixture(autouse=True)
def _without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("grpc_proxy", "https_proxy", "http_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that is taken and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.timeout(60)
def test_nobody_listening_is_an_engine_that_is_away_and_its_token_is_kept_out(silent_port: int) -> None:
    with pytest.raises(EngineUnavailable, match="listens") as caught:
        open_session(f"sc://127.0.0.1:{silent_port}/;token=s3cret")
    assert f"127.0.0.1:{silent_port}" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_server_that_listens_is_left_to_the_client() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        require_listener(f"sc://127.0.0.1:{server.getsockname()[1]}/", "ENGINE")
        connection, _ = server.accept()
        with connection:
            assert connection.recv(1) == b"", "it connects, sends nothing and closes"


@pytest.mark.parametrize("address", ["sc://", "sc://host:port", "sc://[::1"])
def test_an_address_without_a_host_and_port_is_a_mistake(address: str) -> None:
    with pytest.raises(ConfigError, match="sc://host:port") as caught:
        require_listener(address, "ENGINE")
    assert not isinstance(caught.value, EngineUnavailable)


def test_behind_a_proxy_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, silent_port: int) -> None:
    monkeypatch.setenv("grpc_proxy", "http://proxy.example:3128")
    monkeypatch.setattr(session.socket, "create_connection", lambda *_, **__: pytest.fail("it was asked"))
    require_listener(f"sc://127.0.0.1:{silent_port}", "ENGINE")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(pytest.fail.Exception):
        require_listener(f"sc://127.0.0.1:{silent_port}", "ENGINE")
