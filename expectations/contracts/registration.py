"""Registrations: the market entities and their changes."""

from __future__ import annotations

from types import MappingProxyType

from expectations.contracts.contract import (
    Column,
    Contract,
    RowRule,
    Sensitivity,
    Severity,
    Type,
    Zone,
    in_order,
    not_negative,
)
from expectations.contracts.lineage import ENTITY_ID, delivery_rules, source_rules

ID_SCHEME = Column("id_scheme", Type.STRING, "The scheme that entity_id follows, such as cn.uscc", required=True)
NAME = Column("name", Type.STRING, "The registered name", required=True, sensitivity=Sensitivity.PUBLIC)
TRADING_NAME = Column("trading_name", Type.STRING, "The trading name, as on the shop sign", sensitivity=Sensitivity.PUBLIC)
ENTITY_TYPE = Column("entity_type", Type.STRING, "The legal form, in broad kinds")
STATUS = Column("status", Type.STRING, "Whether it may trade", required=True)
INDUSTRY_CODE = Column("industry_code", Type.STRING, "The industry, by the profile's scheme (cn: GB/T 4754)")
REGION_CODE = Column("region_code", Type.STRING, "The region, by the profile's scheme (cn: GB/T 2260)", required=True)
ADDRESS = Column("address", Type.STRING, "The registered address")
LATITUDE = Column("latitude", Type.DOUBLE, "Of the address, WGS 84", unit="degree")
LONGITUDE = Column("longitude", Type.DOUBLE, "Of the address, WGS 84", unit="degree")
REGISTERED_CAPITAL_MINOR = Column("registered_capital_minor", Type.BIGINT, "Subscribed capital", unit="minor currency unit")
PAID_IN_CAPITAL_MINOR = Column("paid_in_capital_minor", Type.BIGINT, "Capital paid in", unit="minor currency unit")
ESTABLISHED_ON = Column("established_on", Type.DATE, "The day of establishment or first licence")
CLOSED_ON = Column("closed_on", Type.DATE, "The day of closure, cancellation or revocation")
LEGAL_REP_ID = Column("legal_rep_id", Type.STRING, "Pseudonym of the legal representative", sensitivity=Sensitivity.PERSONAL)
OWNER_ID = Column("owner_id", Type.STRING, "Pseudonym of the main owner", sensitivity=Sensitivity.PERSONAL)
PHONE_HASH = Column("phone_hash", Type.STRING, "Keyed hash of the contact phone", sensitivity=Sensitivity.PERSONAL)
AGENT_ID = Column("agent_id", Type.STRING, "The registration agent, often a person", sensitivity=Sensitivity.PERSONAL)
BUSINESS_SCOPE = Column("business_scope", Type.STRING, "The registered scope of business, as text")
IS_PLATFORM = Column("is_platform", Type.BOOLEAN, "Whether it runs a trading platform")
CHANGED_ON = Column("changed_on", Type.DATE, "The day of the change that this version records")
CHANGE_TYPE = Column("change_type", Type.STRING, "What changed")

USCC = "cn.uscc"
"""The scheme of China's unified social credit code, GB 32100-2015."""
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_PLACE_OF_SIGN = f"instr('{USCC_ALPHABET}', substring({ENTITY_ID}, place, 1)) - 1"
_WEIGHTS = f"array({', '.join(str(pow(3, place, 31)) for place in range(17))}, 1)"
USCC_IS_VALID = (
    f"rlike({ENTITY_ID}, '^[{USCC_ALPHABET}]{{2}}[0-9]{{6}}[{USCC_ALPHABET}]{{10}}$') AND "
    f"aggregate(sequence(1, 18), 0, (total, place) -> total + ({_PLACE_OF_SIGN}) * element_at({_WEIGHTS}, place)) % 31 = 0"
)
"""SQL over ``entity_id``: the weighted sum of the positions of its characters in the alphabet, the check character with weight 1,
is 0 modulo 31 (GB 32100-2015)."""

VALUES: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        STATUS: ("active", "suspended", "revoked", "closed"),
        ENTITY_TYPE: ("company", "sole_trader", "cooperative", "branch", "other"),
        CHANGE_TYPE: ("new", "name", "address", "legal_rep", "owner", "capital", "scope", "status", "other"),
    }
)
COLUMNS = (
    ENTITY_ID, ID_SCHEME, NAME, TRADING_NAME, ENTITY_TYPE, STATUS, INDUSTRY_CODE, REGION_CODE, ADDRESS, LATITUDE, LONGITUDE,
    REGISTERED_CAPITAL_MINOR, PAID_IN_CAPITAL_MINOR, ESTABLISHED_ON, CLOSED_ON, LEGAL_REP_ID, OWNER_ID, PHONE_HASH, AGENT_ID,
    BUSINESS_SCOPE, IS_PLATFORM, CHANGED_ON, CHANGE_TYPE,
)  # fmt: skip

CONTRACT = Contract(
    name="registration",
    zone=Zone.BRONZE,
    about="The register of market entities; each change is a new version.",
    grain="one version of one entity",
    key=(ENTITY_ID,),
    columns=COLUMNS,
    owner="registration authority",
    event_on=CHANGED_ON,
    values=VALUES,
    texts=(
        NAME,
        TRADING_NAME,
        ADDRESS,
        BUSINESS_SCOPE,
    ),
    row_rules=(
        *source_rules(COLUMNS, VALUES, CHANGED_ON),
        RowRule("latitude_on_earth", "latitude BETWEEN -90 AND 90", Severity.CRITICAL, "latitude is within ±90", LATITUDE),
        RowRule("longitude_on_earth", "longitude BETWEEN -180 AND 180", Severity.CRITICAL, "longitude is within ±180", LONGITUDE),
        *not_negative(REGISTERED_CAPITAL_MINOR, PAID_IN_CAPITAL_MINOR),
        in_order(ESTABLISHED_ON, CLOSED_ON),
        RowRule(
            "entity_id_passes_check",
            f"{ID_SCHEME} <> '{USCC}' OR ({USCC_IS_VALID})",
            Severity.WARNING,
            "entity_id passes its scheme's check, where it has one",
            ENTITY_ID,
        ),
        RowRule("industry_given", "industry_code IS NOT NULL", Severity.WARNING, "industry_code is given", INDUSTRY_CODE),
        RowRule("established_given", "established_on IS NOT NULL", Severity.WARNING, "established_on is given", ESTABLISHED_ON),
        RowRule(
            "closed_has_date",
            "status NOT IN ('closed', 'revoked') OR closed_on IS NOT NULL",
            Severity.WARNING,
            "a closed or revoked entity has closed_on",
            CLOSED_ON,
        ),
    ),
    batch_rules=delivery_rules("registration", volume=0.1, volume_severity=Severity.WARNING),
)
