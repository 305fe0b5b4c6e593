"""Reproducible archives: ZIP files and skops archives of scikit-learn estimators, whose bytes depend only on their content."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import skops.io

TRUSTED = (
    "models.statistics.robust_scale.RobustScale",
    "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)
"""Types that a stored model may hold, beyond those that skops trusts."""
MOVED = {("models.squash", "RobustSquash"): ("models.statistics.robust_scale", "RobustScale")}
"""Module and class as older stored models name them, and as they are today."""


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A ZIP archive of the members, sorted by name; each is dated 1980, the first year of the format."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, members[name], compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def archived(estimator: Any) -> bytes:
    """A skops archive whose bytes depend only on the estimator.

    skops names members by memory address and the current time. Here they are named by their content, sorted and dated 1980.
    Addresses only let equal objects be shared on loading, so they are left out. The padding between a tree's fields holds
    arbitrary memory, so it is zeroed.
    """
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(estimator))) as raw:
        schema = json.loads(raw.read("schema.json"))
        members = {name: _blank_padding(raw.read(name)) for name in raw.namelist() if name != "schema.json"}
    renamed = {name: f"{hashlib.sha256(body).hexdigest()[:32]}.{name.rpartition('.')[2]}" for name, body in members.items()}
    contents = {renamed[name]: body for name, body in members.items()}
    contents["schema.json"] = json.dumps(_canonical(schema, renamed), sort_keys=True).encode()
    return zipped(contents)


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


def _with_moved_classes(body: bytes) -> bytes:
    """The archive with each class of :data:`MOVED` renamed; other archives unchanged."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(contents["schema.json"])
    if not _rename_moved(schema):
        return body
    return zipped(contents | {"schema.json": json.dumps(schema, sort_keys=True).encode()})


def _rename_moved(node: Any) -> bool:
    """Rename moved classes in a part of a schema, in place; true when there was one."""
    parts = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    found = any([_rename_moved(part) for part in parts])  # noqa: C419  every part is renamed, not only the first
    if isinstance(node, dict) and (was := (node.get("__module__"), node.get("__class__"))) in MOVED:
        node["__module__"], node["__class__"] = MOVED[was]
        return True
    return found


def restored(files: Mapping[str, bytes], name: str, kind: type) -> Any:
    """The estimator in the archive ``name``.

    Raises:
        ValueError: when it is no archive, or holds another kind or a type not in :data:`TRUSTED`.
        KeyError: when there is no such file.
    """
    try:
        body = _with_moved_classes(files[name])
        unknown = sorted(set(skops.io.get_untrusted_types(data=body)) - set(TRUSTED))
    except zipfile.BadZipFile as error:
        raise ValueError(f"{name} is no skops archive: {error}; restore the file or retrain the model") from error
    if unknown:
        raise ValueError(f"{name} holds types that no stored model has: {', '.join(unknown)}; do not load it")
    estimator = skops.io.loads(body, trusted=list(TRUSTED))
    if not isinstance(estimator, kind):
        raise ValueError(f"{name} holds a {type(estimator).__name__} where a {kind.__name__} belongs; restore the file")
    return estimator
