"""A time limit for tests on the cluster. A test that exceeds it ends the session, since others would wait as long."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

LONGEST_MINUTES = 30
"""Limit of a test at the sizes of ``make test-cluster``, including the start of the cluster and the homes."""
ENTITIES_VARIABLE = "STEELYARD_CLUSTER_ENTITIES"
"""With more entities than usual there is no default limit."""
LOGS = pytest.StashKey[Path]()
"""The folder of the cluster's logs, if any."""
TIMED_OUT = "from pytest-timeout"


def add_limit(item: pytest.Item) -> None:
    """Give a test the limit, unless it has its own."""
    if item.get_closest_marker("timeout") is None and ENTITIES_VARIABLE not in os.environ:
        item.add_marker(pytest.mark.timeout(LONGEST_MINUTES * 60))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """End the session after a test that exceeded its limit."""
    report = yield
    if call.excinfo is not None and TIMED_OUT in str(call.excinfo.value):
        message = _message(item)
        report.sections.append(("time limit", message))
        item.session.shouldfail = message
    return report


def _message(item: pytest.Item) -> str:
    limit = item.get_closest_marker("timeout")
    minutes = f"{limit.args[0] / 60:g}" if limit is not None and limit.args else "its"
    logs = item.config.stash.get(LOGS, None)
    look = f"read the ends of {logs}/*.log, and " if logs is not None else ""
    return (
        f"{item.nodeid} took longer than {minutes} minutes and was stopped; later tests did not run. "
        f"Next: {look}check what else runs on this machine; then run it alone: .venv/bin/pytest -m cluster '{item.nodeid}'"
    )
