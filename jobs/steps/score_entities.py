"""Score every entity of a day with the model in use: margin, probability with its interval, anomaly, credit points, class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.scoring import CREDIT_POINTS, HELD_CLASS, HELD_SOURCE, MARGIN, MODEL_ID, RISK_CLASS, SCORES
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing, SteelyardError
from jobs.incremental.previous_classes import previous_classes
from jobs.incremental.staleness import noted_coverage, record_score_inputs
from jobs.lake.model_store import ModelStore
from jobs.lake.tables import arrow_schema
from jobs.profile.profile import Profile
from jobs.transforms.coverage import Coverage
from models.evidence.availability import WHOLE, Availability, absent_sources
from models.explanation.reasons import NotAdditiveError, check_additive
from models.foundation.inputs import Ints, Texts
from models.foundation.threads import parallel_map
from models.risk_model import RiskModel
from models.targeting.class_bounds import ClassBounds, ClassPolicy, class_bounds
from models.targeting.class_stability import stabilise_class

ROWS_AT_ONCE = 32_768


def score_day(lake: Lake, profile: Profile, as_of: date, *, before: Lake | None = None, coverage: Coverage | None = None) -> int:
    """Replace the day's scores; return how many entities were scored.

    Features are read and scored in parts of :data:`ROWS_AT_ONCE` rows, as many parts at once as there are processors, so that only
    the scores are ever in memory together. An entity's scores depend on its own features, and its class also on its previous class.

    Args:
        before: the lake with the scores of earlier days, by default the same.
        coverage: up to which day each source has delivered, by default as noted with the day's features.

    Raises:
        InputMissing: when there is no model, or no features for the day.
        SteelyardError: when the contributions of an entity whose class changed do not add up to its margin.
    """
    features, store = feature_batches(lake, as_of), ModelStore(lake.home)
    model_id = store.newest(as_of)
    if model_id is None:
        raise InputMissing(
            what=f"no model was trained for {as_of} or before",
            where=str(lake.home / "models"),
            next_step="train one with `steelyard train`",
        )
    earlier = previous_classes(before or lake, as_of)
    model = store.get(model_id)
    bounds = bounds_of(model, profile)
    available = availability(lake, model, coverage or noted_coverage(lake.home, as_of))
    scorer = Scorer(model, model_id, profile, as_of, bounds, earlier.letters, available)
    rows = pa.concat_tables(parallel_map(scorer.score, features)).sort_by(str(ENTITY_ID))
    moves = None if earlier.as_of is None else {"since": str(earlier.as_of), "moves": _moves(rows, earlier.letters)}
    with record_score_inputs(lake, profile, as_of, earlier.facts, bounds.facts() if bounds else None, moves):
        lake.replace_arrow(rows, SCORES, f"{AS_OF} = '{as_of}'")
    return rows.num_rows


def _moves(rows: pa.Table, before: pd.Series) -> list[dict[str, Any]]:
    """How many entities moved from which class to which, the largest number first."""
    now = rows[str(RISK_CLASS)].to_pandas().set_axis(rows[str(ENTITY_ID)].to_pandas())
    then = before.reindex(now.index)
    pairs = Counter((was, letter) for was, letter in zip(then, now, strict=True) if was != letter and pd.notna(was))
    return [
        {"from": was, "to": letter, "entities": pairs[was, letter]}
        for was, letter in sorted(pairs, key=lambda of: (-pairs[of], of))
    ]


def bounds_of(model: RiskModel, profile: Profile) -> ClassBounds | None:
    """The bounds of the profile's classes on a model's scale; None where it has none, so that every entity stays in its class."""
    classes = profile.classes
    begins = {"D": classes.D, "C": classes.C, "B": classes.B}
    return class_bounds(ClassPolicy(classes.by, begins, classes.leave_points, profile.certainty.ordinary), model.class_scale)


def first_classes(model: RiskModel, profile: Profile, features: pd.DataFrame, scores: pd.DataFrame) -> Texts:
    """The class that a model gives each entity, as if none had one before."""
    return stabilise_class(
        scores,
        lambda at: model.contributions(features.iloc[at]),
        features,
        np.full(len(features), None),
        model.of_margin,
        indicators={one.column: one for one in catalogue()},
        bounds=bounds_of(model, profile),
        ordinary=profile.certainty.ordinary,
    ).classes


def availability(lake: Lake, model: RiskModel, coverage: Coverage) -> Availability:
    """Which sources a day lacks: those without a value in any row of its features, and those that have stopped."""
    absent = absent_sources(feature_batches(lake, coverage.as_of), model.inputs)
    return Availability(absent, coverage.stale_days)


@dataclass(frozen=True)
class Scorer:
    """Scores entities of one day; no entity's scores depend on which others are scored with it.

    Attributes:
        earlier: previous classes, by entity.
        available: which sources the day lacks.
    """

    model: RiskModel
    model_id: str
    profile: Profile
    as_of: date
    bounds: ClassBounds | None
    earlier: pd.Series
    available: Availability = WHOLE

    def score(self, features: pd.DataFrame) -> pa.Table:
        """Rows of ``gold.scores``, one per row of ``gold.features``."""
        model, rows = self.model, self.model.score(features, self.available)

        def contributions(at: Ints) -> pd.DataFrame:
            added = model.contributions(features.iloc[at], self.available)
            try:
                check_additive(added.set_axis(features[ENTITY_ID].iloc[at]), rows[MARGIN].iloc[at])
            except NotAdditiveError as error:
                raise SteelyardError(
                    what=str(error),
                    where=f"model {self.model_id}",
                    next_step="train the model again with `steelyard train`, and report it if it happens again",
                ) from error
            return added

        before = self.earlier.reindex(features[ENTITY_ID]).to_numpy(dtype=object)
        stable = stabilise_class(
            rows,
            contributions,
            features,
            before,
            model.of_margin,
            indicators={one.column: one for one in catalogue()},
            bounds=self.bounds,
            ordinary=self.profile.certainty.ordinary,
            is_frozen=self.available.freezes(features) & pd.notna(before),
        )
        rows[ENTITY_ID] = features[ENTITY_ID]
        rows[AS_OF] = self.as_of
        rows[MODEL_ID] = self.model_id
        rows[CREDIT_POINTS] = stable.points
        rows[RISK_CLASS] = stable.classes
        rows[HELD_CLASS] = stable.held
        rows[HELD_SOURCE] = stable.family
        table = pa.Table.from_pandas(rows, preserve_index=False)
        return table.select(arrow_schema(SCORES).names).cast(arrow_schema(SCORES))


def feature_batches(lake: Lake, as_of: date) -> Iterator[pd.DataFrame]:
    """The day's features, :data:`ROWS_AT_ONCE` rows at a time, in no order.

    Raises:
        InputMissing: when the day has none.
    """
    schema, batches = _feature_batches(lake, as_of)
    gathered = schema.empty_table()
    for batch in batches:
        gathered = pa.concat_tables([gathered, pa.Table.from_batches([batch])])
        while gathered.num_rows >= ROWS_AT_ONCE:
            yield gathered.slice(0, ROWS_AT_ONCE).to_pandas()
            gathered = gathered.slice(ROWS_AT_ONCE)
    if gathered.num_rows:
        yield gathered.to_pandas()


def read_features(lake: Lake, as_of: date, among: pd.Index | None = None) -> pd.DataFrame:
    """The features of a day in order of ``entity_id``, of all entities or only of those in ``among``.

    Raises:
        InputMissing: when the day has none.
    """
    schema, batches = _feature_batches(lake, as_of)
    if among is not None:
        wanted = pa.array(among, pa.string())
        batches = (batch.filter(pc.is_in(batch.column(str(ENTITY_ID)), wanted)) for batch in batches)
    return pa.Table.from_batches(batches, schema).sort_by(str(ENTITY_ID)).to_pandas()


def _feature_batches(lake: Lake, as_of: date) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """The day's features as Arrow; reading them to the end raises InputMissing when there are none."""
    schema, batches = lake.batches(features_contract(), where=f"{AS_OF} = '{as_of}'")

    def checked() -> Iterator[pa.RecordBatch]:
        is_empty = True
        for batch in batches:
            is_empty &= not batch.num_rows
            yield batch
        if is_empty:
            raise InputMissing(
                what=f"there are no features for {as_of}",
                where=str(lake.path(features_contract())),
                next_step=f"build them with `steelyard features --as-of {as_of}`",
            )

    return schema, checked()
