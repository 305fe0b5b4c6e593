"""Great Expectations is imported without looking for garbage, and the collector is left as it was."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from expectations import gate


@pytest.fixture(autouse=True)
def _collector_as_it_was() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.parametrize("is_on", [True, False])
def test_what_is_there_after_the_import_is_set_aside(*, is_on: bool) -> None:
    gc.unfreeze()
    (gc.enable if is_on else gc.disable)()

    gate._import_quickly.__wrapped__()

    assert gc.isenabled() is is_on
    assert gc.get_freeze_count() > len(gc.get_objects())


def test_an_import_that_fails_leaves_the_collector_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    gc.unfreeze()

    with pytest.raises(ImportError):
        gate._import_quickly.__wrapped__()

    assert gc.isenabled()
    assert not gc.get_freeze_count()
