"""Why each listed entity is on the list, and what would bring it into a better class, in three languages.

On which day an entity's newest record of a source is, told by its features.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from expectations.contracts import scoring
from expectations.contracts.indicators import Indicator, catalogue
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from jobs.engine.lake import Lake
from jobs.lake.model_store import ModelStore
from jobs.lake.tables import arrow_schema
from jobs.profile.profile import Profile
from jobs.steps.score_entities import read_features
from jobs.texts.languages import LANGUAGES, column_suffix
from jobs.texts.names import Names
from jobs.texts.reasons import Basis, basis_in_words, better_in_words, change_in_words, render, render_unknown
from jobs.transforms.features.peers import CLIP
from jobs.transforms.tax_sums import closed_month
from models.explanation.counterfactual import MOST, WANTED, Counterfactuals, counterfactuals
from models.explanation.reasons import ROW, check_additive, strongest
from models.risk.credit import worst_first
from models.risk_model import RiskModel
from models.targeting.class_stability import stabilise_class

Days = npt.NDArray[np.datetime64]
NONE = np.datetime64("NaT", "D")


def newest_by_source(features: pd.DataFrame, as_of: date) -> dict[str, Days]:
    """The day of each row's newest record of each source that an indicator tells the age of; NaT where it has none.

    A return counts on the last day of its month.

    Args:
        features: rows of ``gold.features`` of the day.
        as_of: the day.
    """
    found: dict[str, Days] = {}
    for indicator in catalogue():
        if indicator.age_of:
            age = features[indicator.column].to_numpy(dtype=np.float64, na_value=np.nan)
            days = _months_back(age, as_of) if indicator.unit == "months" else _days_back(age, as_of)
            found[indicator.age_of] = np.fmax(found.get(indicator.age_of, np.full(len(features), NONE)), days)
    return found


def newest_of(indicator: Indicator, newest: dict[str, Days], at: int) -> date | None:
    """The newest of the records that an indicator of a row rests on; None where others' records tell it, or none is dated."""
    days = [newest[source][at] for source in indicator.sources if source in newest] if indicator.own else []
    known = [day for day in days if not np.isnat(day)]
    return max(known).astype(object) if known else None


def _days_back(age: npt.NDArray[np.float64], as_of: date) -> Days:
    known = ~np.isnan(age)
    days: Days = np.datetime64(as_of, "D") - np.where(known, age, 0).astype("timedelta64[D]")
    return np.where(known, days, NONE)


def _months_back(age: npt.NDArray[np.float64], as_of: date) -> Days:
    known = ~np.isnan(age)
    after = np.datetime64(closed_month(as_of), "M") + 1 - np.where(known, age, 0).astype("timedelta64[M]")
    return np.where(known, after.astype("datetime64[D]") - 1, NONE)


_COUNT = "peer_count"
_COLUMNS = {
    language: tuple(f"{text}_{column_suffix(language)}" for text in ("sentence", "basis", "change", "better"))
    for language in LANGUAGES
}


@dataclass(frozen=True)
class Explained:
    """The listed with what would bring a better class, and the rows of ``gold.reasons``."""

    listed: pd.DataFrame
    reasons: pa.Table


def explain(lake: Lake, profile: Profile, as_of: date, listed: pd.DataFrame) -> Explained:
    """Explain a day's list.

    Args:
        listed: the list's rows with the columns of ``gold.scores``.
    """
    if listed.empty:
        columns = (str(scoring.BETTER_CLASS), *(better for *_, better in _COLUMNS.values()))
        return Explained(listed.assign(**dict.fromkeys(columns)), arrow_schema(scoring.REASONS).empty_table())
    features = read_features(lake, as_of, among=pd.Index(listed[ENTITY_ID]))
    model = ModelStore(lake.home).get(str(listed[scoring.MODEL_ID].iloc[0]))
    scores, contributions = model.explain(features)
    check_additive(contributions, scores[scoring.MARGIN])
    indicators = {indicator.column: indicator for indicator in catalogue()}
    speakers = {language: Names.of(profile, language) for language in LANGUAGES}
    peers = lake.arrow(scoring.PEERS, where=f"{AS_OF} = '{as_of}'").to_pandas()
    peers = peers[peers[scoring.PEER_GROUP].isin(features[scoring.PEER_GROUP].unique())]
    reasons = strongest(contributions, features)
    reasons = _with_peers(reasons, features, peers)
    reasons = _in_words(reasons, features, indicators, speakers, as_of)
    letters = listed.set_index(ENTITY_ID)[scoring.RISK_CLASS].reindex(features[ENTITY_ID]).to_numpy()
    found = _better(model, profile, features, contributions, letters, peers, indicators)
    is_best = letters == worst_first(profile.classes)[-1]
    bettered = _better_in_words(found, features[ENTITY_ID], is_best, indicators, speakers)
    return Explained(listed.merge(bettered, on=str(ENTITY_ID), how="left", validate="one_to_one"), reasons)


def _with_peers(reasons: pd.DataFrame, features: pd.DataFrame, peers: pd.DataFrame) -> pd.DataFrame:
    rows = reasons[ROW].to_numpy()
    placed = reasons.assign(
        **{
            str(ENTITY_ID): features[ENTITY_ID].to_numpy()[rows],
            str(scoring.PEER_GROUP): features[scoring.PEER_GROUP].to_numpy()[rows],
        }
    )
    columns = [scoring.PEER_GROUP, scoring.INDICATOR, scoring.PEER_MEDIAN, _COUNT]
    return placed.merge(peers[columns], how="left", on=[scoring.PEER_GROUP, scoring.INDICATOR])


def _in_words(
    reasons: pd.DataFrame, features: pd.DataFrame, indicators: dict[str, Indicator], speakers: dict[str, Names], as_of: date
) -> pa.Table:
    newest = newest_by_source(features, as_of)
    rows = reasons.sort_values([ENTITY_ID, scoring.REASON_RANK], ignore_index=True).to_dict("records")
    for row in rows:
        indicator = indicators[row[scoring.INDICATOR]]
        is_known, has_peers = not np.isnan(row[scoring.VALUE]), not np.isnan(row[scoring.PEER_MEDIAN])
        day = newest_of(indicator, newest, row[ROW]) if is_known else None
        peers = int(row[_COUNT]) if has_peers else None
        basis = Basis(str(row[scoring.PEER_GROUP] or ""), peers, indicator.sources, day, as_of)
        row |= {AS_OF: as_of, scoring.RESTS_ON: ", ".join(indicator.sources), scoring.NEWEST_ON: day}
        row |= {name: None if np.isnan(row[name]) else row[name] for name in (scoring.VALUE, scoring.PEER_MEDIAN)}
        for language, (sentence, based, change, _) in _COLUMNS.items():
            names = speakers[language]
            value, median = row[scoring.VALUE], row[scoring.PEER_MEDIAN]
            row[sentence] = render_unknown(indicator, names) if value is None else render(indicator, value, median, names)
            row[based] = basis_in_words(basis, names)
            row[change] = change_in_words(indicator, names)
    return pa.Table.from_pylist(rows, schema=arrow_schema(scoring.REASONS))


def _better(
    model: RiskModel,
    profile: Profile,
    features: pd.DataFrame,
    contributions: pd.DataFrame,
    letters: np.ndarray,
    peers: pd.DataFrame,
    indicators: dict[str, Indicator],
) -> Counterfactuals:
    """What would bring each row a better class, towards its peers' medians, or a neutral value where no peers are looked at."""
    usual = peers.pivot(index=scoring.PEER_GROUP, columns=scoring.INDICATOR, values=scoring.PEER_MEDIAN)
    goals = usual.reindex(features[scoring.PEER_GROUP]).reset_index(drop=True)
    goals = goals.assign(**{name: one.neutral for name, one in indicators.items() if one.neutral is not None and not one.peer})

    def stands(changed: pd.DataFrame) -> np.ndarray:
        """The class on the morrow: what would not stand then would bring nothing."""
        return stabilise_class(
            model.score(changed),
            lambda at: model.contributions(changed.iloc[at]),
            changed,
            letters[changed.index],
            model.of_margin,
            indicators=indicators,
            bounds=profile.classes,
            ordinary=profile.certainty.ordinary,
        ).stands

    return counterfactuals(
        features,
        contributions,
        letters,
        goals,
        stands,
        indicators=indicators,
        bounds=profile.classes,
        clip=CLIP,
    )


def _better_in_words(
    found: Counterfactuals,
    entities: pd.Series,
    is_best: np.ndarray,
    indicators: dict[str, Indicator],
    speakers: dict[str, Names],
) -> pd.DataFrame:
    wanted: dict[int, list[tuple[str, float, float]]] = {}
    for row in found.changes.to_dict("records"):
        wanted.setdefault(int(row[ROW]), []).append((row[scoring.INDICATOR], row[scoring.VALUE], row[WANTED]))
    frame = pd.DataFrame({str(ENTITY_ID): entities.to_numpy(), str(scoring.BETTER_CLASS): found.better})
    for language, (*_, column) in _COLUMNS.items():
        frame[column] = [
            better_in_words(better, wanted.get(at, ()), is_best[at], indicators, speakers[language], most=MOST)
            for at, better in enumerate(found.better)
        ]
    return frame
