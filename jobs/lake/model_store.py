"""Models on disk: one folder per model, named by its day and a hash of its files."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.foundation.errors import Damaged, InputMissing, first_line
from jobs.foundation.fault_points import around
from jobs.foundation.files import days_in, read_json, write_atomic, write_json
from jobs.foundation.paths import MODELS

if TYPE_CHECKING:
    from models.risk_model import RiskModel

FACTS = "facts.json"
CARD = "card.json"
MARKDOWN_CARD = "card.md"
"""The card of models that were stored before cards were data."""
IN_USE = "in_use"
TRAINED = "trained"


@dataclass(frozen=True)
class StoredModel:
    """A stored model: its id, and the data it was fitted on.

    Attributes:
        trained_for: its day.
        kind: learnt, or the fallback rule.
        visits, found: labelled visits, and how many of them found a violation.
        held_out_auc, auc_low, auc_high: on held-out visits, with its 95 % interval; None when there were none.
        against: the model in use when it was trained; None when there was none.
        was_better: whether that model was better beyond noise, and stayed in use.
        in_use_for: the days from which it is in use.
    """

    model_id: str
    trained_for: str
    kind: str
    visits: int
    found: int
    held_out_auc: float | None
    auc_low: float | None
    auc_high: float | None
    against: str | None
    was_better: bool
    in_use_for: list[str]


class ModelStore:
    """The models under ``home/models``."""

    def __init__(self, home: Path) -> None:
        self._folder = home / MODELS

    def put(self, model: RiskModel, as_of: date, facts: dict[str, Any], card: dict[str, Any], *, stays: str | None = None) -> str:
        """Store a model, put it in use from its day on, and return its id. The same model and day give the same id.

        Args:
            stays: the id of another model that stays in use instead.
        """
        # Imported here and in get: reading a card or an id must not load the learning libraries.
        from models.storage import dump

        files = dump(model)
        model_id = f"{as_of}-{_digest(files)}"
        folder = self._folder / model_id
        for name in sorted(files):
            write_atomic(folder / name, files[name])
        write_json(folder / CARD, {**card, "model_id": model_id})
        # The facts are written last: a folder without them is an unfinished model.
        write_json(folder / FACTS, {**facts, "model_id": model_id})
        write_json(self._folder / IN_USE / f"{as_of}.json", {"model_id": stays or model_id, TRAINED: model_id})
        return model_id

    def use(self, model_id: str, as_of: date) -> None:
        """Put a model in use from a day on, until a model trained for a later day replaces it.

        Raises:
            InputMissing: when there is no such model, or it was trained for a later day.
        """
        if not (self._folder / model_id / FACTS).is_file() or model_id[:10] > str(as_of):
            raise InputMissing(
                what=f"there is no model {model_id} that was trained for {as_of} or before",
                where=str(self._folder),
                next_step="name one that `steelyard model list` shows",
            )
        write_json(self._folder / IN_USE / f"{as_of}.json", {"model_id": model_id, TRAINED: self.last_trained(as_of)})

    def newest(self, as_of: date) -> str | None:
        """The model in use on a day: the last one trained or chosen up to that day."""
        found = self._in_use(as_of)
        return found["model_id"] if found else None

    def last_trained(self, as_of: date) -> str | None:
        """The last model trained up to a day, in use or not."""
        found = self._in_use(as_of)
        return found.get(TRAINED, found["model_id"]) if found else None

    def _in_use(self, as_of: date) -> dict[str, str] | None:
        days = [day for day in days_in(self._folder / IN_USE) if day <= as_of]
        return read_json(self._folder / IN_USE / f"{days[-1]}.json") if days else None

    def inputs(self, model_id: str) -> tuple[str, ...]:
        """The columns that a model reads; ``("unreadable",)`` when this code cannot load it."""
        try:
            return self.get(model_id).inputs.columns
        except (ValueError, RuntimeError, Damaged, InputMissing):
            return ("unreadable",)

    def has_todays_format(self, model_id: str) -> bool:
        """Whether this code reads the format that a model is stored in; true for a damaged model, which :meth:`get` explains."""
        from models.storage import FORMAT, METADATA

        try:
            return bool((read_json(self._folder / model_id / METADATA) or {}).get("format", FORMAT) == FORMAT)
        except Damaged:
            return True

    def kept(self) -> list[StoredModel]:
        """The finished models, newest first."""
        in_use: dict[str, list[str]] = {}
        for day in days_in(self._folder / IN_USE):
            in_use.setdefault(read_json(self._folder / IN_USE / f"{day}.json")["model_id"], []).append(str(day))
        ids = sorted((path.parent.name for path in self._folder.glob(f"*/{FACTS}")), reverse=True)
        return [_stored_model(model_id, self.facts(model_id), in_use.get(model_id, [])) for model_id in ids]

    def facts(self, model_id: str) -> dict[str, Any]:
        """The facts written when a model was trained."""
        found: dict[str, Any] = read_json(self._folder / model_id / FACTS) or {}
        return found

    def card(self, model_id: str) -> str:
        """The stored card: JSON, or the Markdown of an older model (see :mod:`jobs.texts.model_card`).

        Raises:
            FileNotFoundError: when there is neither.
        """
        path = self._folder / model_id / CARD
        return (path if path.is_file() else path.with_name(MARKDOWN_CARD)).read_text(encoding="utf-8")

    def get(self, model_id: str) -> RiskModel:
        """Load a model.

        Raises:
            InputMissing: when there is no such model, or it was stored in a format that this code does not read.
            Damaged: when its files have changed, as when one is cut.
        """
        from models.storage import OtherFormatError, load

        folder = self._folder / model_id
        if not (folder / FACTS).is_file():
            raise InputMissing(
                what=f"there is no model {model_id}", where=str(self._folder), next_step="train one with `steelyard train`"
            )
        try:
            return load(_files(folder))
        except RuntimeError:
            raise  # LightGBM cannot be loaded
        except Exception as error:
            if self.is_whole(model_id):
                if isinstance(error, OtherFormatError):
                    raise InputMissing(
                        what=f"the model {model_id} was stored by another version of Steelyard: {error}",
                        where=str(folder),
                        next_step="train again with `steelyard train`, and score the day with `steelyard score`",
                    ) from error
                raise
            raise Damaged(
                what=f"the model {model_id} has changed since it was stored: {first_line(error)}",
                where=str(folder),
                next_step="restore its folder from a backup, or train again with `steelyard train`",
            ) from error

    def is_whole(self, model_id: str) -> bool:
        """Whether a model is complete: its files match the hash in its id."""
        folder = self._folder / model_id
        return (folder / FACTS).is_file() and model_id.endswith(f"-{_digest(_files(folder))}")

    def lend(self, model_id: str, home: Path, as_of: date) -> None:
        """Copy a model into another home and put it in use there from a day on."""
        with around(home / MODELS / model_id):
            shutil.copytree(self._folder / model_id, home / MODELS / model_id)
        write_json(home / MODELS / IN_USE / f"{as_of}.json", {"model_id": model_id})


def _stored_model(model_id: str, facts: dict[str, Any], in_use_for: list[str]) -> StoredModel:
    auc = ((facts.get("held_out_orders") or {}).get("model") or {}).get("auc") or {}
    against = facts.get("against") or {}
    return StoredModel(
        model_id,
        str(facts.get("as_of", "")),
        str(facts.get("kind", "")),
        int(facts.get("visits", 0)),
        int(facts.get("found", 0)),
        auc.get("value"),
        auc.get("low"),
        auc.get("high"),
        against.get("model_id"),
        bool(against.get("stays", False)),
        in_use_for,
    )


def _files(folder: Path) -> dict[str, bytes]:
    """The files of a model, without drafts of killed runs."""
    paths = (path for path in folder.iterdir() if path.name not in (FACTS, CARD, MARKDOWN_CARD) and not path.name.startswith("."))
    return {path.name: path.read_bytes() for path in sorted(paths)}


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name] + b"\0")
    return digest.hexdigest()[:12]
