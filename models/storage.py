"""A model as files and back, without pickle: JSON, plain arrays, LightGBM's text, and skops archives of trusted types.

Equal models give equal bytes, so a hash of the bytes can name a model, and a loaded model gives the same scores bit for bit.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from models.anomaly.anomaly_model import AnomalyModel
from models.anomaly.isolation_forest import Forest
from models.anomaly.tail_scale import TailScale
from models.evidence.evidence import Evidence
from models.foundation.archives import archived, restored, zipped
from models.foundation.inputs import Inputs
from models.risk.boosting import HistogramBooster, LightGBMBooster
from models.risk.calibration import Calibration
from models.risk.candidates import BLEND, SCORECARD, TREE, Blend, Learner
from models.risk.fallback import FallbackModel
from models.risk.finding_state import FindingShift
from models.risk.interval import EVIDENCE, Interval
from models.risk.probability import ProbabilityModel
from models.risk.scorecard import Scorecard, restore_scorecard, scorecard_facts
from models.risk_model import RiskModel
from models.statistics.robust_scale import RobustScale
from models.targeting.class_bounds import BaseRate, ClassScale

FORMAT = 4
METADATA = "model.json"
ANOMALY = "anomaly.npz"
LIGHTGBM = "violation.lightgbm.txt"
HISTOGRAM = "violation.skops"
RULE = "rule.skops"
_TABLES = ("margin", "low", "high")
Array = npt.NDArray[Any]
TYPES = {"center": np.float64, "spread": np.float64, "column": np.int16, "threshold": np.float32, "depth": np.float64}
"""The arrays of the anomaly."""


class OtherFormatError(ValueError):
    """A model was stored by code whose format this code does not read."""


def dump(model: RiskModel) -> dict[str, bytes]:
    """The model's files by name; equal models give equal bytes."""
    files = {ANOMALY: _anomaly_arrays(model.anomaly)}
    metadata: dict[str, Any] = {
        "format": FORMAT,
        "inputs": asdict(model.inputs),
        "anomaly": _anomaly_facts(model.anomaly),
        "anomaly_weight": model.anomaly_weight,
        "calibration": asdict(model.calibration) if model.calibration else None,
        "evidence": asdict(model.evidence),
        "interval": _interval_facts(model.interval),
        "class_scale": asdict(model.class_scale) if model.class_scale else None,
        "facts": dict(model.facts),
        "since_finding": asdict(model.since_finding),
        "absence": dict(model.absence),
    }
    if isinstance(model.violation, FallbackModel):
        metadata["rule"] = {"intercept": model.violation.intercept}
        files[RULE] = archived(model.violation.scale)
    else:
        metadata["learnt"] = {
            "columns": model.violation.columns,
            "rounds": dict(model.violation.rounds),
            "calibration": asdict(model.violation.calibration),
            "learner": _learner_facts(model.violation.learner, files),
        }
    files[METADATA] = (json.dumps(metadata, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()
    return dict(sorted(files.items()))


def load(files: Mapping[str, bytes]) -> RiskModel:
    """The model that :func:`dump` stored.

    Raises:
        OtherFormatError: when the format is another.
        ValueError: when a file is missing or damaged, or an archive holds a type not in :data:`models.foundation.archives.TRUSTED`.
        RuntimeError: when the model needs LightGBM and it cannot be loaded.
    """
    try:
        metadata = json.loads(files[METADATA])
        if metadata["format"] != FORMAT:
            raise OtherFormatError(f"{METADATA} has format {metadata['format']}, this code reads {FORMAT}: retrain the model")
        inputs = Inputs(**{name: tuple(values) for name, values in metadata["inputs"].items()})
        anomaly = _restore_anomaly(metadata["anomaly"], files[ANOMALY], ANOMALY)
        violation: ProbabilityModel | FallbackModel
        if "rule" in metadata:
            violation = FallbackModel(inputs, restored(files, RULE, RobustScale), metadata["rule"]["intercept"])
        else:
            learnt = metadata["learnt"]
            learner = _learner(learnt["learner"], files, len(learnt["columns"]))
            violation = ProbabilityModel(tuple(learnt["columns"]), learner, Calibration(**learnt["calibration"]), learnt["rounds"])
        calibration = Calibration(**metadata["calibration"]) if metadata["calibration"] else None
        evidence = Evidence(**{**metadata["evidence"], "indicators": tuple(metadata["evidence"]["indicators"])})
        interval = _restore_interval(metadata["interval"])
        shifts = {name: tuple(values) for name, values in metadata.get("since_finding", {}).items()}
        return RiskModel(
            inputs, anomaly, violation, metadata["anomaly_weight"], calibration, evidence, interval, metadata["facts"],
            FindingShift(**shifts), _restore_class_scale(metadata.get("class_scale")), metadata.get("absence", {}),
        )  # fmt: skip
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"the stored model cannot be read: {error!r}; retrain it or restore its files") from error


def _learner_facts(learner: Learner, files: dict[str, bytes]) -> dict[str, Any]:
    """A candidate for JSON; its own file, where it has one, is put into ``files``."""
    if isinstance(learner, Scorecard):
        return {"kind": SCORECARD, **scorecard_facts(learner)}
    if isinstance(learner, Blend):
        return {"kind": BLEND, "shares": learner.shares, "members": [_learner_facts(one, files) for one in learner.members]}
    if isinstance(learner, LightGBMBooster):
        files[LIGHTGBM] = learner.text.encode()
        return {"kind": TREE, "file": LIGHTGBM, "start": learner.start}
    files[HISTOGRAM] = archived(learner.estimator)
    return {"kind": TREE, "file": HISTOGRAM}


def _learner(facts: Mapping[str, Any], files: Mapping[str, bytes], columns: int) -> Learner:
    if facts["kind"] == SCORECARD:
        return restore_scorecard(facts, columns, METADATA)
    if facts["kind"] == BLEND:
        return Blend(tuple(_learner(one, files, columns) for one in facts["members"]), tuple(facts["shares"]))
    if facts["file"] == LIGHTGBM:
        return LightGBMBooster(files[LIGHTGBM].decode(), facts["start"])
    return HistogramBooster(restored(files, HISTOGRAM, HistGradientBoostingClassifier))


def _interval_facts(interval: Interval | None) -> dict[str, Any] | None:
    if interval is None:
        return None
    return {"level": interval.level, **{name: getattr(interval, name).tolist() for name in _TABLES}}


def _restore_interval(facts: dict[str, Any] | None) -> Interval | None:
    """The stored interval; raises ValueError when its tables do not fit each other."""
    if facts is None:
        return None
    margin, low, high = (np.array(facts[name], dtype=np.float64) for name in _TABLES)
    fits = margin.ndim == 1 and len(margin) and low.shape == high.shape == (len(EVIDENCE), len(margin))
    if (
        not fits
        or not (np.diff(margin) > 0).all()
        or (np.diff(low) < 0).any()
        or (np.diff(high) < 0).any()
        or (low > high + 1e-12).any()
    ):
        raise ValueError(f"{METADATA}: the interval's tables do not fit one another; restore the file or retrain the model")
    return Interval(facts["level"], margin, low, high)


def _restore_class_scale(facts: dict[str, Any] | None) -> ClassScale | None:
    """The stored scale; None for a model of an earlier version, which has none."""
    if facts is None:
        return None
    rate = BaseRate(**facts["base_rate"]) if facts["base_rate"] else None
    return ClassScale(rate, tuple(facts["points"]), facts["has_probability"])


def _anomaly_facts(model: AnomalyModel) -> dict[str, Any]:
    """The part of the model for JSON."""
    return {"columns": model.columns, "directions": model.scale.directions, "tail": _tail_facts(model.tail)}


def _anomaly_arrays(model: AnomalyModel) -> bytes:
    """The rest as an npz whose bytes depend only on the arrays; numpy's own holds the time."""
    arrays = {"center": model.scale.center_, "spread": model.scale.spread_, **asdict(model.forest)}
    return zipped({f"{name}.npy": _saved(array) for name, array in arrays.items()})


def _saved(array: Array) -> bytes:
    body = io.BytesIO()
    np.save(body, np.ascontiguousarray(array), allow_pickle=False)
    return body.getvalue()


def _restore_anomaly(facts: Mapping[str, Any], body: bytes, name: str) -> AnomalyModel:
    """The model of :func:`_anomaly_facts` and :func:`_anomaly_arrays`.

    Raises:
        ValueError: when ``body`` (of the file ``name``) is no archive of plain arrays, or they do not fit the facts.
        KeyError: when an array is missing.
    """
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
    except (OSError, EOFError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{name} is no archive of plain arrays: {error}; restore the file or retrain the model") from error
    if any(array.dtype != TYPES.get(key) for key, array in arrays.items()):
        raise ValueError(f"{name} holds numbers of another type than the model's; restore the file or retrain the model")
    columns = tuple(facts["columns"])
    scale = RobustScale(tuple(facts["directions"]))
    scale.center_, scale.spread_, scale.n_features_in_ = arrays["center"], arrays["spread"], len(columns)
    forest = Forest(**{field.name: arrays[field.name] for field in fields(Forest)})
    if not _fits(forest, scale):
        raise ValueError(f"{name} does not fit its model; restore the file or retrain the model")
    return AnomalyModel(columns, scale, forest, _tail(facts["tail"]))


def _tail_facts(tail: TailScale) -> dict[str, Any]:
    return {
        "raw": tail.raw.tolist(), "level": tail.level_at.tolist(), "slope_below": tail.slope_below, "slope_above": tail.slope_above,
    }  # fmt: skip


def _tail(facts: Mapping[str, Any]) -> TailScale:
    return TailScale(np.array(facts["raw"]), np.array(facts["level"]), facts["slope_below"], facts["slope_above"])


def _fits(forest: Forest, scale: RobustScale) -> bool:
    """Whether shapes agree and all named columns exist, so that no index is out of range."""
    k = scale.n_features_in_
    trees, nodes = forest.depth.shape
    fits = scale.center_.shape == scale.spread_.shape == (k,) and forest.column.shape == forest.threshold.shape == (trees, nodes)
    return bool(fits and trees and nodes & (nodes + 1) == 0 and ((forest.column >= 0) & (forest.column < k)).all())
