"""A model as files and back, without pickle: JSON, plain arrays, LightGBM's text, and skops archives of listed types alone.

The same model always gives the same bytes, so a hash of them names it, and a loaded model scores to the bit as the
one that was stored.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier

from models.anomaly_storage import anomaly_arrays, anomaly_facts, restore_anomaly
from models.blend import Blend
from models.boosting import HistogramBooster, LightGBMBooster
from models.calibration import Calibration
from models.candidates import BLEND, SCORECARD, TREE
from models.columns import Inputs
from models.evidence import Evidence
from models.fallback import FallbackModel
from models.interval import EVIDENCE, Interval
from models.learner import Learner
from models.probability import ProbabilityModel
from models.risk_model import RiskModel
from models.scorecard import Scorecard
from models.scorecard_storage import restore_scorecard, scorecard_facts
from models.squash import RobustSquash

FORMAT = 3
METADATA = "model.json"
ANOMALY = "anomaly.npz"
LIGHTGBM = "violation.lightgbm.txt"
HISTOGRAM = "violation.skops"
RULE = "rule.skops"

TRUSTED = (
    "models.squash.RobustSquash",
    "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)
"""The types, beyond those that skops itself trusts, that a stored model may hold."""


def dump(model: RiskModel) -> dict[str, bytes]:
    """The model's files by name; equal models give equal bytes."""
    files = {ANOMALY: anomaly_arrays(model.anomaly)}
    metadata: dict[str, Any] = {
        "format": FORMAT,
        "inputs": {
            "columns": model.inputs.columns,
            "directions": model.inputs.directions,
            "dimensions": model.inputs.dimensions,
        },
        "anomaly": anomaly_facts(model.anomaly),
        "anomaly_weight": model.anomaly_weight,
        "calibration": _calibration_facts(model.calibration),
        "evidence": asdict(model.evidence),
        "interval": _interval_facts(model.interval),
        "facts": dict(model.facts),
    }
    if isinstance(model.violation, FallbackModel):
        metadata["rule"] = {"intercept": model.violation.intercept}
        files[RULE] = _archive(model.violation.squash)
    else:
        metadata["learnt"] = {
            "columns": model.violation.columns,
            "rounds": dict(model.violation.rounds),
            "calibration": _calibration_facts(model.violation.calibration),
            "learner": _learner_facts(model.violation.learner, files),
        }
    files[METADATA] = (json.dumps(metadata, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()
    return dict(sorted(files.items()))


def load(files: Mapping[str, bytes]) -> RiskModel:
    """The model that :func:`dump` stored.

    Raises:
        ValueError: when a file is missing or broken, the format is another, or an archive holds a type not in ``TRUSTED``.
        RuntimeError: when the model needs LightGBM and it cannot be loaded.
    """
    try:
        metadata = json.loads(files[METADATA])
        if metadata["format"] != FORMAT:
            raise ValueError(f"{METADATA} is of format {metadata['format']}, this code reads {FORMAT}: retrain the model")
        inputs = Inputs(**{name: tuple(values) for name, values in metadata["inputs"].items()})
        anomaly = restore_anomaly(metadata["anomaly"], files[ANOMALY], ANOMALY)
        violation: ProbabilityModel | FallbackModel
        if "rule" in metadata:
            violation = FallbackModel(inputs, _unarchive(files, RULE, RobustSquash), metadata["rule"]["intercept"])
        else:
            learnt = metadata["learnt"]
            learner = _learner(learnt["learner"], files, len(learnt["columns"]))
            violation = ProbabilityModel(tuple(learnt["columns"]), learner, Calibration(**learnt["calibration"]), learnt["rounds"])
        calibration = Calibration(**metadata["calibration"]) if metadata["calibration"] else None
        evidence = Evidence(**{**metadata["evidence"], "indicators": tuple(metadata["evidence"]["indicators"])})
        interval = _restore_interval(metadata["interval"])
        return RiskModel(inputs, anomaly, violation, metadata["anomaly_weight"], calibration, evidence, interval, metadata["facts"])
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"the stored model cannot be read: {error!r}; retrain it or restore its files") from error


def _learner_facts(learner: Learner, files: dict[str, bytes]) -> dict[str, Any]:
    """What of a candidate is written as JSON; what is a file of its own is put into ``files``."""
    if isinstance(learner, Scorecard):
        return {"kind": SCORECARD, **scorecard_facts(learner)}
    if isinstance(learner, Blend):
        return {"kind": BLEND, "shares": learner.shares, "members": [_learner_facts(one, files) for one in learner.members]}
    if isinstance(learner, LightGBMBooster):
        files[LIGHTGBM] = learner.text.encode()
        return {"kind": TREE, "file": LIGHTGBM, "start": learner.start}
    if isinstance(learner, HistogramBooster):
        files[HISTOGRAM] = _archive(learner.estimator)
        return {"kind": TREE, "file": HISTOGRAM}
    raise TypeError(f"a candidate of type {type(learner).__name__} cannot be stored")


def _learner(facts: Mapping[str, Any], files: Mapping[str, bytes], columns: int) -> Learner:
    if facts["kind"] == SCORECARD:
        return restore_scorecard(facts, columns, METADATA)
    if facts["kind"] == BLEND:
        return Blend(tuple(_learner(one, files, columns) for one in facts["members"]), tuple(facts["shares"]))
    if facts["file"] == LIGHTGBM:
        return LightGBMBooster(files[LIGHTGBM].decode(), facts["start"])
    return HistogramBooster(_unarchive(files, HISTOGRAM, HistGradientBoostingClassifier))


def _calibration_facts(calibration: Calibration | None) -> dict[str, float] | None:
    return None if calibration is None else asdict(calibration)


def _interval_facts(interval: Interval | None) -> dict[str, Any] | None:
    if interval is None:
        return None
    return {
        "level": interval.level,
        "margin": interval.margin.tolist(),
        "low": interval.low.tolist(),
        "high": interval.high.tolist(),
    }


def _restore_interval(facts: dict[str, Any] | None) -> Interval | None:
    """The stored interval, if its tables fit one another and rise as they must."""
    if facts is None:
        return None
    margin, low, high = (np.array(facts[name], dtype=np.float64) for name in ("margin", "low", "high"))
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


def _archive(estimator: Any) -> bytes:
    """A skops archive whose bytes depend on the estimator alone.

    skops names members by memory address and stamps them with the clock; here they are named by their content, sorted,
    and dated 1980. Addresses serve only to share equal objects while loading, so they are left out, and the padding
    between a tree's fields, which holds whatever was in memory, is blanked.
    """
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator))) as raw:
        schema = json.loads(raw.read("schema.json"))
        members = {name: _blank_padding(raw.read(name)) for name in raw.namelist() if name != "schema.json"}
    renamed = {name: f"{hashlib.sha256(body).hexdigest()[:32]}.{name.rpartition('.')[2]}" for name, body in members.items()}
    contents = {renamed[name]: body for name, body in members.items()}
    contents["schema.json"] = json.dumps(_canonical(schema, renamed), sort_keys=True).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, contents[name], compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _blank_padding(body: bytes) -> bytes:
    array = np.load(io.BytesIO(body), allow_pickle=False)
    if array.dtype.names is None:
        return body
    blank = np.zeros(array.shape, dtype=array.dtype)
    for name in array.dtype.names:
        blank[name] = array[name]
    buffer = io.BytesIO()
    np.save(buffer, blank, allow_pickle=False)
    return buffer.getvalue()


def _canonical(node: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {
            key: renamed.get(value, value) if key == "file" else _canonical(value, renamed)
            for key, value in node.items()
            if key != "__id__"
        }
    if isinstance(node, list):
        return [_canonical(part, renamed) for part in node]
    return node


def _unarchive(files: Mapping[str, bytes], name: str, kind: type) -> Any:
    """The estimator in an archive, if it is of that kind and holds trusted types only."""
    body = files[name]
    try:
        unknown = sorted(set(skops.io.get_untrusted_types(data=body)) - set(TRUSTED))
    except zipfile.BadZipFile as error:
        raise ValueError(f"{name} is no skops archive: {error}; restore the file or retrain the model") from error
    if unknown:
        raise ValueError(f"{name} holds types that no model of ours has: {', '.join(unknown)}; do not load it")
    estimator = skops.io.loads(body, trusted=list(TRUSTED))
    if not isinstance(estimator, kind):
        raise ValueError(f"{name} holds a {type(estimator).__name__} where a {kind.__name__} belongs; restore the file")
    return estimator
