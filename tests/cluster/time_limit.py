"""No test on the cluster waits for ever: one that takes too long is ended, says so, and no other is begun that would wait alike."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

LONGEST_MINUTES = 30
"""Of a test, the cluster and the homes that it waits for included, at the sizes of ``make test-cluster``."""
ENTITIES_VARIABLE = "STEELYARD_CLUSTER_ENTITIES"
"""Who asks for more entities knows what to wait for."""
LOGS = pytest.StashKey[Path]()
"""The folder of the cluster's logs, once there is one."""
TIMED_OUT = "from pytest-timeout"


def add_limit(item: pytest.Item) -> None:
    """Give a test the limit, unless it has one of its own."""
    if item.get_closest_marker("timeout") is None and ENTITIES_VARIABLE not in os.environ:
        item.add_marker(pytest.mark.timeout(LONGEST_MINUTES * 60))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """End the session with a test that was ended for its time."""
    report = yield
    if call.excinfo is not None and TIMED_OUT in str(call.excinfo.value):
        told = _told(item)
        report.sections.append(("what ran too long", told))
        item.session.shouldfail = told
    return report


def _told(item: pytest.Item) -> str:
    limit = item.get_closest_marker("timeout")
    minutes = f"{limit.args[0] / 60:g}" if limit is not None and limit.args else "its"
    logs = item.config.stash.get(LOGS, None)
    look = f"read the ends of {logs}/*.log, and " if logs is not None else ""
    return (
        f"{item.nodeid} took longer than {minutes} minutes and was ended; no test after it was begun. "
        f"What to do: {look}see what else this machine is busy with; then run it alone: .venv/bin/pytest -m cluster '{item.nodeid}'"
    )
