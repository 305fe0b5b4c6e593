# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What the model sees
#
# The distribution of scores and the capacity cut-off, the most important indicators, calibration, and missing values.
#
# `STEELYARD_HOME` and `STEELYARD_AS_OF` select the home and the day.

# %%
from datetime import date

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from expectations.contracts.indicators import DIMENSIONS, catalogue
from jobs.analysis.open_day import open_day
from jobs.report.charts import CLASS_COLOURS, INK, PALE, PLAIN
from jobs.engine.lake import Lake
from jobs.lake.model_store import ModelStore
from jobs.analysis.score_past_visits import score_past_visits
from models.model_card import importances
from models.evaluation.evaluate import evaluate
from models.evaluation.calibration_metrics import reliability

COLOUR_OF = dict(zip(DIMENSIONS, ("#98802f", "#37718e", "#962f28", "#4f8587", "#7a5c8a")))

day = open_day()
lake, names = day.lake, day.names
model_id = day.run["model_id"]
facts = ModelStore(lake.home).facts(model_id)
is_learnt = facts["kind"] == "learnt"
print(f"model {model_id}: {facts['visits']:,} labelled visits, {facts['found']:,} found a violation")
print("fitted on visits" if is_learnt else "a rule: too few visits are labelled to fit a model, so there is no probability")

# %% [markdown]
# ## Scores and the capacity cut-off
#
# Entities are ranked by the margin. Left: the margins of all and of listed entities. Right: the lowest listed margin of each region. The
# cut-off depends on the inspectors of a region, not on the risk: an entity just below it in a busy region may be far above the cut-off of
# another.

# %%
scores = lake.pandas("gold.scores", where=day.only)
listed = lake.pandas("gold.risk_list", where=day.only)
lines = listed.groupby("capacity_region")["margin"].min().sort_values()

edges = np.linspace(scores["margin"].min(), scores["margin"].max(), 41)
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), width_ratios=(3, 2), layout="constrained")
left.hist(scores["margin"], edges, color=PALE, label="all entities")
left.hist(listed["margin"], edges, color=PLAIN, label="listed")
left.set_yscale("log")
left.set_xlabel("margin (log-odds before calibration)")
left.set_ylabel("entities (log scale)")
left.legend(frameon=False)
shown = lines.tail(14)
right.plot(shown, [day.region_label(region) for region in shown.index], "o", color=CLASS_COLOURS["D"])
right.set_xlim(scores["margin"].min(), scores["margin"].max())
right.set_xlabel("lowest margin listed")
right.grid(axis="y", color="#edf1f3")
for axes in (left, right):
    axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# ## The most important indicators
#
# The mean absolute contribution of an indicator to the margin, over at most 5,000 entities of the day. Importance is not causation: it
# says what the model uses.

# %%
features = lake.pandas("gold.features", where=day.only).sort_values("entity_id", ignore_index=True)
model = ModelStore(lake.home).get(model_id)
sample = features.sample(min(len(features), 5_000), random_state=day.profile.training.seed)
importance = importances(model, sample)
dimension = {indicator.column: indicator.dimension for indicator in catalogue()}

top = importance.head(20).iloc[::-1]
fig, axes = plt.subplots(figsize=(9, 6.4), layout="constrained")
axes.barh([names.indicator(column) for column in top["indicator"]], top["importance"], color=[COLOUR_OF[dimension[c]] for c in top["indicator"]])
axes.legend(handles=[plt.Rectangle((0, 0), 1, 1, color=colour, label=name) for name, colour in COLOUR_OF.items()], frameon=False, loc="lower right")
axes.set_xlabel("mean absolute contribution to the margin (log-odds)")
axes.spines[["top", "right", "left"]].set_visible(False)
plt.show()

# %% [markdown]
# ## Comparison with baselines
#
# The last two cohorts of known visits, scored by a model fitted on what was known before them, beside an entity's past record and a random
# order. *First half share* is the share of violations that the first half of the visits would have found. With few visits these figures
# are uncertain; `steelyard evaluate` repeats the comparison over many months, with intervals.

# %%
past = score_past_visits(Lake(lake.home), day.profile, date.fromisoformat(model_id[:10]))
print(f"{len(past):,} visits, {past['found'].sum():.0f} found a violation")
if len(past):
    orders = evaluate(
        past["found"],
        past["inspected_on"],
        {"model": past["margin"], "past record": past["past_record"]},
        capacity=max(len(past) // 5, 1),
        seed=day.profile.training.seed,
    )
    display(orders.loc[["model", "past record", "random expected"], ["auc", "first_half_share", "precision", "lift"]].style.format("{:.2f}"))
else:
    print("fewer than four cohorts of visits are known, so none can be held out")

# %% [markdown]
# ## Calibration
#
# Does the share of visits with a violation equal the predicted probability? The bars are 95 % intervals; where they reach the diagonal, the
# prediction is not refuted. Visits were mostly targeted, so this holds for entities like those visited.

# %%
if past["probability"].notna().any():
    bins = reliability(past["probability"], past["found"], entity=past["entity_id"], bins=min(10, max(len(past) // 30, 2)))
    top = min(1.0, max(bins["high"].max(), bins["predicted"].max()) * 1.08)
    fig, axes = plt.subplots(figsize=(5.4, 5), layout="constrained")
    axes.plot([0, top], [0, top], color=INK, linewidth=1, linestyle=":")
    axes.vlines(bins["predicted"], bins["low"], bins["high"], color=PALE, linewidth=3)
    axes.plot(bins["predicted"], bins["observed"], "o", color=PLAIN, markersize=8)
    axes.set(xlim=(0, top), ylim=(0, top), xlabel="predicted probability", ylabel="share that found a violation")
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.spines[["top", "right"]].set_visible(False)
    plt.show()
else:
    print("no probability to check: too few visits are known, so a rule replaces the model")

# %% [markdown]
# ## Missing values
#
# The share of entities without a value, for the indicators with most missing values. An unknown value is not bad in itself: the anomaly
# score treats it as the median, and the probability learns its meaning from past visits. If listed entities have far more or far fewer
# missing values than others, the list may depend on what is *recorded* rather than on the facts.

# %%
columns = [indicator.column for indicator in catalogue()]
is_listed = features["entity_id"].isin(listed["entity_id"])
missing = pd.DataFrame({"all": features[columns].isna().mean(), "listed": features.loc[is_listed, columns].isna().mean()})
missing = missing[missing["all"] > 0].sort_values("all", kind="stable").tail(20)

fig, axes = plt.subplots(figsize=(9, 0.3 * len(missing) + 1), layout="constrained")
at = range(len(missing))
axes.hlines(at, missing["all"], missing["listed"], color=PALE, linewidth=3)
axes.plot(missing["all"], at, "o", color=PALE, markersize=8, label="all entities")
axes.plot(missing["listed"], at, "o", color=PLAIN, markersize=8, label="listed")
axes.set_yticks(at, [names.indicator(column) for column in missing.index])
axes.xaxis.set_major_formatter("{x:.0%}")
axes.set_xlim(-0.02, 1.02)
axes.set_xlabel("share without a value")
axes.spines[["top", "right", "left"]].set_visible(False)
axes.legend(frameon=False, loc="lower right")
plt.show()
