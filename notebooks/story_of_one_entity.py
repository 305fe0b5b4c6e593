# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The story of one entity
#
# One listed entity: why it is listed, how it compares with its peers, and every record behind it, down to the file and row.
#
# By default it is the first of the list; set another identifier in `entity_id` below. `STEELYARD_HOME` and `STEELYARD_AS_OF` select the
# home and the day. Columns with personal data are not shown.

# %%
import matplotlib.pyplot as plt
import pandas as pd

from expectations.contracts.indicators import catalogue
from jobs.analysis.entity_timeline import LANES, timeline
from jobs.analysis.open_day import open_day
from jobs.report.charts import CLASS_COLOURS, INK, PALE, PLAIN
from jobs.engine.lake import Lake
from jobs.analysis.trace import trace_entity

day = open_day()
lake, names = day.lake, day.names

first = lake.pandas("gold.risk_list", where=f"{day.only} AND list_rank = 1", columns=["entity_id"])
entity_id = first["entity_id"].item()

# %%
trace = trace_entity(Lake(lake.home), day.profile, entity_id, day.as_of)
standing = trace.standing
pd.Series(
    {
        "entity": entity_id,
        "name": standing["name"],
        "industry": names.industry(standing["industry_code"]),
        "region": names.region_path(standing["region_code"]),
        "rank": f"{standing['list_rank']} of {day.run['listed']} ({standing['region_rank']} in its region)",
        "class": names.class_(standing["risk_class"]),
        "margin": f"{standing['margin']:.2f}, including the anomaly's {day.profile.scoring.anomaly_weight * standing['anomaly']:.2f}",
        "probability": "none: a rule replaces the model" if pd.isna(standing["probability"]) else f"{standing['probability']:.1%}",
    }
).to_frame("")

# %% [markdown]
# ## Why it is listed
#
# The list is ordered by the margin, a sum over the indicators. The reasons are the indicators that add most, in the words shown to the
# regulator and the business.

# %%
reasons = pd.DataFrame(trace.reasons)
reasons[["reason_rank", "sentence_en", "sentence_zh_hans", "contribution", "peer_group"]].style.hide(axis="index").format(
    {"contribution": "{:+.2f}"}
)

# %% [markdown]
# ## Compared with its peers
#
# Robust z = (value − peers' median) ÷ (1.4826 · MAD), limited to ±20. Beyond ±3 is unusual; whether unusual is bad depends on the
# indicator, so red bars are on the risky side. The chart shows the twelve furthest from the median; bars are cut at ±8 and then labelled.
# Where nearly all peers are equal, a small difference gives a large z: look at the value too.

# %%
features = lake.pandas("gold.features", where=f"{day.only} AND entity_id = '{entity_id}'").iloc[0]
medians = lake.pandas("gold.peers", where=f"{day.only} AND peer_group = '{features['peer_group']}'").set_index("indicator")["peer_median"]
against = pd.DataFrame(
    {
        "indicator": names.indicator(indicator.column),
        "value": names.value(indicator.column, features[indicator.column]),
        "peers' median": names.value(indicator.column, medians.get(indicator.column)),
        "z": features[indicator.peer_column],
        "riskier": indicator.direction * features[indicator.peer_column] > 0,
    }
    for indicator in catalogue()
    if indicator.peer and pd.notna(features[indicator.peer_column])
)
against = against.reindex(against["z"].abs().sort_values(ascending=False, kind="stable").index).reset_index(drop=True)
print(f"{features['peer_size']} peers: {features['peer_group']}")
against.head(12).drop(columns="riskier").style.hide(axis="index").format({"z": "{:+.1f}"})

# %%
shown = against.head(12).iloc[::-1]
fig, axes = plt.subplots(figsize=(9, 0.36 * len(shown) + 1), layout="constrained")
axes.barh(shown["indicator"], shown["z"].clip(-8, 8), color=[CLASS_COLOURS["D"] if bad else PALE for bad in shown["riskier"]])
for at, z in enumerate(shown["z"]):
    if abs(z) > 8:
        axes.text(7.8 * (1 if z > 0 else -1), at, f"{z:+,.0f}", ha="right" if z > 0 else "left", va="center", color="white")
axes.axvline(0, color=INK, linewidth=1)
for z in (-3, 3):
    axes.axvline(z, color=INK, linewidth=0.8, linestyle=":")
axes.set_xlim(-8.4, 8.4)
axes.set_xlabel("robust z against peers (red: on the risky side)")
axes.spines[["top", "right", "left"]].set_visible(False)
plt.show()

# %% [markdown]
# ## What is on record
#
# Registration changes, returns, complaints and visits as known on the day. Red is adverse: a late or missing return, a complaint
# upheld, a violation found, a licence revoked. The chart starts with the first return, complaint or visit; older registrations are in the
# table.

# %%
events = timeline(trace)
fig, axes = plt.subplots(figsize=(10, 2.6), layout="constrained")
for is_adverse, colour in ((False, PLAIN), (True, CLASS_COLOURS["D"])):
    part = events[events["is_adverse"] == is_adverse]
    axes.scatter(part["on"], part["lane"].map(LANES[::-1].index), color=colour, s=46, alpha=0.75, linewidth=0)
axes.set_yticks(range(len(LANES)), LANES[::-1])
axes.set_ylim(-0.6, len(LANES) - 0.4)
axes.axvline(pd.Timestamp(day.as_of), color=INK, linewidth=1)
begin = events.loc[events["lane"] != "registration", "on"].min()
axes.set_xlim(begin - pd.Timedelta(days=45) if pd.notna(begin) else None, pd.Timestamp(day.as_of) + pd.Timedelta(days=15))
axes.grid(axis="x", color="#d5dde1")
axes.set_axisbelow(True)
axes.spines[["top", "right", "left"]].set_visible(False)
axes.set_title(f"{entity_id} until {day.as_of}", loc="left", color=INK)
plt.show()

# %% [markdown]
# Each event with its file and row. A correction is a separate row after the record that it corrects: *known at* (UTC) says when it became
# known, and records that became known after the day do not count.

# %%
pd.set_option("display.max_rows", 100)
events.tail(40)[["on", "lane", "what", "known_at", "source_file", "source_row"]]
