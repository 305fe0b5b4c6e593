"""The places of the simulated world: real prefectures and counties with invented weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from expectations.standards.hierarchies import load

PREFECTURES = {
    # code: weight, latitude, longitude of the centre, random visits per 1 000 entity-months, short name
    "330100": (0.24, 30.27, 120.16, 4.5, "杭州"),
    "330200": (0.15, 29.87, 121.55, 4.0, "宁波"),
    "330300": (0.12, 28.00, 120.70, 3.5, "温州"),
    "410100": (0.14, 34.75, 113.63, 4.0, "郑州"),
    "410300": (0.07, 34.62, 112.45, 5.0, "洛阳"),
    "510100": (0.21, 30.57, 104.07, 3.5, "成都"),
    "510700": (0.07, 31.47, 104.68, 5.5, "绵阳"),
}
ROADS = (
    *("中山路", "解放路", "人民路", "建设路", "文化路", "新华路", "和平路", "滨河路", "科技路", "工业大道", "迎宾路"),
    *("学院路", "东风路", "长江路", "黄河路", "光明街", "朝阳街", "幸福路", "振兴路", "创业路", "花园路", "金源路"),
    *("城南路", "城北路", "环城东路", "环城西路", "青年路", "公园路", "商业街", "民生路", "兴业路", "太平街"),
)


@dataclass(frozen=True)
class Places:
    """Arrays over counties and over prefectures; ``prefecture`` is the index of each county's prefecture."""

    codes: np.ndarray
    names: np.ndarray
    weights: np.ndarray
    prefecture: np.ndarray
    prefecture_codes: np.ndarray
    prefecture_names: np.ndarray
    prefecture_short: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    random_rate: np.ndarray


@cache
def places() -> Places:
    """The counties of :data:`PREFECTURES`. The weight of a prefecture's k-th county is proportional to 1 ÷ (k + 2)."""
    standard = load("gbt2260")
    codes, names, weights, owner = [], [], [], []
    for number, (prefecture, traits) in enumerate(PREFECTURES.items()):
        inside = [code for code in standard.codes(3) if standard.parent(code) == prefecture]
        falling = 1 / (np.arange(len(inside)) + 2.0)
        codes += inside
        names += [standard.name(code) for code in inside]
        weights += list(traits[0] * falling / falling.sum())
        owner += [number] * len(inside)
    every = list(PREFECTURES.values())
    return Places(
        codes=np.array(codes),
        names=np.array(names),
        weights=np.array(weights) / sum(weights),
        prefecture=np.array(owner),
        prefecture_codes=np.array(list(PREFECTURES)),
        prefecture_names=np.array([standard.name(code) for code in PREFECTURES]),
        prefecture_short=np.array([t[4] for t in every]),
        latitude=np.array([t[1] for t in every]),
        longitude=np.array([t[2] for t in every]),
        random_rate=np.array([t[3] for t in every]) / 1000,
    )
