"""The process that forks, and each sequence undisturbed, once a test process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.crash.care import CARE
from tests.crash.forks import Forks
from tests.crash.sequences import RUNS, Sequence, as_params
from tests.crash.undisturbed import Undisturbed, do_undisturbed


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--quick``, for before every change; without it each point kills a process of its own."""
    parser.addoption("--quick", action="store_true", help="look at copies of the home at each point, and kill at a few")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``--dist loadgroup``, as ``make test-crash`` says, all tests of a sequence, or of a part of a day, go to one process."""
    from tests.crash.by_sequence import ByPart, BySequence

    if config.getvalue("dist") != "loadgroup":
        return None
    return BySequence(config, log) if config.getoption("--quick") else ByPart(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out sequences of many points when it has to be done in minutes."""
    if config.getoption("--quick"):
        left_out = [item for item in items if not getattr(_sequence_of(item), "is_quick", True)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def _sequence_of(item: pytest.Item) -> Sequence | None:
    return getattr(item, "callspec", None) and item.callspec.params.get("undisturbed")


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
    """The sequences that the module names, or all, unless a test names some. (A fixture's marks reach no scheduler.)"""
    named = any("undisturbed" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "undisturbed" in metafunc.fixturenames and not named:
        sequences = getattr(metafunc.module, "QUICKLY" if metafunc.config.getoption("--quick") else "SEQUENCES", (*RUNS, *CARE))
        metafunc.parametrize("undisturbed", as_params(sequences), indirect=True)


@pytest.fixture
def undisturbed(
    request: pytest.FixtureRequest, forks: Forks, tmp_path_factory: pytest.TempPathFactory, _done: dict[str, Undisturbed]
) -> Undisturbed:
    """A sequence as it goes when nobody disturbs it; for copying, not for changing."""
    sequence: Sequence = request.param
    if sequence.name not in _done:
        _done[sequence.name] = do_undisturbed(sequence, forks, tmp_path_factory.mktemp(sequence.name))
    return _done[sequence.name]
