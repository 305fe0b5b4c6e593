"""The details of a fault tell why the engine's answer could not be read, which the client tells its log alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from jobs.runtime import log, overheard


@pytest.fixture
def ask() -> Iterator[Callable[[], object]]:
    """Ask a server whose answer cannot be read."""

    def unreadable(answer: bytes) -> object:
        raise ValueError(f"{len(answer)} bytes that are no message")

    server = grpc.server(ThreadPoolExecutor(1))
    answers = {"Ask": grpc.unary_unary_rpc_method_handler(lambda _asked, _context: b"\xff" * 7)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("steelyard.Test", answers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        asked = channel.unary_unary("/steelyard.Test/Ask", response_deserializer=unreadable)
        yield lambda: asked(b"")
    server.stop(None).wait()


def test_the_details_of_a_fault_tell_why_an_answer_could_not_be_read(ask: Callable[[], object]) -> None:
    overheard.listen()
    overheard.listen()
    try:
        ask()
    except grpc.RpcError:
        path = log.keep_traceback()
    told = _taken(path)
    assert "Exception deserializing response!" in told
    assert told.count("ValueError: 7 bytes that are no message") == 1


def test_an_error_of_which_nothing_was_logged_has_its_traceback_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "overheard", lambda: "")
    try:
        raise ValueError("broken")
    except ValueError:
        path = log.keep_traceback()
    assert _taken(path).rstrip().endswith("ValueError: broken")


def _taken(path: Path) -> str:
    told = path.read_text(encoding="utf-8")
    path.unlink()
    return told
