"""The details of a fault tell why the engine's answer could not be read, which its client tells its log alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from jobs import cli
from jobs.foundation import log

CLIENT = logging.getLogger("grpc")


@pytest.fixture(autouse=True)
def _nobody_listens() -> Iterator[None]:
    def leave() -> None:
        CLIENT.removeHandler(log._buffer)
        log._buffer.messages.clear()

    leave()
    yield
    leave()


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


def details_of(verb: Callable[[], object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command line keeps of the fault of a verb."""
    monkeypatch.setattr(cli, "app", lambda **_: verb())
    with pytest.raises(SystemExit):
        cli.main([])
    path = Path(capsys.readouterr().err.splitlines()[0].rpartition(" ")[2])
    details = path.read_text(encoding="utf-8")
    path.unlink()
    return details


def test_a_fault_tells_why_an_answer_could_not_be_read(
    ask: Callable[[], object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log.install_library_log_buffer()  # as a command given by another does
    details = details_of(ask, monkeypatch, capsys)
    assert details.count("Exception deserializing message!") == 1
    assert details.count("ValueError: 7 bytes that are no message") == 1


def test_a_fault_without_log_messages_has_its_traceback_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise ValueError("broken")

    assert details_of(broken, monkeypatch, capsys).rstrip().endswith("ValueError: broken")


def test_a_message_that_cannot_be_written_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CLIENT, "propagate", False)
    log.install_library_log_buffer()
    CLIENT.warning("%d answers", "no number")
    assert log.buffered_library_logs() == ""
