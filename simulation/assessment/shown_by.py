"""Which indicators show which sign, so that a reason can be held against what was planted."""

from __future__ import annotations

from simulation.world.typologies import TYPOLOGIES

SHOWN_BY: dict[str, tuple[str, ...]] = {
    "crowded": ("entities_at_address",),
    "hub": ("same_legal_rep", "same_phone"),
    "young": ("age_days",),
    "capital": ("capital_to_sales", "registered_capital", "paid_in_share"),
    "moved": ("rep_and_address_changed", "days_since_change", "changes_12m"),
    "restless": ("changes_12m", "days_since_change"),
    "surge": ("sales_growth", "sales_jump", "growth_over_headcount", "sales_range"),
    "few_staff": ("sales_per_employee", "growth_over_headcount", "employees"),
    "low_burden": ("vat_burden", "input_output_ratio"),
    "asleep": ("dormant_then_sudden", "sales_jump", "sales_range"),
    "idle": ("zero_filing_streak",),
    "late": ("late_filing_share", "mean_days_late", "unfiled_returns", "months_since_return"),
    "void": ("void_invoice_share",),
    "complaints": (
        "complaints_12m", "complaint_rate", "complaint_burst", "upheld_complaints_12m", "days_since_complaint",
        "amount_claimed_12m", "complaint_points",
    ),
    "grave": ("complaint_points", "worst_complaint_90d"),
    "open": ("overdue_complaint_share", "refused_mediation_share"),
    "cit_gap": ("vat_cit_gap",),
    "heir": ("phoenix", "ended_tie_share"),
    "unreachable": ("unmet_visits_36m",),
}  # fmt: skip
"""The indicators that move when a sign is there; those that only record what visits found show none."""

SIGNS_OF: dict[str, frozenset[str]] = {
    kind.name: frozenset(name for sign in kind.signs for name in SHOWN_BY[sign]) for kind in TYPOLOGIES
}
"""The indicators of all signs that a typology bears."""
FULL_SIGNS_OF: dict[str, frozenset[str]] = {
    kind.name: frozenset(name for sign, strength in kind.signs.items() if strength >= 1 for name in SHOWN_BY[sign])
    for kind in TYPOLOGIES
}
"""Those of the signs that it bears in full; its innocent double bears one of them too."""
