"""Registrations: the first entry of each entity and its changes, each a complete new version."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulation.world.clock import Clock
from simulation.world.codes import pseudonyms, scatter
from simulation.world.conduct import Conduct
from simulation.world.entities import BRANCH, NEVER, SOLE_TRADER, Entities, industry_codes, region_codes
from simulation.world.industries import trades
from simulation.world.population import Roles
from simulation.world.regions import ROADS, places
from simulation.world.text import csv_lines, dates, decimals, joined, masked, numbered, pick, strings

NEW, NAME, ADDRESS, REP, OWNER, CAPITAL, SCOPE, CLOSED, REVOKED, SUSPENDED = range(10)
CHANGES = (
    "设立登记",
    "名称变更",
    "住所变更",
    "法定代表人变更",
    "股东变更",
    "注册资本变更",
    "经营范围变更",
    "注销登记",
    "吊销",
    "停业",
)
YEARLY = {NAME: 0.03, ADDRESS: 0.07, REP: 0.06, OWNER: 0.06, CAPITAL: 0.05, SCOPE: 0.09}
"""Ordinary changes per entity and year."""
KINDS = ("有限责任公司", "个体工商户", "农民专业合作社", "分公司")
STATES = ("存续", "注销", "吊销", "停业")
HEADER = (
    "统一社会信用代码,企业名称,字号招牌,市场主体类型,登记状态,行业代码,行政区划代码,住所,纬度,经度,注册资本(万元),实缴资本(万元),"
    "成立日期,注销日期,法定代表人标识,主要股东标识,联系电话摘要,代理机构编号,经营范围,是否平台,变更日期,变更事项"
)
SYLLABLES = (
    "鑫瑞盛恒达华宏泰嘉诚信远通顺丰汇源博海天宇金隆和众联创新星辰凯锐德美佳康宁安吉祥福禄兴旺昌荣茂林森源清泽润雅致优品尚"
    "元亨利贞思睿智慧明朗晨曦云帆航越捷迅腾飞翔龙凤麟瑶琪珂玥锦绣卓立方正圆融启航程鼎峰岳峻岭江河湖洋波澜川渝蜀豫浙甬瓯"
)
PLATFORM = "6432"
"""The industry of trading platforms."""
PERSON_KEY, PHONE_KEY, SITE_KEY, NAME_KEY = 11, 12, 13, 14


@dataclass(frozen=True)
class Versions:
    """One row per version of a registration, sorted by entity and day. ``entity`` indexes the chunk.

    ``counts`` has, for each kind of change, how often it happened to the entity up to and including the row.
    """

    entity: np.ndarray
    day: np.ndarray
    change: np.ndarray
    counts: dict[int, np.ndarray]
    state: np.ndarray


@dataclass(frozen=True)
class Capital:
    """Registered capital in units of 10 000 yuan, paid capital in hundredths of that; missing for most sole traders."""

    registered: np.ndarray
    paid: np.ndarray
    is_given: np.ndarray


def make_capital(rng: np.random.Generator, entities: Entities, roles: Roles) -> Capital:
    """Round amounts that grow with size. The sign ``capital`` multiplies them by about ten; violators pay little of it in."""
    n = len(entities)
    usual = 1.7 + 0.33 * entities.size + rng.normal(0, 0.42, n) - 1.1 * (entities.kind == SOLE_TRADER)
    log10 = np.clip(usual + 0.85 * roles.signs["capital"], -0.3, 5.3)
    power = 10.0 ** np.floor(log10)
    step = np.array([1, 2, 3, 5, 6, 8, 10])[np.digitize(10.0**log10 / power, [1.5, 2.5, 4, 5.5, 7, 9])]
    registered = np.maximum(np.round(step * power), 1).astype(np.int64)
    share = np.where(rng.random(n) < 0.28, 0.0, rng.beta(1.1, 0.7, n))
    is_fake = (roles.signs["capital"] > 0) & roles.is_violator
    share = np.where(is_fake, share * rng.random(n) * 0.4, np.where(roles.signs["capital"] > 0, 0.5 + share / 2, share))
    given = (entities.kind != BRANCH) & ((entities.kind != SOLE_TRADER) | (rng.random(n) < 0.3))
    return Capital(registered, np.round(registered * share * 100).astype(np.int64), given)


def make_versions(rng: np.random.Generator, clock: Clock, entities: Entities, roles: Roles, conduct: Conduct) -> Versions:
    """The first entry and all changes within the window, sorted by entity and day."""
    n = len(entities)
    pieces = [(np.arange(n), entities.established, np.full(n, NEW))]
    start = np.maximum(entities.established + 10, clock.first + 1)
    years = np.maximum(clock.last - start, 0) / 365
    for kind, rate in YEARLY.items():
        who = np.repeat(np.arange(n), rng.poisson(rate * years))
        on = start[who] + np.floor(rng.random(len(who)) * years[who] * 365).astype(np.int64)
        pieces.append((who, on, np.full(len(who), kind)))
    pieces += _ownership_changes(rng, start, years)
    pieces += _sign_changes(rng, roles)
    pieces += _endings(entities, conduct)
    entity, day, change = (np.concatenate(column) for column in zip(*pieces, strict=True))
    earliest = np.maximum(entities.established[entity], np.where(change == NEW, -NEVER, clock.first + 1))
    day = np.maximum(day, earliest)
    is_last = change >= CLOSED
    ended = np.full(n, NEVER, dtype=np.int64)
    np.minimum.at(ended, entity[is_last], day[is_last])
    keep = (day <= clock.last) & ((day < ended[entity]) | (is_last & (day == ended[entity])) | (change == NEW))
    entity, day, change = entity[keep], day[keep], change[keep]
    order = np.lexsort((change, day, entity))
    entity, day, change = entity[order], day[order], change[order]
    is_repeat = (entity[1:] == entity[:-1]) & (day[1:] == day[:-1]) & (change[1:] == change[:-1])
    is_first = np.concatenate([[True], ~is_repeat])
    entity, day, change = entity[is_first], day[is_first], change[is_first]
    state = np.select([change == CLOSED, change == REVOKED, change == SUSPENDED], [1, 2, 3], 0)
    return Versions(entity, day, change, {kind: _running_count(entity, change == kind) for kind in YEARLY}, state)


def _running_count(entity: np.ndarray, happened: np.ndarray) -> np.ndarray:
    """The cumulative count of ``happened`` within each entity; ``entity`` is sorted."""
    total = np.cumsum(happened)
    first = np.searchsorted(entity, entity, side="left")
    return total - np.where(first > 0, total[first - 1], 0)


def _ownership_changes(
    rng: np.random.Generator, start: np.ndarray, years: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Ordinary sales of businesses: new representative and owner, and often a new address within weeks."""
    sold = np.flatnonzero(rng.random(len(start)) < 0.015 * years)
    day = start[sold] + np.floor(rng.random(len(sold)) * years[sold] * 365).astype(np.int64)
    moves = rng.random(len(sold)) < 0.6
    return [
        (sold, day, np.full(len(sold), REP)),
        (sold, day, np.full(len(sold), OWNER)),
        (sold[moves], (day + rng.integers(0, 28, len(sold)))[moves], np.full(int(moves.sum()), ADDRESS)),
    ]


def _sign_changes(rng: np.random.Generator, roles: Roles) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """``moved``: new representative and address at the start. ``restless``: three changes a year per unit of strength."""
    moved = np.flatnonzero(roles.signs["moved"] > 0.3)
    day = roles.began[moved] - rng.integers(-10, 50, len(moved))
    restless = np.flatnonzero(roles.signs["restless"] > 0)
    who = np.repeat(restless, rng.poisson(3.0 * roles.signs["restless"][restless]))
    kinds = rng.choice([REP, OWNER, CAPITAL, SCOPE, NAME], size=len(who))
    return [
        (moved, day, np.full(len(moved), REP)),
        (moved, day + rng.integers(0, 28, len(moved)), np.full(len(moved), ADDRESS)),
        (who, roles.began[who] - 60 + np.floor(rng.random(len(who)) * 365).astype(np.int64), kinds),
    ]


def _endings(entities: Entities, conduct: Conduct) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Ordinary closures, and violators that were revoked or suspended after a finding."""
    closed, left = np.flatnonzero(entities.closed < NEVER), np.flatnonzero(conduct.left < NEVER)
    return [
        (closed, entities.closed[closed], np.full(len(closed), CLOSED)),
        (left, conduct.left[left], np.where(conduct.is_revoked[left], REVOKED, SUSPENDED)),
    ]


def names(entities: Entities, version: np.ndarray, who: np.ndarray) -> tuple[pa.Array, pa.Array]:
    """Registered and trading names of the entities ``who``, for a version of the name."""
    mixed = scatter(entities.number[who] * 64 + version, NAME_KEY)
    letters = np.array(list(SYLLABLES))
    count = np.uint64(len(letters))
    first, second, third = (mixed % count, mixed // count % count, mixed // count ** np.uint64(2) % count)
    is_short = (mixed >> np.uint64(40)) % np.uint64(10) < 4
    given = joined(
        pick(letters, first.astype(np.int64)),
        pick(letters, second.astype(np.int64)),
        pick([*letters, ""], np.where(is_short, len(letters), third.astype(np.int64))),
    )
    words = [word for trade in trades() for word in trade.words]
    starts = np.cumsum([0] + [len(trade.words) for trade in trades()])
    trade = entities.trade[who]
    word = starts[trade] + ((mixed >> np.uint64(48)) % (starts[trade + 1] - starts[trade]).astype(np.uint64)).astype(np.int64)
    kind = entities.kind[who]
    place = pick(places().prefecture_short, places().prefecture[entities.county[who]])
    county = pick(places().names, entities.county[who])
    ending = pick(["有限公司", "店", "专业合作社", "有限公司分公司"], kind)
    middle = joined(given, pick(words, word))
    registered = joined(place, masked(county, kind == SOLE_TRADER).fill_null(""), middle, ending)
    return pc.replace_substring(registered, "店店", "店"), middle


def addresses(entities: Entities, version: np.ndarray, who: np.ndarray) -> pa.Array:
    """Addresses of the entities ``who``, for a version of the address; version 0 is the site, which may be shared."""
    site = np.where(version == 0, entities.site[who], entities.number[who] * 64 + version + 2**40)
    mixed = scatter(site, SITE_KEY)
    road = (mixed % np.uint64(len(ROADS))).astype(np.int64)
    house = (mixed // np.uint64(64) % np.uint64(880)).astype(np.int64) + 1
    room = (mixed // np.uint64(2**20) % np.uint64(3000)).astype(np.int64) + 101
    has_room = (mixed >> np.uint64(50)) % np.uint64(10) < 6
    county = entities.county[who]
    return joined(
        pick(places().prefecture_names, places().prefecture[county]),
        pick(places().names, county),
        pick(ROADS, road),
        strings(house),
        "号",
        masked(joined(strings(room), "室"), has_room).fill_null(""),
    )


def people(numbers: np.ndarray, version: np.ndarray, key: int) -> pa.Array:
    """Pseudonyms of persons or phones, for a version."""
    numbers = np.where(version == 0, numbers, numbers * 64 + version + 2**41)
    return strings(pseudonyms(numbers, key))


def coordinates(entities: Entities, who: np.ndarray) -> tuple[pa.Array, pa.Array]:
    """Latitude and longitude near the prefecture's centre, by county and site."""
    prefecture = places().prefecture[entities.county[who]]
    spread = []
    for centre, key in ((places().latitude, 21), (places().longitude, 22)):
        county = (scatter(entities.county[who], key) % np.uint64(8000)).astype(np.int64) - 4000
        site = (scatter(entities.site[who], key) % np.uint64(600)).astype(np.int64) - 300
        spread.append(np.round(centre[prefecture] * 10000).astype(np.int64) + county + site)
    return decimals(spread[0], 4), decimals(spread[1], 4)


def lines(entities: Entities, capital: Capital, versions: Versions) -> pa.Array:
    """The versions as CSV records with the columns of :data:`HEADER`. The scope is quoted, a missing value is empty."""
    who, counts = versions.entity, versions.counts
    name, trading = names(entities, counts[NAME], who)
    latitude, longitude = coordinates(entities, who)
    raised = capital.registered[who] * 2 ** np.minimum(counts[CAPITAL], 3)
    given = capital.is_given[who]
    scopes = [trade.scope for trade in trades()]
    closing = pick(["", ",以上凭营业执照依法自主开展经营活动"], (who % 3 == 0).astype(np.int64))
    platforms = np.array([trade.code == PLATFORM for trade in trades()])
    fields = [
        strings(entities.code[who]),
        name,
        trading,
        pick(KINDS, entities.kind[who]),
        pick(STATES, versions.state),
        pa.array(industry_codes(entities)[who]),
        pa.array(region_codes(entities)[who]),
        addresses(entities, counts[ADDRESS], who),
        latitude,
        longitude,
        masked(strings(raised), given),
        masked(decimals(capital.paid[who], 2), given),
        dates(entities.established[who]),
        dates(versions.day, (versions.state == 1) | (versions.state == 2)),
        people(entities.rep[who], counts[REP], PERSON_KEY),
        people(entities.owner[who], counts[OWNER], PERSON_KEY),
        people(entities.phone[who], counts[REP], PHONE_KEY),
        masked(numbered("DL", np.maximum(entities.agent[who], 0), 5), entities.agent[who] >= 0),
        joined('"', pick(scopes, entities.trade[who]), closing, '"'),
        pick(["否", "是"], platforms[entities.trade[who]].astype(np.int64)),
        dates(versions.day),
        pick(CHANGES, versions.change),
    ]
    return csv_lines(fields)
