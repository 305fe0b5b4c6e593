# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Try an indicator
#
# Define an indicator in one cell and see on past visits whether it predicts violations, whether it adds to the existing indicators, and
# how often it is known. The catalogue and the lake do not change.
#
# `STEELYARD_HOME` and `STEELYARD_AS_OF` select the home and the day.

# %%
from datetime import date

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from expectations.contracts.indicators import catalogue
from jobs.analysis.open_day import open_day
from jobs.analysis.score_past_visits import hold_out
from jobs.training.gather_training_set import stored_training_set
from jobs.report.svg import INK, PALE, PLAIN
from jobs.engine.lake import Lake
from models.evaluation.evaluate import evaluate_orders

MINE = "mine"
RED = "#962f28"
day = open_day()
connection = day.lake.duckdb()

# %% [markdown]
# ## The indicator
#
# Edit this cell. It computes, for any past day, what was known on that day: `known_at` before the day's end, the newest version of each
# record, and events up to the day. `DIRECTION` is 1 when more is riskier, -1 when less is.

# %%
NAME, DIRECTION = "share of VAT returns with zero sales", 1


def indicator(as_of):
    """The share of the last year's VAT returns with zero sales, as known on a day: ``entity_id, mine``, one row for each entity."""
    return connection.sql(f"""
        WITH known AS (
            SELECT * FROM silver.filing
            WHERE known_at < TIMESTAMPTZ '{day.profile.end_of(as_of)}+00' AND tax_type = 'vat'
              AND period_end > DATE '{as_of}' - INTERVAL 12 MONTH AND period_end <= DATE '{as_of}'
            QUALIFY row_number() OVER (
                PARTITION BY entity_id, tax_type, period_start
                ORDER BY known_at DESC, delivered_on DESC, source DESC, source_file DESC, source_row DESC
            ) = 1
        )
        SELECT entity_id, avg((declared_revenue_minor = 0)::INT) AS mine FROM known WHERE NOT is_absent GROUP BY entity_id
    """).df()


# %% [markdown]
# ## The past visits
#
# Every cohort of visits that the model in use was fitted on, each entity with its indicators of the cohort's day and with yours.

# %%
trained_on = date.fromisoformat(day.run["model_id"][:10])
known = stored_training_set(Lake(day.lake.home), day.profile, trained_on)
cohorts = [pd.Timestamp(cohort).date() for cohort in sorted(known.labels["cohort_on"].unique())]
mine = pd.concat([indicator(cohort).assign(cohort_on=pd.Timestamp(cohort)) for cohort in cohorts])
past = known.features.merge(mine, on=["entity_id", "cohort_on"], how="left", validate="one_to_one")
past = past.assign(as_of=past["cohort_on"], day=past["inspected_on"], found=past["found_violation"], probability=np.nan)
print(f"{len(past):,} visits of {len(cohorts)} cohorts, {past['found'].sum():.0f} found a violation; {NAME} is known for {past[MINE].notna().mean():.0%}")

# %% [markdown]
# ## Does it predict violations?
#
# ROC-AUC within each cohort, averaged, with 95 % intervals by business, beside the catalogue's ten best on the same visits, each in its
# own direction; an unknown value counts as the median. The ten were chosen on these same visits, which favours them.


# %%
def score(column, direction):
    """Larger is riskier; unknown is the median."""
    values = past[column].astype(float)
    return (direction * values.fillna(values.median())).fillna(0.0)


directions = {indicator.column: indicator.direction or 1 for indicator in catalogue()} | {MINE: DIRECTION}
scores = pd.DataFrame({column: score(column, way) for column, way in directions.items() if past[column].notna().any()})
quick = evaluate_orders(past.assign(**scores), list(scores), share=day.profile.evaluation.capacity_share, resamples=1, seed=1)
best = sorted((name for name in scores if name != MINE), key=lambda name: (-quick.orders[name]["auc"].value, name))[:10]
evaluation = evaluate_orders(
    past.assign(**scores), [MINE, *best], share=day.profile.evaluation.capacity_share, resamples=300, seed=day.profile.training.seed
)
shown = [(NAME if name == MINE else day.names.indicator(name), evaluation.orders[name]["auc"]) for name in [MINE, *best]]

fig, axes = plt.subplots(figsize=(9, 4.6), layout="constrained")
at = np.arange(len(shown))[::-1]
axes.axvline(0.5, color=INK, linewidth=1, linestyle=":")
axes.hlines(at, [one.low for _, one in shown], [one.high for _, one in shown], color=PALE, linewidth=3)
axes.scatter([one.value for _, one in shown], at, color=[RED, *[PLAIN] * len(best)], zorder=3)
axes.set_yticks(at, [label for label, _ in shown])
axes.set_xlabel("AUC (0.5 is chance)")
axes.spines[["top", "right", "left"]].set_visible(False)
plt.show()

# %%
figures = pd.DataFrame(
    {name: {metric: one.value for metric, one in evaluation.orders[name].items()} for name in [MINE, *best[:3], "random expected"]}
).T.rename(index={MINE: NAME})
display(figures[["auc", "first_half_share", "days_earlier", "precision", "lift"]].style.format("{:.2f}"))

# %% [markdown]
# ## Is it redundant?
#
# Rank correlation with the most similar indicators. A large correlation of either sign means much the same information; a new indicator
# is worth its maintenance if it adds some.

# %%
ranks = scores.loc[:, scores.nunique() > 1].rank()
alike = ranks.drop(columns=MINE, errors="ignore").corrwith(scores[MINE].rank())
alike = alike.reindex(alike.abs().sort_values(ascending=False, kind="stable").index)[:12][::-1]

fig, axes = plt.subplots(figsize=(9, 4.6), layout="constrained")
axes.barh([day.names.indicator(column) for column in alike.index], alike, color=PLAIN)
axes.axvline(0, color=INK, linewidth=1)
axes.set_xlim(-1, 1)
axes.set_xlabel(f"rank correlation with the {NAME}")
axes.spines[["top", "right", "left"]].set_visible(False)
plt.show()

# %% [markdown]
# ## Would it help the model?
#
# Among visits with similar scores by a model that was not fitted on them, does it still separate violations from clean visits? The chart
# uses the last two cohorts, in thirds by score; the AUC is the mean of the cohorts. An AUC near 0.5 in each third means that the model
# already has this information.

# %%
held = hold_out(Lake(day.lake.home), day.profile, trained_on).visits.merge(
    past[["entity_id", "cohort_on", "found_violation"]].assign(**{MINE: scores[MINE]}), on=["entity_id", "cohort_on"]
)
if len(held) >= 30:
    held["third"] = pd.qcut(held["margin"].rank(method="first"), 3, labels=["low", "middle", "high"])
    held = held.assign(as_of=held["cohort_on"], day=held["inspected_on"], probability=np.nan)
    rows = {}
    for third, visits in held.groupby("third", observed=True):
        one = evaluate_orders(visits, [MINE], share=0.2, resamples=300, seed=1).orders[MINE]["auc"]
        rows[third] = {"visits": len(visits), "found": int(visits["found"].sum()), "AUC": one.value, "from": one.low, "to": one.high}
    display(pd.DataFrame(rows).T.style.format("{:.2f}", subset=["AUC", "from", "to"]).format("{:.0f}", subset=["visits", "found"]))
else:
    print("fewer than thirty visits can be held out: too few")

# %% [markdown]
# ## Checks before you use it
#
# - How many violations are there? With twenty, an AUC of 0.6 may be chance; see the interval.
# - Was it known in time, also for old cohorts? In a source that was loaded at once, everything looks known from the start.
# - Visits were mostly targeted: does it only predict where inspectors used to go? Look at `selected_by == "random"` alone.
# - Is it lawful, and can the reason be explained to the business? No column in `expectations/contracts/denied.toml` may reach a feature.
#
# To add it: [Add an indicator](../docs/how-to/add-an-indicator.md).
