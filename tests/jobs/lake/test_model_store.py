"""Which model is in use on a day."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from jobs.foundation.errors import Damaged, InputMissing
from jobs.lake.model_store import ModelStore


class Stored:
    """Stands for a model: its files alone matter here."""

    def __init__(self, content: bytes) -> None:
        self.content = content


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    monkeypatch.setattr("models.storage.dump", lambda model: {"model.json": model.content})
    return ModelStore(tmp_path)


def put(store: ModelStore, content: bytes, day: date) -> str:
    return store.put(Stored(content), day, {}, {"profile": "cn"})  # type: ignore[arg-type]


def test_a_model_trained_again_for_a_day_is_the_one_in_use_whatever_its_hash(store: ModelStore) -> None:
    day = date(2026, 6, 30)
    for content in (b"a", b"b", b"c", b"d"):
        trained = put(store, content, day)
        assert store.newest(day) == trained


def test_a_day_uses_the_model_of_the_last_day_up_to_it(store: ModelStore) -> None:
    may, june = put(store, b"may", date(2026, 5, 31)), put(store, b"june", date(2026, 6, 30))
    assert store.newest(date(2026, 5, 30)) is None
    assert store.newest(date(2026, 6, 29)) == may
    assert store.newest(date(2026, 7, 5)) == june


def test_the_same_model_on_the_same_day_has_the_same_id_and_its_card_names_it(store: ModelStore) -> None:
    first = put(store, b"same", date(2026, 6, 30))
    assert put(store, b"same", date(2026, 6, 30)) == first
    assert json.loads(store.card(first)) == {"profile": "cn", "model_id": first}


def test_a_model_that_was_never_finished_is_not_there(store: ModelStore) -> None:
    with pytest.raises(InputMissing):
        store.get("2026-06-30-000000000000")


def test_a_model_that_was_better_stays_in_use_and_the_new_one_is_kept(store: ModelStore) -> None:
    may = put(store, b"may", date(2026, 5, 31))
    june = store.put(Stored(b"june"), date(2026, 6, 30), {}, {}, stays=may)  # type: ignore[arg-type]
    assert store.newest(date(2026, 7, 5)) == may
    assert store.last_trained(date(2026, 7, 5)) == june
    assert store.last_trained(date(2026, 6, 1)) == may
    assert [one.model_id for one in store.kept()] == [june, may]
    assert [one.in_use_for for one in store.kept()] == [[], ["2026-05-31", "2026-06-30"]]


def test_a_model_can_be_put_in_use_from_a_day_on_until_one_is_trained(store: ModelStore) -> None:
    may, june = put(store, b"may", date(2026, 5, 31)), put(store, b"june", date(2026, 6, 30))
    store.use(may, date(2026, 7, 3))
    assert [store.newest(date(2026, 7, day)) for day in (2, 3, 9)] == [june, may, may]
    assert store.last_trained(date(2026, 7, 9)) == june
    july = put(store, b"july", date(2026, 7, 10))
    assert store.newest(date(2026, 7, 10)) == july


def test_only_a_model_that_is_there_and_of_the_past_can_be_put_in_use(store: ModelStore) -> None:
    june = put(store, b"june", date(2026, 6, 30))
    for model_id, day in (("nobody", date(2026, 7, 1)), (june, date(2026, 6, 29))):
        with pytest.raises(InputMissing, match="no model"):
            store.use(model_id, day)
    assert store.newest(date(2026, 6, 29)) is None


def test_a_truncated_model_file_is_damage_that_names_its_folder(store: ModelStore, tmp_path: Path) -> None:
    model = put(store, b'{"format": 3}', date(2026, 6, 30))
    (tmp_path / "models" / model / "model.json").write_bytes(b'{"for')
    with pytest.raises(Damaged, match="has changed since it was stored") as raised:
        store.get(model)
    assert raised.value.exit_code == 9
    assert raised.value.where.endswith(model)
