"""The kinds of violators and of innocents that look like them, as data.

A typology is what a violator does, told as signs in registration, returns and complaints. No sign is sure: each is drawn for each
violator with its own strength and may be missing. A mimic bears one sign of a typology, for a lawful reason, and none of
the others.
"""

from __future__ import annotations

from dataclasses import dataclass

SIGNS = (
    "crowded",
    "hub",
    "young",
    "capital",
    "moved",
    "restless",
    "surge",
    "few_staff",
    "low_burden",
    "asleep",
    "idle",
    "late",
    "void",
    "complaints",
    "grave",
    "open",
    "cit_gap",
    "heir",
    "unreachable",
)
"""What can be seen of an entity:

crowded      many entities at its address                      hub         shares representative and phone with others
young        established within the window                      capital     capital far above its size, little of it paid in
moved        new representative and address as it begins        restless    changes of registration again and again
surge        sales multiply                                     few_staff   far fewer employees than such sales need
low_burden   VAT ÷ sales below its peers'                        asleep      zero returns for months before it begins
idle         zero returns while it goes on                      late        returns after the due day, or none
void         many invoices voided                               complaints  more complaints
grave        complaints of fraud and safety                     open        complaints left open or mediation refused
cit_gap      income-tax sales differ from VAT sales             heir        address, phone and owner of a cancelled business
unreachable  nobody there when inspectors call
"""


@dataclass(frozen=True)
class Typology:
    """One kind of violator and its innocent double.

    Attributes:
        name: its name in the truth.
        mimic: the name of its double.
        about: what it does, in a sentence.
        share: its share of the violators.
        signs: sign → strength; 1 is usual, and what it does is said where the sign is made.
        mimic_signs: the double's signs.
        who: ``any``, ``consumer``, ``prepaid``, ``trade`` (wholesale and business services) or ``company``.
        mimic_who: the same for the double.
        found_by: the kind of visit that its outward sign invites: targeted, joint or campaign.
    """

    name: str
    mimic: str
    about: str
    share: float
    signs: dict[str, float]
    mimic_signs: dict[str, float]
    who: str
    mimic_who: str
    found_by: str


def _of(text: str) -> dict[str, float]:
    """Signs and their strengths, written ``sign strength, sign strength``."""
    found = {name: float(strength) for name, strength in (item.split() for item in text.split(","))}
    unknown = set(found) - set(SIGNS)
    if unknown:
        raise ValueError(f"no such signs: {', '.join(sorted(unknown))}")
    return found


TYPOLOGIES = (
    Typology(
        name="shell_cluster",
        mimic="incubator_tenant",
        about="Shells registered in a row at one address by one hand.",
        share=0.15,
        signs=_of("crowded 1, hub 1, young .8, capital .5, moved .5, idle .6, few_staff .8, unreachable 1, late .6"),
        mimic_signs=_of("crowded 1.2"),
        who="company",
        mimic_who="company",
        found_by="campaign",
    ),
    Typology(
        name="invoice_mill",
        mimic="fast_grower",
        about="Sells invoices for trade that did not take place.",
        share=0.15,
        signs=_of("surge 1, few_staff 1, low_burden 1, void 1, moved .7, young .5, cit_gap .6, hub .4"),
        mimic_signs=_of("surge 1"),
        who="trade",
        mimic_who="any",
        found_by="joint",
    ),
    Typology(
        name="under_reporting",
        mimic="low_margin",
        about="Declares a part of its sales.",
        share=0.16,
        signs=_of("low_burden 1.3, cit_gap 1.2, late .8, void .7, complaints .5, open .5"),
        mimic_signs=_of("low_burden 1.2"),
        who="any",
        mimic_who="trade",
        found_by="joint",
    ),
    Typology(
        name="sleeper",
        mimic="seasonal",
        about="Files zero for months, then wakes up with large sales.",
        share=0.12,
        signs=_of("asleep 1, surge .7, few_staff 1, void .7, moved .8, low_burden .7, late .4"),
        mimic_signs=_of("asleep 1"),
        who="company",
        mimic_who="any",
        found_by="joint",
    ),
    Typology(
        name="prepaid_runaway",
        mimic="card_seller",
        about="Sells prepaid cards ever faster, then is gone.",
        share=0.13,
        signs=_of("complaints 1.3, grave .8, open 1, late 1, few_staff .4, restless .8, moved .6, unreachable .5"),
        mimic_signs=_of("complaints .8"),
        who="prepaid",
        mimic_who="prepaid",
        found_by="targeted",
    ),
    Typology(
        name="fake_capital",
        mimic="holding",
        about="Pretends to capital that it does not have.",
        share=0.10,
        signs=_of("capital 1.2, restless 1, hub .8, idle .4, few_staff .7, young .5, late .7, cit_gap .5"),
        mimic_signs=_of("capital 1"),
        who="company",
        mimic_who="company",
        found_by="campaign",
    ),
    Typology(
        name="complaint_burst",
        mimic="viral_wave",
        about="Cheats its customers.",
        share=0.11,
        signs=_of("complaints 1.5, grave 1, open .9, late .6, low_burden .6, void .5, restless .5"),
        mimic_signs=_of("complaints 1.2"),
        who="consumer",
        mimic_who="consumer",
        found_by="targeted",
    ),
    Typology(
        name="phoenix",
        mimic="family_successor",
        about="Leaves its debts with a cancelled business and goes on next door to itself.",
        share=0.08,
        signs=_of("heir 1, young 1, late .8, complaints .6, open .7, void .6, low_burden .6, hub .3"),
        mimic_signs=_of("heir 1, young 1"),
        who="any",
        mimic_who="any",
        found_by="campaign",
    ),
)
