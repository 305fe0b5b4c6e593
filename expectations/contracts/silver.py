"""The silver tables: a contract's sound records in standard codes, each version with the instant it was known."""

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

LINK_CONFIDENCE = Column("link_confidence", Type.DOUBLE, "How sure the link is", unit="probability", required=True)
LINK_METHOD = Column("link_method", Type.STRING, "How the link was made: name_and_address, name, address", required=True)

PARTITION = (lineage.SOURCE, lineage.DELIVERED_ON)
VERSION = 2
"""Of every table with lineage; see :mod:`expectations.contracts.migrations`."""

BRONZE = {
    contract.name: contract.extended(zone=Zone.BRONZE, columns=lineage.LINEAGE, partition_by=PARTITION, version=VERSION)
    for contract in (registration.CONTRACT, tax_filing.CONTRACT, complaint.CONTRACT, inspection.CONTRACT)
}

ENTITY = registration.CONTRACT.extended(
    name="entity",
    zone=Zone.SILVER,
    columns=(
        INDUSTRY_SECTION, INDUSTRY_DIVISION, INDUSTRY_GROUP, REGION_TOP, REGION_MIDDLE, ADDRESS_KEY, NAME_KEY, ID_IS_VALID,
        *lineage.LINEAGE,
    ),
    partition_by=PARTITION,
    version=VERSION,
)  # fmt: skip
FILING = tax_filing.CONTRACT.extended(
    name="filing", zone=Zone.SILVER, columns=lineage.LINEAGE, partition_by=PARTITION, version=VERSION
)
COMPLAINT = complaint.CONTRACT.extended(
    zone=Zone.SILVER, columns=(ADDRESS_KEY, NAME_KEY, *lineage.LINEAGE), partition_by=PARTITION, version=VERSION
)
INSPECTION = inspection.CONTRACT.extended(zone=Zone.SILVER, columns=lineage.LINEAGE, partition_by=PARTITION, version=VERSION)

LINK = Contract(
    name="link",
    zone=Zone.SILVER,
    about="Which entity each complaint without an identifier speaks of, as far as could be told on a day, and how sure that is.",
    grain="complaint × as_of",
    key=(complaint.COMPLAINT_ID, lineage.AS_OF),
    columns=(complaint.COMPLAINT_ID, lineage.ENTITY_ID, LINK_CONFIDENCE, LINK_METHOD, lineage.KNOWN_AT, lineage.AS_OF),
    owner="data engineering",
    partition_by=(lineage.AS_OF,),
)

OF = {"registration": ENTITY, "tax_filing": FILING, "complaint": COMPLAINT, "inspection": INSPECTION}
"""The silver table of each bronze contract."""
