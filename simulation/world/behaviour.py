"""How businesses and inspectors behave before and after visits: every rate in one place, each with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

SCALED = ("uncorrected", "relapse_monthly", "unreachable_yearly", "eluding", "displaced", "deterred_found", "deterred_clean")


@dataclass(frozen=True)
class Behaviour:
    """The rates of a simulated world. Shares and chances are from 0 to 1.

    Attributes:
        violators: share of entities that violate at some time; as many are mimics. Assumed.
        revoked: share of findings of violators after which the licence is revoked. Assumed.
        suspended: share of them after which the business is suspended. Assumed.
        uncorrected: share of found businesses that go on violating. 15 to 25 % of food businesses fail their first reinspection
            (mmoww.net, "Reinspection procedures explained", a trade page that cites several health departments).
        correction_days: most days from a finding to its correction. Assumed, after the usual term of an order to correct.
        relapsing: share of those who correct that may violate again. Repeat violations are about half of all violations of
            medium- and high-risk food businesses in Oklahoma, 1996 to 2000 ("Recurrent critical violations of the food code in
            retail food service establishments", 4,044 inspections).
        relapse_monthly: their monthly chance to violate again, without deterrence. Assumed; Mendeloff, Gray, Armour and Neuhauser
            (2021, Regulation & Governance 15, 1454) show re-violation within ten years, but no monthly rate.
        followed_up: share of findings with a follow-up visit. Assumed.
        follow_up_days: fewest and most days from a finding to its follow-up. Whatcom County (Washington) follows up within 60 days;
            the fewest are assumed.
        unreachable_yearly: chance per year on the register that a lawful company of medium size can no longer be met at its
            address. In a random draw of 2017 in Tianning district (Changzhou), 3 of 97 could not be; at a mean age of about six
            years that is half a per cent a year.
        unreachable_by_kind: factor of that chance for companies, sole traders, cooperatives and branches. Assumed.
        unreachable_by_size: factor of that chance for one standard deviation of size. Assumed.
        unreachable_violators: factor of that chance for violators. Assumed.
        eluding: share of violators with the full sign ``unreachable`` that cannot be met from the day they begin. Assumed.
        met_anyway: chance that a visit meets a business that cannot be met as a rule. Assumed.
        unmet: chance that a visit does not meet another business. Assumed.
        displaced: chance that a planned visit is not made since another was made shortly before. Assumed; the State Council's
            opinion on inspections of enterprises (国办发〔2024〕54号) has agencies merge such visits.
        displaced_days: how many days before counts as shortly. Assumed.
        deterred_found: share by which a visit with a finding lowers the chance to begin or to relapse. Violations cited fell by
            28 to 48 % from the first to the second inspection (Ko, Mendeloff and Gray 2010, Regulation & Governance 4, 48).
        deterred_clean: the same after a visit without a finding. Assumed small: of audited taxpayers, only those found to have made
            errors respond (Advani, Elming and Shaw 2023, Review of Economics and Statistics 105, 545).
        deterrence_half_life: months in which deterrence halves. Audits raise reported tax for five years (the same); 18 % is left
            then. Without third-party reports the effect is short (DeBacker, Heim, Tran and Yuskavage 2017).
    """

    violators: float = 0.02
    revoked: float = 0.33
    suspended: float = 0.10
    uncorrected: float = 0.20
    correction_days: int = 30
    relapsing: float = 0.50
    relapse_monthly: float = 0.05
    followed_up: float = 0.80
    follow_up_days: tuple[int, int] = (21, 60)
    unreachable_yearly: float = 0.005
    unreachable_by_kind: tuple[float, float, float, float] = (1.0, 1.3, 1.5, 1.0)
    unreachable_by_size: float = 0.7
    unreachable_violators: float = 2.0
    eluding: float = 0.30
    met_anyway: float = 0.10
    unmet: float = 0.01
    displaced: float = 0.70
    displaced_days: int = 90
    deterred_found: float = 0.40
    deterred_clean: float = 0.10
    deterrence_half_life: float = 24.0

    def scaled(self, factor: float, names: Sequence[str] = SCALED) -> Behaviour:
        """A copy with these rates times ``factor``, at most 1: by default relapse, unreachable, displaced visits and deterrence.

        By default the share of violators, lengths of time and shares that divide the found businesses stay.
        """
        return replace(self, **{name: min(getattr(self, name) * factor, 1.0) for name in names})


USUAL = Behaviour()
