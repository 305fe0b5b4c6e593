"""Store the anomaly model as plain numbers and arrays, and restore it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from models.anomaly.ensemble import AnomalyModel, Member
from models.anomaly.isolation_forest import Forest
from models.anomaly.loda import Loda
from models.anomaly.tail_scale import TailScale
from models.foundation.archives import zipped
from models.statistics.robust_scale import RobustScale

Array = npt.NDArray[Any]
WIDE = ("depth", "rarity", "center", "spread")
PLACES = ("first", "second", "columns")
KINDS: dict[str, type[Forest | Loda]] = {"forest": Forest, "loda": Loda}


def anomaly_facts(model: AnomalyModel) -> dict[str, Any]:
    """The part of the model for JSON."""
    return {
        "columns": model.columns,
        "directions": model.scale.directions,
        "tail": _tail_facts(model.tail),
        "members": [
            {
                "kind": next(kind for kind, made in KINDS.items() if isinstance(member.detector, made)),
                "scale": member.scale,
                "tail": _tail_facts(member.tail),
                "base": member.detector.base,
            }
            for member in model.members
        ],
    }


def anomaly_arrays(model: AnomalyModel) -> bytes:
    """The rest as an npz whose bytes depend only on the arrays; numpy's own holds the time."""
    arrays: dict[str, Array] = {"center": model.scale.center_, "spread": model.scale.spread_}
    for at, member in enumerate(model.members):
        arrays |= {f"{at}.{name}": getattr(member.detector, name) for name in _array_names(type(member.detector))}
    return zipped({f"{name}.npy": _saved(array) for name, array in arrays.items()})


def _saved(array: Array) -> bytes:
    body = io.BytesIO()
    np.save(body, np.ascontiguousarray(array), allow_pickle=False)
    return body.getvalue()


def restore_anomaly(facts: Mapping[str, Any], body: bytes, name: str) -> AnomalyModel:
    """The model of :func:`anomaly_facts` and :func:`anomaly_arrays`.

    Raises:
        ValueError: when ``body`` (of the file ``name``) is no archive of plain arrays, or they do not fit the facts.
        KeyError: when an array is missing.
    """
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
    except (OSError, EOFError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{name} is no archive of plain arrays: {error}; restore the file or retrain the model") from error
    if not all(array.dtype == _dtype(key) for key, array in arrays.items()):
        raise ValueError(f"{name} holds numbers of another type than the model's; restore the file or retrain the model")
    columns = tuple(facts["columns"])
    scale = RobustScale(tuple(facts["directions"]))
    scale.center_, scale.spread_, scale.n_features_in_ = arrays["center"], arrays["spread"], len(columns)
    members = tuple(_member(at, member, arrays) for at, member in enumerate(facts["members"]))
    model = AnomalyModel(columns, scale, members, _tail(facts["tail"]))
    if not _fits(model):
        raise ValueError(f"{name} does not fit its model; restore the file or retrain the model")
    return model


def _member(at: int, facts: Mapping[str, Any], arrays: Mapping[str, Array]) -> Member:
    kind = KINDS[facts["kind"]]
    fields_of_kind: dict[str, Any] = {name: arrays[f"{at}.{name}"] for name in _array_names(kind)}
    detector = Loda(**fields_of_kind, base=facts["base"]) if kind is Loda else Forest(**fields_of_kind)
    return Member(facts["scale"], detector, _tail(facts["tail"]))


def _array_names(kind: type[Forest | Loda]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name != "base")


def _dtype(key: str) -> npt.DTypeLike:
    """The type of an array, by the field that its name ends in."""
    field = key.rpartition(".")[2]
    return np.float64 if field in WIDE else np.int16 if field in PLACES else np.float32


def _tail_facts(tail: TailScale) -> dict[str, Any]:
    return {
        "raw": tail.raw.tolist(), "level": tail.level_at.tolist(), "slope_below": tail.slope_below, "slope_above": tail.slope_above,
    }  # fmt: skip


def _tail(facts: Mapping[str, Any]) -> TailScale:
    return TailScale(np.array(facts["raw"]), np.array(facts["level"]), facts["slope_below"], facts["slope_above"])


def _fits(model: AnomalyModel) -> bool:
    """Whether shapes agree and all named columns exist, so that no index is out of range."""
    k = len(model.columns)
    fits = model.scale.center_.shape == model.scale.spread_.shape == (k,)
    for member in model.members:
        detector = member.detector
        if isinstance(detector, Forest):
            named, nodes = (detector.first, detector.second), detector.depth.shape[1]
            shapes = {getattr(detector, name).shape for name in _array_names(Forest)}
            fits &= len(shapes) == 1 and nodes & (nodes + 1) == 0 and nodes >= 3
        else:
            named = (detector.columns, detector.columns)
            fits &= detector.columns.shape == detector.weights.shape and detector.rarity.ndim == 2
            fits &= {len(detector.low), len(detector.width), len(detector.rarity)} == {len(detector.columns)}
        fits &= all(bool(((columns >= 0) & (columns < k)).all()) for columns in named)
    return bool(fits)
