"""Create the entities of a chunk: kind, industry, place, people, and their usual behaviour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.world.behaviour import USUAL
from simulation.world.clock import Clock
from simulation.world.codes import social_credit_codes, with_wrong_check
from simulation.world.industries import trades, trait
from simulation.world.population import Roles, assign_roles
from simulation.world.regions import places

COMPANY, SOLE_TRADER, COOPERATIVE, BRANCH = 0, 1, 2, 3
NEVER = np.iinfo(np.int32).max
PILOT_CODES = 0.003
"""Share of entities with an early pilot code: valid, although the check character is wrong."""
UNKNOWN_INDUSTRY = 0.001
UNKNOWN_REGION = 0.0005
FARM_TRADES = ("5123", "1411")
"""Industries with cooperatives."""


@dataclass
class Entities:
    """Arrays over a chunk's entities. ``number`` is unique in the world.

    Entities with equal ``site``, ``rep``, ``owner`` or ``phone`` share an address or a person. ``county`` indexes
    :func:`simulation.world.regions.places`, ``trade`` indexes :func:`simulation.world.industries.trades`. Days are day numbers.
    The last five give the usual behaviour: size, late returns, VAT burden, voided invoices and complaints.
    """

    number: np.ndarray
    code: np.ndarray
    kind: np.ndarray
    trade: np.ndarray
    county: np.ndarray
    established: np.ndarray
    closed: np.ndarray
    site: np.ndarray
    rep: np.ndarray
    owner: np.ndarray
    phone: np.ndarray
    agent: np.ndarray
    is_pilot: np.ndarray
    has_industry: np.ndarray
    has_region: np.ndarray
    troubled: np.ndarray
    size: np.ndarray
    tardiness: np.ndarray
    burden: np.ndarray
    voiding: np.ndarray
    complaint_factor: np.ndarray

    def __len__(self) -> int:
        return len(self.number)


def make_entities(
    rng: np.random.Generator, clock: Clock, first: int, count: int, key: int, violators: float = USUAL.violators
) -> tuple[Entities, Roles]:
    """Create the entities numbered ``first`` … ``first + count − 1`` and their roles; ``violators`` is a share of them."""
    number = np.arange(first, first + count, dtype=np.int64)
    weights = trait("weight") / trait("weight").sum()
    trade = rng.choice(len(weights), size=count, p=weights)
    kind = _kinds(rng, trade)
    county = rng.choice(len(places().weights), size=count, p=places().weights)
    roles = assign_roles(rng, clock, trade, kind == COMPANY, violators)
    established = _establishment_days(rng, clock, roles)
    entities = Entities(
        number=number,
        code=np.empty(count, dtype="S18"),
        kind=kind,
        trade=trade,
        county=county,
        established=established,
        closed=_closing_days(rng, clock, roles, established),
        site=number.copy(),
        rep=number.copy(),
        owner=number.copy(),
        phone=number.copy(),
        agent=_agents(rng, kind, county),
        is_pilot=rng.random(count) < PILOT_CODES,
        has_industry=rng.random(count) >= UNKNOWN_INDUSTRY,
        has_region=rng.random(count) >= UNKNOWN_REGION,
        troubled=np.zeros(count, dtype=bool),
        size=rng.normal(0, 1, count),
        tardiness=rng.beta(0.5, 8, count),
        burden=np.exp(rng.normal(0, 0.28, count)),
        voiding=rng.beta(1.2, 45, count),
        complaint_factor=rng.gamma(0.6, 1 / 0.6, count),
    )
    _share_sites(rng, entities, roles)
    _share_people(rng, entities, roles)
    _add_heirs(rng, clock, entities, roles)
    roles.began[:] = np.where(roles.began < NEVER, np.maximum(roles.began, entities.established + 5), NEVER)
    prefixes = np.array([b"91", b"92", b"93", b"91"], dtype="S2")[kind]
    codes = social_credit_codes(number, prefixes, places().codes[entities.county].astype("S6"), key)
    entities.code = with_wrong_check(codes, entities.is_pilot)
    return entities, roles


def _kinds(rng: np.random.Generator, trade: np.ndarray) -> np.ndarray:
    draw, sole = rng.random(len(trade)), trait("sole")[trade] / 100
    farms = np.isin(trait("code"), FARM_TRADES)[trade]
    other = np.where((draw > 0.80) & farms, COOPERATIVE, np.where(draw > 0.97, BRANCH, COMPANY))
    return np.where(draw < sole, SOLE_TRADER, other).astype(np.int8)


def _establishment_days(rng: np.random.Generator, clock: Clock, roles: Roles) -> np.ndarray:
    """Establishment days: a sixth within the window, most earlier; ``young`` violators shortly before they begin."""
    n = len(roles.began)
    span = clock.last - clock.first
    before = clock.first - 1 - np.floor(rng.exponential(6.0 * 365, n)).astype(np.int64) % (35 * 365)
    within = clock.first + np.floor(rng.random(n) * span).astype(np.int64)
    day = np.where(rng.random(n) < 1 / 6, within, before)
    began = np.where(roles.began < NEVER, roles.began, clock.last)
    late = (roles.began < NEVER) & (day > began - 30)
    day = np.where(late, np.minimum(before, began - 60), day)
    young = (roles.signs["young"] > 0.4) & (roles.signs["heir"] == 0)
    return np.where(young, began - 20 - np.floor(rng.exponential(90, n)).astype(np.int64), day)


def _closing_days(rng: np.random.Generator, clock: Clock, roles: Roles, established: np.ndarray) -> np.ndarray:
    """Closing days of ordinary entities, half a per cent a month. Violators and mimics do not close."""
    n = len(established)
    day = np.maximum(clock.first, established + 60) + np.floor(rng.exponential(200 * 30.4, n)).astype(np.int64)
    ordinary = (roles.typology < 0) & (roles.mimic < 0) & (day <= clock.last)
    return np.where(ordinary, day, NEVER)


def _agents(rng: np.random.Generator, kind: np.ndarray, county: np.ndarray) -> np.ndarray:
    """Registration agents of the prefecture, a few with very many clients; −1 without an agent."""
    n = len(kind)
    rank = np.minimum(np.floor(rng.pareto(0.8, n) * 3).astype(np.int64), 399)
    has = rng.random(n) < np.where(kind == SOLE_TRADER, 0.12, 0.45)
    return np.where(has, places().prefecture[county] * 400 + rank, -1)


def _groups(rng: np.random.Generator, members: np.ndarray, low: int, high: int) -> list[np.ndarray]:
    """Cut the members, in order, into groups of ``low`` to ``high``."""
    sizes = rng.integers(low, high + 1, size=len(members) // low + 1)
    return [group for group in np.split(members, np.cumsum(sizes)) if len(group)]


def _share_sites(rng: np.random.Generator, entities: Entities, roles: Roles) -> None:
    """Set shared addresses: office buildings, legal incubators with many tenants, clusters of shell companies."""
    n = len(entities)
    plain = np.flatnonzero((roles.signs["crowded"] == 0) & (rng.random(n) < 0.22))
    plain = plain[np.argsort(entities.county[plain], kind="stable")]
    for group in _groups(rng, plain, 2, 9):
        neighbours = group[entities.county[group] == entities.county[group[0]]]
        entities.site[neighbours] = entities.site[neighbours[0]]
    for role in (roles.typology, roles.mimic):
        crowd = rng.permutation(np.flatnonzero((roles.signs["crowded"] > 0) & (role >= 0)))
        for group in _groups(rng, crowd, 7, 24):
            entities.site[group] = entities.site[group[0]]
            entities.county[group] = entities.county[group[0]]


def _share_people(rng: np.random.Generator, entities: Entities, roles: Roles) -> None:
    """Set shared people: owners of several businesses, contact phones of agents, and the people behind hubs."""
    n = len(entities)
    for group in _groups(rng, rng.permutation(np.flatnonzero(rng.random(n) < 0.10)), 2, 5):
        for people in (entities.rep, entities.owner, entities.phone):
            people[group] = people[group[0]]
    agent_phone = (entities.agent >= 0) & (rng.random(n) < 0.03)
    entities.phone[agent_phone] = -1 - entities.agent[agent_phone]
    hub = np.flatnonzero((roles.signs["hub"] > 0) & roles.is_violator)
    hub = hub[np.lexsort((hub, entities.site[hub], roles.typology[hub]))]
    for group in _groups(rng, hub, 3, 8):
        entities.phone[group] = entities.phone[group[0]]
        same_hand = group[rng.random(len(group)) < 0.7]
        if len(same_hand):
            entities.rep[same_hand] = entities.rep[same_hand[0]]
            entities.owner[same_hand] = entities.owner[same_hand[0]]


def _add_heirs(rng: np.random.Generator, clock: Clock, entities: Entities, roles: Roles) -> None:
    """Let each heir continue an ordinary business that closed weeks before; the predecessor of a phoenix was in trouble."""
    heirs = np.flatnonzero(roles.signs["heir"] > 0)
    old = (roles.typology < 0) & (roles.mimic < 0) & (entities.established < clock.first - 365) & (entities.closed == NEVER)
    heirs = heirs[: int(old.sum())]
    predecessors = rng.permutation(np.flatnonzero(old))[: len(heirs)]
    entities.established[heirs] = np.maximum(clock.first + 100, roles.began[heirs] - rng.integers(10, 70, len(heirs)))
    entities.closed[predecessors] = entities.established[heirs] - rng.integers(7, 90, len(heirs))
    entities.troubled[predecessors] = roles.is_violator[heirs]
    for values in (entities.site, entities.phone, entities.owner, entities.trade, entities.county, entities.size):
        values[heirs] = values[predecessors]
    entities.kind[heirs] = np.where(entities.kind[predecessors] == BRANCH, COMPANY, entities.kind[predecessors])


def region_codes(entities: Entities) -> np.ndarray:
    """Registered county codes; a few are unknown codes."""
    return np.where(entities.has_region, places().codes[entities.county], "999999")


def industry_codes(entities: Entities) -> np.ndarray:
    """Registered industry codes; a few are unknown codes."""
    return np.where(entities.has_industry, np.array([trade.code for trade in trades()])[entities.trade], "0000")
