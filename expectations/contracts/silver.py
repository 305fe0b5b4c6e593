"""The silver tables: sound records in standard codes, every version with the instant from which it was known."""

from __future__ import annotations

from expectations.contracts import complaint, inspection, lineage, registration, tax_filing
from expectations.contracts.contract import Column, Contract, Type, Zone

INDUSTRY_SECTION = Column("industry_section", Type.STRING, "The broadest industry class (cn: GB/T 4754 section letter)")
INDUSTRY_DIVISION = Column("industry_division", Type.STRING, "The second industry class (cn: two digits)")
INDUSTRY_GROUP = Column("industry_group", Type.STRING, "The third industry class (cn: three digits)")
REGION_TOP = Column("region_top", Type.STRING, "The broadest region (cn: province, six digits)")
REGION_MIDDLE = Column("region_middle", Type.STRING, "The second region (cn: prefecture, six digits)")
ADDRESS_KEY = Column("address_key", Type.STRING, "The address, normalised for comparing")
NAME_KEY = Column("name_key", Type.STRING, "The name, normalised for comparing")
ID_IS_VALID = Column("id_is_valid", Type.BOOLEAN, "Whether entity_id passes its scheme's check; a failure flags, it never drops")

LINK_CONFIDENCE = Column("link_confidence", Type.DOUBLE, "The confidence of the link, 0 to 1", unit="probability", required=True)
LINK_METHOD = Column("link_method", Type.STRING, "How the link was made: name_and_address, name, address", required=True)

VERSION = 2
"""The version of a table with lineage whose source contract is in its first version; each later version of that adds one."""


def with_lineage(contract: Contract, zone: Zone, *columns: Column, name: str | None = None) -> Contract:
    """The contract's table in another zone, with more columns and with lineage."""
    return contract.extended(
        name=name,
        zone=zone,
        columns=(*columns, *lineage.LINEAGE),
        partition_by=(lineage.SOURCE, lineage.DELIVERED_ON),
        version=VERSION + contract.version - 1,
    )


ENTITY = with_lineage(
    registration.CONTRACT, Zone.SILVER, INDUSTRY_SECTION, INDUSTRY_DIVISION, INDUSTRY_GROUP, REGION_TOP, REGION_MIDDLE,
    ADDRESS_KEY, NAME_KEY, ID_IS_VALID, name="entity",
)  # fmt: skip
FILING = with_lineage(tax_filing.CONTRACT, Zone.SILVER, name="filing")
COMPLAINT = with_lineage(complaint.CONTRACT, Zone.SILVER, ADDRESS_KEY, NAME_KEY)
INSPECTION = with_lineage(inspection.CONTRACT, Zone.SILVER)

LINK = Contract(
    name="link",
    zone=Zone.SILVER,
    about="The entity that each complaint without an identifier refers to, as far as known on a day, with a confidence.",
    grain="complaint × as_of",
    key=(complaint.COMPLAINT_ID, lineage.AS_OF),
    columns=(complaint.COMPLAINT_ID, lineage.ENTITY_ID, LINK_CONFIDENCE, LINK_METHOD, lineage.KNOWN_AT, lineage.AS_OF),
    owner="data engineering",
    partition_by=(lineage.AS_OF,),
)
