"""The kinds of violators and of innocents that look like them, as data.

A typology is what a violator does, told as signs in registration, returns and complaints. No sign is sure: each is drawn for each
violator with its own strength and may be missing. A mimic bears one sign of a typology, for a lawful reason, and none of the others.
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


TYPOLOGIES = (
    Typology(
        "shell_cluster",
        "incubator_tenant",
        "Shells registered in a row at one address by one hand.",
        0.15,
        {
            "crowded": 1,
            "hub": 1,
            "young": 0.8,
            "capital": 0.5,
            "moved": 0.5,
            "idle": 0.6,
            "few_staff": 0.8,
            "unreachable": 1,
            "late": 0.5,
        },
        {"crowded": 1.2},
        "company",
        "company",
        "campaign",
    ),
    Typology(
        "invoice_mill",
        "fast_grower",
        "Sells invoices for trade that did not take place.",
        0.15,
        {"surge": 1, "few_staff": 1, "low_burden": 1, "void": 1, "moved": 0.7, "young": 0.5, "cit_gap": 0.6, "hub": 0.4},
        {"surge": 1},
        "trade",
        "any",
        "joint",
    ),
    Typology(
        "under_reporting",
        "low_margin",
        "Declares a part of its sales.",
        0.16,
        {"low_burden": 1.1, "cit_gap": 1, "late": 0.6, "void": 0.5, "complaints": 0.5, "open": 0.4},
        {"low_burden": 1.2},
        "any",
        "trade",
        "joint",
    ),
    Typology(
        "sleeper",
        "seasonal",
        "Files zero for months, then wakes up with large sales.",
        0.12,
        {"asleep": 1, "surge": 0.7, "few_staff": 1, "void": 0.7, "moved": 0.8, "low_burden": 0.7, "late": 0.4},
        {"asleep": 1},
        "company",
        "any",
        "joint",
    ),
    Typology(
        "prepaid_runaway",
        "card_seller",
        "Sells prepaid cards ever faster, then is gone.",
        0.13,
        {
            "complaints": 1,
            "grave": 0.8,
            "open": 1,
            "late": 0.9,
            "few_staff": 0.4,
            "restless": 0.6,
            "moved": 0.4,
            "unreachable": 0.5,
        },
        {"complaints": 0.8},
        "prepaid",
        "prepaid",
        "targeted",
    ),
    Typology(
        "fake_capital",
        "holding",
        "Pretends to capital that it does not have.",
        0.10,
        {"capital": 1.2, "restless": 0.9, "hub": 0.7, "idle": 0.4, "few_staff": 0.6, "young": 0.5, "late": 0.6, "cit_gap": 0.4},
        {"capital": 1},
        "company",
        "company",
        "campaign",
    ),
    Typology(
        "complaint_burst",
        "viral_wave",
        "Cheats its customers.",
        0.11,
        {"complaints": 1.1, "grave": 1, "open": 0.8, "late": 0.4, "low_burden": 0.5, "void": 0.4, "restless": 0.3},
        {"complaints": 1.2},
        "consumer",
        "consumer",
        "targeted",
    ),
    Typology(
        "phoenix",
        "family_successor",
        "Leaves its debts with a cancelled business and goes on next door to itself.",
        0.08,
        {"heir": 1, "young": 1, "late": 0.8, "complaints": 0.6, "open": 0.7, "void": 0.6, "low_burden": 0.6, "hub": 0.3},
        {"heir": 1, "young": 1},
        "any",
        "any",
        "campaign",
    ),
)
