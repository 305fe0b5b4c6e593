"""The typologies of violators and of mimics (innocent entities that look like them), as data.

A typology is described by signs in registration, returns and complaints. Each violator draws the strength of each sign, and a
sign may be missing. A mimic shows one sign of a typology for a legal reason and none of the others.
"""

from __future__ import annotations

from dataclasses import dataclass

SIGNS = (
    *("crowded", "hub", "young", "capital", "moved", "restless", "surge", "few_staff", "low_burden", "asleep"),
    *("idle", "late", "void", "complaints", "grave", "open", "cit_gap", "heir", "unreachable"),
)
"""Signs that can be observed:

crowded      many entities at its address                  hub         shares representative and phone with others
young        established within the window                 capital     capital far above its size, little of it paid in
moved        new representative and address at the start   restless    repeated changes of registration
surge        sales multiply                                few_staff   far fewer employees than its sales need
low_burden   VAT ÷ sales below its peers                   asleep      zero returns for months before the start
idle         zero returns during the violation             late        returns after the due day, or none
void         many voided invoices                          complaints  more complaints
grave        complaints about fraud and safety             open        complaints left open or mediation refused
cit_gap      income-tax sales differ from VAT sales        heir        address, phone and owner of a cancelled business
unreachable  inspectors cannot reach it
"""


@dataclass(frozen=True)
class Typology:
    """One kind of violator and its mimic.

    Attributes:
        name, mimic: the names of both in the truth.
        about: description in one sentence.
        share: share of the violators.
        signs, mimic_signs: strength by sign; 1 is usual. The code that makes a sign defines its effect.
        who, mimic_who: ``any``, ``consumer``, ``prepaid``, ``trade`` (wholesale and business services) or ``company``.
        found_by: the kind of visit that its visible signs cause: targeted, joint or campaign.
        severity: mean grade of a finding, from 1 to 4. Assumed: highest for false invoices, a crime (Criminal Law, article 205).
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
    severity: float


def _of(text: str) -> dict[str, float]:
    """Parse signs and strengths, written ``sign strength, sign strength``."""
    signs = {name: float(strength) for name, strength in (item.split() for item in text.split(","))}
    unknown = set(signs) - set(SIGNS)
    if unknown:
        raise ValueError(f"no such signs: {', '.join(sorted(unknown))}")
    return signs


TYPOLOGIES = (
    Typology(
        name="shell_cluster", mimic="incubator_tenant", share=0.15, who="company", mimic_who="company", found_by="campaign",
        about="Shell companies registered one after another at one address by one person.", severity=2.2,
        signs=_of("crowded 1, hub 1, young .8, capital .5, moved .5, idle .6, few_staff .8, unreachable 1, late .6"),
        mimic_signs=_of("crowded 1.2"),
    ),
    Typology(
        name="invoice_mill", mimic="fast_grower", share=0.15, who="trade", mimic_who="any", found_by="joint",
        about="Sells invoices for trade that did not happen.", severity=3.4,
        signs=_of("surge 1, few_staff 1, low_burden 1, void 1, moved .7, young .5, cit_gap .6, hub .4"),
        mimic_signs=_of("surge 1"),
    ),
    Typology(
        name="under_reporting", mimic="low_margin", share=0.16, who="any", mimic_who="trade", found_by="joint",
        about="Declares only part of its sales.", severity=2.4,
        signs=_of("low_burden 1.3, cit_gap 1.2, late .8, void .7, complaints .5, open .5"),
        mimic_signs=_of("low_burden 1.2"),
    ),
    Typology(
        name="sleeper", mimic="seasonal", share=0.12, who="company", mimic_who="any", found_by="joint",
        about="Files zero returns for months, then large sales.", severity=3.0,
        signs=_of("asleep 1, surge .7, few_staff 1, void .7, moved .8, low_burden .7, late .4"),
        mimic_signs=_of("asleep 1"),
    ),
    Typology(
        name="prepaid_runaway", mimic="card_seller", share=0.13, who="prepaid", mimic_who="prepaid", found_by="targeted",
        about="Sells more and more prepaid cards, then disappears.", severity=3.2,
        signs=_of("complaints 1.3, grave .8, open 1, late 1, few_staff .4, restless .8, moved .6, unreachable .5"),
        mimic_signs=_of("complaints .8"),
    ),
    Typology(
        name="fake_capital", mimic="holding", share=0.10, who="company", mimic_who="company", found_by="campaign",
        about="Registers capital that it does not have.", severity=2.0,
        signs=_of("capital 1.2, restless 1, hub .8, idle .4, few_staff .7, young .5, late .7, cit_gap .5"),
        mimic_signs=_of("capital 1"),
    ),
    Typology(
        name="complaint_burst", mimic="viral_wave", share=0.11, who="consumer", mimic_who="consumer", found_by="targeted",
        about="Cheats its customers.", severity=2.6,
        signs=_of("complaints 1.5, grave 1, open .9, late .6, low_burden .6, void .5, restless .5"),
        mimic_signs=_of("complaints 1.2"),
    ),
    Typology(
        name="phoenix", mimic="family_successor", share=0.08, who="any", mimic_who="any", found_by="campaign",
        about="Leaves its debts in a cancelled business and continues as a new one.", severity=2.8,
        signs=_of("heir 1, young 1, late .8, complaints .6, open .7, void .6, low_burden .6, hub .3"),
        mimic_signs=_of("heir 1, young 1"),
    ),
)  # fmt: skip
