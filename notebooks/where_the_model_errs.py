# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Where the model errs
#
# Visits of the last two cohorts, scored by a model fitted on what was known before them: which violations it ranked late, which clean
# businesses early, whether errors differ by group, and which indicators misled it.
#
# `STEELYARD_HOME` and `STEELYARD_AS_OF` select the home and the day.

# %%
from datetime import date

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from jobs.analysis.open_day import open_day
from jobs.analysis.score_past_visits import hold_out
from jobs.report.svg import INK, PALE, PLAIN
from jobs.foundation.errors import InputMissing
from jobs.engine.lake import Lake
from models.evaluation.groups import OTHERS, evaluate_groups

RED = "#962f28"
day = open_day()
names, policy = day.names, day.profile.evaluation
held = hold_out(Lake(day.lake.home), day.profile, date.fromisoformat(day.run["model_id"][:10]))
if held.model is None:
    raise InputMissing(
        what="fewer than four cohorts of visits are known, so none can be held out",
        where=str(day.lake.home),
        next_step="open a day with a longer past",
    )
visits = held.visits.assign(as_of=held.visits["cohort_on"], day=held.visits["inspected_on"])
visits["place"] = visits.groupby("as_of")["margin"].rank(ascending=False, method="average") / visits.groupby("as_of")["margin"].transform("size")
is_found, is_first = visits["found"] == 1, visits["place"] <= policy.capacity_share
print(f"{len(visits):,} visits, {is_found.sum():,} found a violation; the first {policy.capacity_share:.0%} would have found {(is_found & is_first).sum():,} of them")

# %% [markdown]
# ## Where in the order the violations were
#
# Each stroke is a visit that found a violation, at its place in the order: 0 is first. In a random order they would be spread evenly. The
# line is the share of violations found so far; the dotted line is the random order.

# %%
fig, (top, bottom) = plt.subplots(2, 1, figsize=(9, 5), height_ratios=(1, 5), sharex=True, layout="constrained")
places = np.sort(visits.loc[is_found, "place"])
top.vlines(places, 0, 1, color=PLAIN, linewidth=1)
top.set_axis_off()
bottom.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=":")
bottom.step([0, *places, 1], [0, *np.arange(1, len(places) + 1) / max(len(places), 1), 1], where="post", color=PLAIN)
bottom.axvspan(0, policy.capacity_share, color=PALE, alpha=0.35, linewidth=0)
bottom.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="place in the order (shaded: within capacity)", ylabel="violations found so far")
for axis in (bottom.xaxis, bottom.yaxis):
    axis.set_major_formatter("{x:.0%}")
bottom.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# ## By group
#
# The share of each group's violations that the visits within capacity would have found, with its 95 % interval by business. The model
# misses many violations of a group far below the others. Intervals are wide where visits are few: check whether they overlap before you
# trust a difference.

# %%
entities = day.lake.pandas("silver.entity", columns=["entity_id", "known_at", "industry_section", "region_code", "entity_type"])
latest = entities.sort_values("known_at").drop_duplicates("entity_id", keep="last")
grouped = visits.merge(latest.drop(columns="known_at"), on="entity_id", how="left")
label_of = {"industry_section": names.industry, "region_code": day.region_label, "entity_type": str, "selected_by": str}
rows = [
    (kind, "others" if group.code == OTHERS else name_of(group.code), group)
    for kind, name_of in label_of.items()
    for group in evaluate_groups(grouped, "margin", kind, share=policy.capacity_share, resamples=200, seed=day.profile.training.seed)
]
shown = [(f"{name} ({kind.replace('_', ' ')}, {group.found} of {group.visits})", group.figures["recall"]) for kind, name, group in rows if group.found]

fig, axes = plt.subplots(figsize=(9, 0.34 * len(shown) + 1), layout="constrained")
at = np.arange(len(shown))[::-1]
axes.axvline((is_found & is_first).sum() / max(is_found.sum(), 1), color=INK, linewidth=1, linestyle=":")
axes.hlines(at, [one.low for _, one in shown], [one.high for _, one in shown], color=PALE, linewidth=3)
axes.plot([one.value for _, one in shown], at, "o", color=PLAIN)
axes.set_yticks(at, [label for label, _ in shown])
axes.set_xlabel("share of the group's violations found within capacity (dotted: of all)")
axes.xaxis.set_major_formatter("{x:.0%}")
axes.spines[["top", "right", "left"]].set_visible(False)
plt.show()

# %% [markdown]
# ## What misled it
#
# The mean contribution of each indicator to the score of violations in the last half of the order, minus the mean in the first half.
# Indicators far to the left made missed violations look harmless: because the businesses are harmless in that respect, because a record
# is missing, or because the model has seen no similar business?

# %%
added = held.model.contributions(held.features).drop(columns="base").set_index(visits.index)
is_missed, is_caught = is_found & (visits["place"] > 0.5), is_found & (visits["place"] <= 0.5)
gap = (added[is_missed].mean() - added[is_caught].mean()).fillna(0.0).sort_values(kind="stable").head(12)[::-1]

fig, axes = plt.subplots(figsize=(9, 4.6), layout="constrained")
axes.barh([names.indicator(column) for column in gap.index], gap, color=RED)
axes.axvline(0, color=INK, linewidth=1)
axes.set_xlabel("contribution to the score of missed violations minus that of caught ones (log-odds)")
axes.spines[["top", "right", "left"]].set_visible(False)
plt.show()

# %% [markdown]
# ## The worst misses
#
# The violations that the model ranked last, with the indicators that took most from the score and added most to it. For the details of one
# entity, see `story_of_one_entity.py`.


# %%
def in_words(row, columns):
    return "; ".join(f"{names.indicator(column)} = {names.value(column, None if pd.isna(row[column]) else row[column])}" for column in columns)


worst = visits[is_found].sort_values(["place", "entity_id"], ascending=[False, True]).head(10)
table = pd.DataFrame(
    {
        "entity_id": worst["entity_id"],
        "visited": worst["inspected_on"].dt.date,
        "place": worst["place"].map("{:.0%}".format),
        "looked harmless by": [in_words(held.features.loc[at], added.loc[at].nsmallest(3).index) for at in worst.index],
        "looked risky by": [in_words(held.features.loc[at], added.loc[at].nlargest(2).index) for at in worst.index],
    }
)
with pd.option_context("display.max_colwidth", None):
    display(table.style.hide(axis="index"))
