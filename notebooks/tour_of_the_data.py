# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A tour of the data
#
# What the sources delivered, which records were quarantined and why, and the day's list.
#
# The lake is opened read-only, without an engine. `STEELYARD_HOME` and `STEELYARD_AS_OF` select the home and the day; the default is the
# newest finished day of the demo (`make demo`). Columns with personal data are not shown.

# %%
import matplotlib.pyplot as plt
import pandas as pd

from jobs.analysis.open_day import open_day
from jobs.report.charts import CLASS_COLOURS, INK, PALE, PLAIN
from jobs.lake.source_results import read_sources
from jobs.texts.reasons import Reason

day = open_day()
lake, names = day.lake, day.names
print(f"{day.profile.title['en']}, {day.as_of}: {day.run['entities']:,} entities known, {day.run['listed']:,} listed")

# %% [markdown]
# ## The tables
#
# Bronze holds records as delivered, silver valid records in standard codes, gold the results of a day, quarantine the rejected records.
# `lake.columns("gold.scores")` describes a table's columns.

# %%
lake.contents()[["table", "rows", "grain"]]

# %% [markdown]
# ## What the sources delivered
#
# Every record read is kept, a duplicate of a kept version, or quarantined, and the counts must add up. If the newest delivery of a source
# fails, its older data stay in use, and the verdict says so.

# %%
sources = read_sources(lake.home, day.as_of, day.run["sources"])
pd.DataFrame(
    {
        "source": source.name,
        "verdict": source.verdict,
        "newest delivery": source.newest_delivery,
        "deliveries": len(source.deliveries),
        "read": source.total.read,
        "kept": source.total.kept,
        "duplicates": source.total.duplicates,
        "quarantined": source.total.quarantined,
        "adds up": source.is_balanced,
    }
    for source in sources
)

# %%
fig, panels = plt.subplots(len(sources), 1, figsize=(9, 1.5 * len(sources) + 0.6), sharex=True, squeeze=False, layout="constrained")
for axes, source in zip(panels[:, 0], sources):
    on, read = zip(*[(on, counts.read) for on, counts in source.deliveries]) if source.deliveries else ((), ())
    axes.vlines(on, 0.5, read, color=PLAIN, linewidth=2)
    axes.plot(on, read, "o", color=PLAIN, markersize=3)
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.5)
    axes.set_title(source.name, loc="left", fontsize=10, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
fig.supylabel("records read (log scale)", fontsize=10)
fig.suptitle("Deliveries by source", x=0.01, ha="left", color=INK)
plt.show()

# %% [markdown]
# The first delivery of a source holds all its records, later ones the changes.
#
# ## Quarantine
#
# A record is quarantined if it cannot be *read* from its file, if a value cannot be *mapped* to its column's type, or if it fails a
# critical rule at the *gate*. A rerun releases it once the file, the mapping or the rule is fixed. The last column gives an example.

# %%
quarantined = pd.concat(
    lake.pandas(table, columns=["source", "stage", "rule_id", "column_name", "source_file", "source_row"])
    for table in lake.names()
    if table.startswith("quarantine.")
)
quarantined["for example"] = quarantined["source_file"] + " row " + quarantined["source_row"].astype(str)
(
    quarantined.groupby(["source", "stage", "rule_id"], dropna=False)
    .agg(records=("source_row", "size"), column=("column_name", "first"), example=("for example", "min"))
    .sort_values("records", ascending=False)
    .reset_index()
)

# %% [markdown]
# ## The day's list
#
# The list fills the inspectors' capacity in each region, the largest objective first. It proposes visits and finds nothing. Names are as
# registered; each comes with its first reason.

# %%
connection = lake.duckdb()
first = connection.sql(f"""
    SELECT list_rank, l.entity_id, name, risk_class, round(margin, 2) AS margin, indicator, value, peer_median
    FROM gold.risk_list AS l
    LEFT JOIN gold.reasons AS r ON r.entity_id = l.entity_id AND r.as_of = l.as_of AND r.reason_rank = 1
    WHERE l.{day.only} ORDER BY list_rank LIMIT 12
""").df()
reasons = first[["indicator", "value", "peer_median"]].astype(object).where(first.notna(), None).itertuples(index=False)
first["first_reason"] = [Reason(*reason).sentence(names) if reason.indicator else "" for reason in reasons]
first.drop(columns=["indicator", "value", "peer_median"]).style.hide(axis="index")

# %% [markdown]
# ### Visits by region and class
#
# Left: listed entities and capacity of each region; a region with fewer entities than visits is not filled. Right: the share of each class
# among all and among listed entities. The list is ranked by the policy's objective, not by class, so classes mix.

# %%
listed = lake.pandas("gold.risk_list", where=day.only)
scores = lake.pandas("gold.scores", where=day.only)

places = listed["capacity_region"].value_counts().sort_values().tail(12)
capacity = [day.profile.capacity.of(region) for region in places.index]
classes = list("ABCD")

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 0.32 * len(places) + 1.8), layout="constrained")
labels = [day.region_label(region) for region in places.index]
left.barh(labels, capacity, color="#edf1f3", label="capacity")
left.barh(labels, places, color=PLAIN, height=0.5, label="listed")
left.set_xlabel("visits a day")
left.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.12), ncols=2)
for at, (label, frame) in enumerate([("all entities", scores), ("listed", listed)]):
    share = frame["risk_class"].value_counts(normalize=True).reindex(classes, fill_value=0)
    begin = 0.0
    for letter in classes:
        right.barh(at, share[letter], left=begin, color=CLASS_COLOURS[letter], label=letter if at == 0 else None)
        if share[letter] > 0.07:
            right.text(begin + share[letter] / 2, at, f"{letter} {share[letter]:.0%}", ha="center", va="center", color="white")
        begin += share[letter]
right.set_yticks([0, 1], ["all entities", "listed"])
right.set_xticks([])
for axes in (left, right):
    axes.spines[["top", "right", "bottom", "left"]].set_visible(False)
plt.show()

# %% [markdown]
# ### Industries
#
# Each industry section's share of the list and of all active entities. For a section far above its share, ask whether its businesses are
# riskier or only inspected more closely.

# %%
shares = connection.sql(f"""
    WITH entity AS (
        SELECT entity_id, arg_max(industry_section, known_at) AS section, arg_max(status, known_at) AS status
        FROM silver.entity GROUP BY entity_id
    )
    SELECT coalesce(section, '') AS section, avg(is_listed::INT) AS rate, count(*) AS entities,
           count(*) / sum(count(*)) OVER () AS of_all, sum(is_listed::INT) / sum(sum(is_listed::INT)) OVER () AS of_list
    FROM (
        SELECT section, entity_id IN (SELECT entity_id FROM gold.risk_list WHERE {day.only}) AS is_listed
        FROM entity JOIN gold.scores USING (entity_id)
        WHERE {day.only} AND status IN {day.profile.objective.statuses + ("",)}
    )
    GROUP BY section ORDER BY of_all
""").df()

fig, axes = plt.subplots(figsize=(9, 0.34 * len(shares) + 1.2), layout="constrained")
at = range(len(shares))
axes.hlines(at, shares["of_all"], shares["of_list"], color=PALE, linewidth=3)
axes.plot(shares["of_all"], at, "o", color=PALE, markersize=9, label="of all active entities")
axes.plot(shares["of_list"], at, "o", color=PLAIN, markersize=9, label="of the list")
axes.set_yticks(at, [names.industry(section) for section in shares["section"]])
axes.xaxis.set_major_formatter("{x:.0%}")
axes.spines[["top", "right", "left"]].set_visible(False)
axes.legend(frameon=False, loc="lower right")
axes.set_title("Share by industry section", loc="left", color=INK)
plt.show()
