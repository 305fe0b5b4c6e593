"""The gold tables of a day: scores, reasons and the risk list."""

from __future__ import annotations

from expectations.contracts import registration
from expectations.contracts.contract import Column, Contract, Type, Zone
from expectations.contracts.lineage import AS_OF, ENTITY_ID

MODEL_ID = Column("model_id", Type.STRING, "The model that scored the row", required=True)
MARGIN = Column(
    "margin", Type.DOUBLE, "Log-odds of a violation before calibration; rows are ranked by it", unit="log-odds", required=True
)
PROBABILITY = Column("probability", Type.DOUBLE, "Calibrated probability that a visit would find a violation", unit="probability")
PROBABILITY_LOW = Column(
    "probability_low",
    Type.DOUBLE,
    "The lower end of its interval, wider where data are few or old",
    unit="probability",
)
PROBABILITY_HIGH = Column("probability_high", Type.DOUBLE, "The upper end of its interval", unit="probability")
EVIDENCE = Column(
    "evidence", Type.DOUBLE, "What is known of it and fresh, as a share of what is known of the median entity", unit="share"
)
ANOMALY = Column("anomaly", Type.DOUBLE, "How far from its peers the entity is; larger is stranger", unit="score", required=True)
CREDIT_POINTS = Column("credit_points", Type.INT, "Credit points, 1000 best", unit="points", required=True)
RISK_CLASS = Column("risk_class", Type.STRING, "A low, B ordinary, C higher, D high, by policy on the interval", required=True)
HELD_CLASS = Column(
    "held_class",
    Type.STRING,
    "Today's class where it is withheld because it depends on one unverified source; else null",
)
HELD_SOURCE = Column("held_source", Type.STRING, "That source; null where no class is withheld")

SCORES = Contract(
    name="scores",
    zone=Zone.GOLD,
    about="Every entity's anomaly, probability, credit points and class on a day.",
    grain="entity × as_of",
    key=(ENTITY_ID, AS_OF),
    columns=(
        ENTITY_ID, AS_OF, MODEL_ID, MARGIN, PROBABILITY, ANOMALY, CREDIT_POINTS, RISK_CLASS, PROBABILITY_LOW, PROBABILITY_HIGH,
        EVIDENCE, HELD_CLASS, HELD_SOURCE,
    ),
    owner="risk science",
    partition_by=(AS_OF,),
    version=2,
)  # fmt: skip

REASON_RANK = Column("reason_rank", Type.INT, "1 is the strongest reason", required=True)
INDICATOR = Column("indicator", Type.STRING, "The indicator's column in features", required=True)
CONTRIBUTION = Column("contribution", Type.DOUBLE, "What the indicator adds to the margin", unit="log-odds", required=True)
VALUE = Column("value", Type.DOUBLE, "The indicator's value, in the catalogue's unit")
PEER_MEDIAN = Column("peer_median", Type.DOUBLE, "The median of the peer group; for base_rate, the rate of all visits")
PEER_GROUP = Column("peer_group", Type.STRING, "The peers: industry, size, age and region, broadened until there are enough")
PEER_COUNT = Column("peer_count", Type.BIGINT, "Peers with a value; null without a median", unit="count")
RESTS_ON = Column("rests_on", Type.STRING, "The sources that the indicator is made of, the one of its events first")
NEWEST_ON = Column(
    "newest_on",
    Type.DATE,
    "The day of the entity's newest record of those sources; null if the indicator comes from records of others",
)

REASONS = Contract(
    name="reasons",
    zone=Zone.GOLD,
    about="The reasons for each listed entity's rank.",
    grain="listed entity × as_of × reason",
    key=(ENTITY_ID, AS_OF, REASON_RANK),
    columns=(
        ENTITY_ID, AS_OF, REASON_RANK, INDICATOR, CONTRIBUTION, VALUE, PEER_MEDIAN, PEER_GROUP, RESTS_ON, NEWEST_ON, PEER_COUNT,
    ),
    owner="risk science",
    partition_by=(AS_OF,),
    version=3,
)  # fmt: skip

LIST_RANK = Column("list_rank", Type.INT, "1 is visited first; over all regions", required=True)
REGION_RANK = Column("region_rank", Type.INT, "1 is visited first in its region", required=True)
CAPACITY_REGION = Column("capacity_region", Type.STRING, "The region whose inspectors would go", required=True)
OBJECTIVE = Column("objective", Type.DOUBLE, "What the policy ranks by", required=True)
BETTER_CLASS = Column("better_class", Type.STRING, "The class that changes of its own could bring it into; null where none could")
BETTER_CHANGES = Column(
    "better_changes",
    Type.STRING,
    "JSON: `is_best`; `most`, the largest number of changes tried; `changes`, each with `indicator`, `value` and `wanted`. Days of "
    "earlier versions have `texts` by language",
)
TIE_BREAK = Column("tie_break", Type.STRING, "Keyed hash of entity_id, by which equal objectives are ordered", required=True)

RISK_LIST = Contract(
    name="risk_list",
    zone=Zone.GOLD,
    about="The day's visits: within each region's capacity, the entities that rank first by the policy's objective.",
    grain="listed entity × as_of",
    key=(ENTITY_ID, AS_OF),
    columns=(
        LIST_RANK, CAPACITY_REGION, REGION_RANK, ENTITY_ID, AS_OF, registration.NAME, registration.INDUSTRY_CODE,
        registration.REGION_CODE, registration.ADDRESS, RISK_CLASS, CREDIT_POINTS, PROBABILITY, ANOMALY, MARGIN,
        OBJECTIVE, TIE_BREAK, MODEL_ID, PROBABILITY_LOW, PROBABILITY_HIGH, EVIDENCE, HELD_CLASS, HELD_SOURCE, BETTER_CLASS,
        BETTER_CHANGES,
    ),
    owner="market supervision",
    partition_by=(AS_OF,),
    version=3,
)  # fmt: skip

PEERS = Contract(
    name="peers",
    zone=Zone.GOLD,
    about="Each peer group's median and spread of each indicator on a day.",
    grain="peer group × indicator × as_of",
    key=(PEER_GROUP, INDICATOR, AS_OF),
    columns=(
        PEER_GROUP,
        INDICATOR,
        AS_OF,
        Column(str(PEER_COUNT), Type.BIGINT, "Peers with a value", unit="count", required=True),
        PEER_MEDIAN,
        Column("peer_mad", Type.DOUBLE, "Median absolute deviation from the median"),
    ),
    owner="risk science",
    partition_by=(AS_OF,),
)
