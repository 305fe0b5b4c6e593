"""The process that forks, and each sequence undisturbed, once a test process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash.care import CARE
from tests.crash.forks import Forks
from tests.crash.sequences import RUNS, Sequence, as_params
from tests.crash.undisturbed import Undisturbed, do_undisturbed


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--quick``, for before every change; without it each point kills a process of its own."""
    parser.addoption("--quick", action="store_true", help="look at copies of the home at each point, and kill at a few")


@pytest.fixture(scope="session")
def is_quick(request: pytest.FixtureRequest) -> bool:
    """Whether it has to be done in minutes."""
    return bool(request.config.getoption("--quick"))


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Where processes come from; what they say is in a file beside their homes."""
    with Forks(tmp_path_factory.mktemp("said") / "log") as made:
        yield made


@pytest.fixture(scope="session")
def _done() -> dict[str, Undisturbed]:
    return {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every sequence in turn, unless a test names some. (Marks of a fixture's own parameters would reach no scheduler.)"""
    named = any("undisturbed" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "undisturbed" in metafunc.fixturenames and not named:
        metafunc.parametrize("undisturbed", as_params((*RUNS, *CARE)), indirect=True)


@pytest.fixture
def undisturbed(
    request: pytest.FixtureRequest, forks: Forks, tmp_path_factory: pytest.TempPathFactory, _done: dict[str, Undisturbed]
) -> Undisturbed:
    """A sequence as it goes when nobody disturbs it; for copying, not for changing."""
    sequence: Sequence = request.param
    if sequence.name not in _done:
        _done[sequence.name] = do_undisturbed(sequence, forks, tmp_path_factory.mktemp(sequence.name))
    return _done[sequence.name]
