"""Great Expectations is imported without looking for garbage, and the collector is left as it was."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from expectations import gate


@pytest.fixture(autouse=True)
def _collector_on() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.parametrize("is_on", [True, False])
def test_objects_are_frozen_after_the_import(*, is_on: bool) -> None:
    gc.unfreeze()
    (gc.enable if is_on else gc.disable)()

    gate._import_without_collection.__wrapped__()

    assert gc.isenabled() is is_on
    assert gc.get_freeze_count() > len(gc.get_objects())


def test_the_collector_is_off_during_the_import_and_restored_on_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    was_on = []

    class Watching:
        """Finds no module, and sees whether the collector was on."""

        def find_spec(self, *_: object) -> None:
            was_on.append(gc.isenabled())

    monkeypatch.delitem(sys.modules, "great_expectations", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Watching()])
    gc.unfreeze()
    gc.enable()

    with pytest.raises(ImportError):
        gate._import_without_collection.__wrapped__()

    assert was_on == [False]
    assert gc.isenabled()
    assert not gc.get_freeze_count()
