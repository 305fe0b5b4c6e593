"""Score every entity of a day with the model in use: margin, probability and its interval, anomaly, credit points and class."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.scoring import CREDIT_POINTS, HELD_CLASS, HELD_SOURCE, MARGIN, MODEL_ID, RISK_CLASS, SCORES
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing, SteelyardError
from jobs.foundation.files import delete_file
from jobs.incremental.previous_classes import previous_classes
from jobs.incremental.staleness import record_score_inputs, scores_fingerprint
from jobs.lake.manifests import note_path
from jobs.lake.model_store import ModelStore
from jobs.lake.tables import arrow_schema
from jobs.profile.profile import Profile
from models.explanation.reasons import NotAdditiveError, check_additive
from models.inputs import Ints
from models.risk_model import RiskModel
from models.targeting.class_stability import stabilise_class
from models.threads import parallel_map

ROWS_AT_ONCE = 32_768


def score_day(lake: Lake, profile: Profile, as_of: date, *, before: Lake | None = None) -> int:
    """Replace the day's scores; give how many entities were scored.

    Features are read and scored some thousand at a time, as many parts at once as there are processors; only scores are ever in
    memory together. An entity's scores are of its own features, its class of those and its class before.

    Args:
        before: the lake whose scores tell the classes before, by default the same.

    Raises:
        InputMissing: when there is no model, or no features for the day.
        SteelyardError: when what the indicators add, of an entity whose class moved, does not sum to its margin.
    """
    store = ModelStore(lake.home)
    model_id = store.newest(as_of)
    if model_id is None:
        raise InputMissing(
            what=f"no model was trained for {as_of} or before",
            where=str(lake.home / "models"),
            next_step="train one with `steelyard train`",
        )
    earlier = previous_classes(before or lake, as_of)
    score = partial(_score, model=store.get(model_id), model_id=model_id, profile=profile, as_of=as_of, earlier=earlier.letters)
    parts = list(parallel_map(score, feature_batches(lake, as_of)))
    if not parts:
        raise _no_features(lake, as_of)
    rows = pa.concat_tables(parts).sort_by(str(ENTITY_ID))
    # Forgotten first: a crash between table and note must not leave a note that speaks of other rows.
    delete_file(note_path(lake.home, "scores", as_of))
    lake.replace_arrow(rows, SCORES, f"{AS_OF} = '{as_of}'")
    record_score_inputs(lake, as_of, earlier.facts, scores_fingerprint(profile))
    return rows.num_rows


def _score(
    features: pd.DataFrame, *, model: RiskModel, model_id: str, profile: Profile, as_of: date, earlier: pd.Series
) -> pa.Table:
    """The scores of some entities; nothing depends on which others are beside them."""
    rows = model.score(features)

    def contributions(at: Ints) -> pd.DataFrame:
        added = model.contributions(features.iloc[at])
        try:
            check_additive(added.set_axis(features[ENTITY_ID].iloc[at]), rows[MARGIN].iloc[at])
        except NotAdditiveError as error:
            raise SteelyardError(
                what=str(error),
                where=f"model {model_id}",
                next_step="train the model again with `steelyard train`, and report it if it comes again",
            ) from error
        return added

    settled = stabilise_class(
        rows,
        contributions,
        features,
        earlier.reindex(features[ENTITY_ID]).to_numpy(dtype=object),
        model.of_margin,
        indicators={one.column: one for one in catalogue()},
        bounds=profile.classes,
        ordinary=profile.certainty.ordinary,
    )
    rows[ENTITY_ID] = features[ENTITY_ID]
    rows[AS_OF] = as_of
    rows[MODEL_ID] = model_id
    rows[CREDIT_POINTS] = settled.points
    rows[RISK_CLASS] = settled.classes
    rows[HELD_CLASS] = settled.held
    rows[HELD_SOURCE] = settled.source
    table = pa.Table.from_pandas(rows, preserve_index=False)
    return table.select(arrow_schema(SCORES).names).cast(arrow_schema(SCORES))


def feature_batches(lake: Lake, as_of: date) -> Iterator[pd.DataFrame]:
    """The day's features, ``ROWS_AT_ONCE`` rows at a time, in no order."""
    schema, batches = lake.batches(features_contract(), where=f"{AS_OF} = '{as_of}'")
    gathered = schema.empty_table()
    for batch in batches:
        gathered = pa.concat_tables([gathered, pa.Table.from_batches([batch])])
        while gathered.num_rows >= ROWS_AT_ONCE:
            yield gathered.slice(0, ROWS_AT_ONCE).to_pandas()
            gathered = gathered.slice(ROWS_AT_ONCE)
    if gathered.num_rows:
        yield gathered.to_pandas()


def read_features(lake: Lake, as_of: date, among: pd.Index | None = None) -> pd.DataFrame:
    """The features of a day in order of ``entity_id``, of all entities or of those ``among``.

    Raises:
        InputMissing: when the day has none.
    """
    schema, batches = lake.batches(features_contract(), where=f"{AS_OF} = '{as_of}'")
    wanted = None if among is None else pa.array(among, pa.string())
    kept, count = [], 0
    for batch in batches:
        count += batch.num_rows
        kept.append(batch if wanted is None else batch.filter(pc.is_in(batch.column(str(ENTITY_ID)), wanted)))
    if not count:
        raise _no_features(lake, as_of)
    return pa.Table.from_batches(kept, schema).sort_by(str(ENTITY_ID)).to_pandas()


def _no_features(lake: Lake, as_of: date) -> InputMissing:
    return InputMissing(
        what=f"there are no features for {as_of}",
        where=str(lake.path(features_contract())),
        next_step=f"build them with `steelyard features --as-of {as_of}`",
    )
