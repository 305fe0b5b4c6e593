"""scikit-learn's estimators as skops archives: equal ones give equal bytes, and none is read that holds a type not listed.

ZIP archives whose bytes depend on what is in them alone: members in the order of their names, none with the clock's date.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import skops.io


def zipped(members: Mapping[str, bytes]) -> bytes:
    """The members, by name, in one archive; each is dated 1980, the first year that a ZIP can tell."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, members[name], compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


TRUSTED = (
    "models.statistics.robust_scale.RobustScale",
    "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)
"""The types, beyond those that skops itself trusts, that a stored model may hold."""
MOVED = {("models.squash", "RobustSquash"): ("models.statistics.robust_scale", "RobustScale")}
"""Module and class as older models name them, with where the class is today."""


def archived(estimator: Any) -> bytes:
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
    """The archive with every class of :data:`MOVED` named as it is today; other archives stay as they are."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(contents["schema.json"])
    if not _rename_moved(schema):
        return body
    return zipped(contents | {"schema.json": json.dumps(schema, sort_keys=True).encode()})


def _rename_moved(node: Any) -> bool:
    """Rename the moved classes in a part of a schema, in place; true when there was one."""
    parts = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    found = any([_rename_moved(part) for part in parts])  # noqa: C419  every part is renamed, not only the first
    if isinstance(node, dict) and (was := (node.get("__module__"), node.get("__class__"))) in MOVED:
        node["__module__"], node["__class__"] = MOVED[was]
        return True
    return found


def restored(files: Mapping[str, bytes], name: str, kind: type) -> Any:
    """The estimator in the archive of that name, if it is of that kind and holds trusted types alone.

    Raises:
        ValueError: when it is no archive, or holds another kind or a type not in :data:`TRUSTED`.
        KeyError: when there is none of that name.
    """
    try:
        body = _with_moved_classes(files[name])
        unknown = sorted(set(skops.io.get_untrusted_types(data=body)) - set(TRUSTED))
    except zipfile.BadZipFile as error:
        raise ValueError(f"{name} is no skops archive: {error}; restore the file or retrain the model") from error
    if unknown:
        raise ValueError(f"{name} holds types that no model of ours has: {', '.join(unknown)}; do not load it")
    estimator = skops.io.loads(body, trusted=list(TRUSTED))
    if not isinstance(estimator, kind):
        raise ValueError(f"{name} holds a {type(estimator).__name__} where a {kind.__name__} belongs; restore the file")
    return estimator
