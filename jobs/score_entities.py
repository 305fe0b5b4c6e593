"""Score every entity of a day with the model in use: margin, probability, anomaly, credit points and class."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pyarrow as pa

from expectations.contracts.indicators import features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.scoring import CREDIT_POINTS, MARGIN, MODEL_ID, PROBABILITY, RISK_CLASS, SCORES
from jobs.runtime.errors import NothingToDo
from jobs.runtime.lake import Lake
from jobs.runtime.model_store import ModelStore
from jobs.runtime.settings import Profile
from jobs.runtime.versions_read import note_scored
from models.credit import credit_points, risk_class


def score_day(lake: Lake, profile: Profile, as_of: date) -> int:
    """Replace the day's scores; give how many entities were scored.

    Raises:
        NothingToDo: when there is no model, or no features for the day.
    """
    store = ModelStore(lake.home)
    model_id = store.newest(as_of)
    if model_id is None:
        raise NothingToDo(
            what=f"no model was trained for {as_of} or before",
            where=str(lake.home / "models"),
            then="train one with `steelyard train`",
        )
    features = read_features(lake, as_of)
    scores = store.get(model_id).score(features)
    points = credit_points(scores[MARGIN].to_numpy(), scores[PROBABILITY].to_numpy())
    rows = scores.copy()
    rows[ENTITY_ID] = features[ENTITY_ID]
    rows[AS_OF] = as_of
    rows[MODEL_ID] = model_id
    rows[CREDIT_POINTS] = points
    rows[RISK_CLASS] = risk_class(points, profile.classes)
    lake.replace_arrow(pa.Table.from_pandas(rows, preserve_index=False), SCORES, f"{AS_OF} = '{as_of}'")
    note_scored(lake.home, as_of)
    return len(rows)


def read_features(lake: Lake, as_of: date, among: pd.Index | None = None) -> pd.DataFrame:
    """The features of a day in order of ``entity_id``, of all entities or of those ``among``.

    Raises:
        NothingToDo: when the day has none.
    """
    table = lake.arrow(features_contract(), where=f"{AS_OF} = '{as_of}'")
    if table.num_rows == 0:
        raise NothingToDo(
            what=f"there are no features for {as_of}",
            where=str(lake.path(features_contract())),
            then=f"build them with `steelyard features --as-of {as_of}`",
        )
    if among is not None:
        table = table.filter(pa.compute.is_in(table[ENTITY_ID], pa.array(among, pa.string())))
    return table.sort_by(str(ENTITY_ID)).to_pandas()
