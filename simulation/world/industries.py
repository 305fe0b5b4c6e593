"""The industries of the simulated world, as data: classes of GB/T 4754-2017 with invented, plausible figures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

SEASONS = {
    "flat": (0.92, 0.80, 1.02, 1.00, 1.02, 1.03, 1.00, 1.00, 1.03, 1.02, 1.05, 1.11),
    "retail": (1.15, 0.95, 0.90, 0.92, 1.02, 1.08, 0.92, 0.92, 1.00, 1.08, 1.12, 1.20),
    "catering": (1.10, 1.05, 0.92, 0.96, 1.04, 1.00, 1.02, 1.02, 0.98, 1.08, 0.92, 1.05),
    "travel": (0.75, 0.85, 0.80, 1.05, 1.20, 1.00, 1.45, 1.45, 0.95, 1.25, 0.65, 0.60),
    "building": (0.60, 0.50, 1.00, 1.10, 1.15, 1.15, 1.00, 1.00, 1.15, 1.15, 1.15, 1.25),
    "school": (0.80, 0.90, 1.10, 0.95, 0.95, 1.15, 1.40, 1.20, 1.20, 0.85, 0.80, 0.70),
}
"""Relative sales by month, January to December."""


@dataclass(frozen=True)
class Trade:
    """One industry class.

    Attributes:
        code: four digits of GB/T 4754.
        weight: relative frequency.
        sales: median monthly sales of an entity, in 10 000 yuan.
        burden: VAT paid ÷ sales, in per cent.
        staff: employees per 10 000 yuan of monthly sales.
        complaints: complaints per 1 000 entity-months.
        minor_breach: chance that a visit finds a minor breach, in per cent.
        sole: share of sole traders, in per cent.
        season: key of :data:`SEASONS`.
        words: business words that follow the given name.
        scope: the registered scope.
        consumer: whether it sells to consumers.
        prepaid: whether it sells prepaid cards or courses.
    """

    code: str
    weight: float
    sales: float
    burden: float
    staff: float
    complaints: float
    minor_breach: float
    sole: float
    season: str
    words: tuple[str, ...]
    scope: str
    consumer: bool = False
    prepaid: bool = False


_FIGURES = ("weight", "sales", "burden", "staff", "complaints", "minor_breach", "sole")
# code weight sales burden staff complaints minor_breach sole season flags words scope
_TABLE = """
1411 1.0 18 3.2 .50 12 6 35 retail   c 食品/烘焙食品 糕点、面包制造；食品销售
1432 0.5 60 3.0 .22 6 6 5 flat       - 食品/冷冻食品 速冻食品制造；冷藏冷冻食品销售
1819 1.6 35 2.8 .45 3 3 15 retail    - 服饰/制衣 服装制造；服饰研发；针纺织品销售
3311 1.4 45 2.6 .28 1 4 8 building   - 金属制品/钢构 金属结构制造；金属结构销售
3823 0.9 70 3.3 .25 1 3 2 flat       - 电气/电力设备 配电开关控制设备制造、研发、销售
3831 0.8 95 2.4 .18 1 3 2 flat       - 线缆/电缆 电线、电缆经营；电工器材制造
3872 0.8 40 2.9 .35 3 3 6 flat       - 照明/灯具 照明器具制造；照明器具销售
4710 0.8 160 2.2 .22 1 4 1 building  - 建筑工程/建设 各类工程建设活动；房屋建筑施工
4910 0.9 40 2.6 .35 1 3 6 building   - 机电安装/电力工程 电气安装服务；机电设备维修
5011 1.2 38 2.8 .32 4 3 8 building   - 装饰工程/建筑装饰 公共建筑装饰和装修；室内装饰设计
5012 1.8 16 2.9 .50 24 4 22 building cp 装饰/装修设计 住宅室内装饰装修；家具安装
5123 1.6 42 0.9 .14 5 4 35 flat      - 果品/农产品 新鲜水果批发；新鲜蔬菜批发
5127 1.5 38 1.9 .12 6 3 22 retail    - 酒业/茶业 酒类经营；食品互联网销售；茶具批发
5132 1.8 33 1.6 .18 4 2 25 retail    - 服饰/贸易 服装服饰批发；鞋帽批发
5134 1.0 32 2.2 .16 8 3 15 retail    - 日化/化妆品 化妆品批发；日用品销售
5154 0.9 75 2.4 .12 2 4 2 flat       - 医疗器械/医疗科技 第二类医疗器械销售；医护人员防护用品批发
5161 0.5 190 0.9 .04 1 2 2 flat      - 能源/煤炭贸易 煤炭及制品销售；国内贸易代理
5164 1.2 230 0.7 .04 1 2 3 flat      - 金属材料/钢铁贸易 金属材料销售；金属矿石销售
5165 2.6 60 1.3 .10 2 2 18 building  - 建材/建筑材料 建筑材料销售；轻质建筑材料销售
5174 2.0 30 1.7 .16 2 2 30 flat      - 五金/五金机电 五金产品批发；机械电气设备销售
5176 1.4 48 1.8 .13 3 2 8 flat       - 电子科技/信息技术 计算机软硬件及辅助设备批发；电子产品销售
5191 0.6 85 1.1 .10 1 5 15 flat      - 再生资源/环保 再生资源回收；生产性废旧金属回收
5211 0.6 70 2.2 .40 30 3 10 retail   c 百货/商贸 日用百货销售；日用品销售
5212 1.6 42 1.7 .45 34 5 40 retail   c 超市/生鲜超市 食品销售；日用百货销售；新鲜蔬菜零售
5213 4.2 9 1.6 .70 10 4 82 retail    c 便利店/便利超市 食品销售；烟草制品零售；日用百货销售
5223 2.8 8 0.8 .65 9 4 85 flat       c 水果店/果蔬 新鲜水果零售；新鲜蔬菜零售
5225 0.6 10 2.6 .45 48 5 40 flat     cp 健康科技/保健食品 保健食品（预包装）销售；健康咨询服务
5226 1.6 11 2.0 .45 10 3 65 retail   c 烟酒/茶庄 酒类经营；食品销售；茶具销售
5232 4.0 9 2.0 .60 15 2 70 retail    c 服饰/服装店 服装服饰零售；鞋帽零售
5234 1.2 9 2.4 .55 22 3 55 retail    c 美妆/化妆品 化妆品零售；个人卫生用品销售
5251 1.8 17 1.9 .45 12 5 25 flat     c 大药房/药店 药品零售；第二类医疗器械销售
5274 1.4 22 1.5 .35 26 2 45 retail   c 通讯/数码 通信设备销售；移动终端设备销售
5283 1.2 20 2.1 .40 22 2 38 retail   c 家居/家具 家具销售；家居用品销售
5292 4.4 20 1.9 .30 48 2 22 retail   c 电子商务/网络科技 互联网销售（除销售需要许可的商品）；日用百货销售
5431 3.2 34 2.3 .35 4 3 25 flat      - 物流/运输 道路货物运输（不含危险货物）；国内货物运输代理
5437 1.0 26 2.4 .60 8 3 18 retail    - 城市配送/供应链 城市配送运输服务；装卸搬运
5920 0.6 32 2.8 .40 2 3 6 flat       - 仓储/仓储服务 普通货物仓储服务；装卸搬运
6020 0.9 38 2.5 .90 60 3 15 retail   c 快递/速运 快递服务；国内货物运输代理
6121 0.6 34 3.0 .75 28 5 8 travel    c 酒店/酒店管理 住宿服务；餐饮服务
6129 1.2 13 2.8 .75 20 5 55 travel   c 宾馆/旅馆 住宿服务；日用百货销售
6130 0.8 7 2.2 .80 14 5 70 travel    c 民宿/客栈 住宿服务；休闲观光活动
6210 7.0 13 2.0 1.20 20 8 72 catering c 餐饮/酒楼/饭店 餐饮服务；酒类经营
6220 3.0 9 1.9 1.20 18 8 70 catering c 快餐/餐饮管理 餐饮服务；外卖递送服务
6232 1.0 8 2.3 1.10 12 5 50 catering c 咖啡/咖啡馆 餐饮服务；食品销售
6239 1.6 9 2.1 1.00 16 6 62 catering c 饮品/茶饮 餐饮服务；食品销售
6291 4.0 6 1.4 1.20 12 8 90 catering c 小吃店/面馆 小餐饮；餐饮服务
6432 0.4 60 3.2 .60 75 2 1 flat      c 网络科技/信息科技 互联网信息服务；网络技术服务；第二类增值电信业务
6513 3.0 24 3.4 .70 4 1 3 flat       - 软件/信息科技/网络科技 软件开发；信息系统集成服务；技术服务、技术开发
6531 1.6 38 3.0 .50 3 1 2 flat       - 系统集成/智能科技 信息系统集成服务；物联网技术服务
7020 0.9 36 3.2 1.30 44 3 2 flat     c 物业管理/物业服务 物业管理；停车场服务
7030 1.0 12 3.0 .90 38 3 12 flat     c 房地产经纪/置业 房地产经纪；房地产咨询
7111 0.7 17 2.8 .40 32 3 15 travel   c 汽车租赁/租车 小微型客车租赁经营服务
7212 1.2 15 3.0 .25 6 2 1 flat       - 投资管理/企业管理 以自有资金从事投资活动；企业管理咨询
7224 1.0 95 1.4 .10 2 2 1 flat       - 供应链管理/供应链 供应链管理服务；国内贸易代理
7243 3.0 11 3.0 .45 4 1 8 flat       - 企业管理咨询/商务咨询 企业管理咨询；社会经济咨询服务
7251 1.8 20 3.0 .45 6 2 6 flat       - 广告/文化传媒 广告设计、代理；广告发布
7263 0.9 85 2.4 1.60 10 3 1 flat     - 人力资源/劳务 劳务派遣服务；人力资源服务
7291 0.9 28 1.6 .35 42 3 4 travel    c 旅行社/国际旅行社 旅行社服务网点旅游招徕、咨询服务
7484 0.9 27 3.2 .70 1 1 2 building   - 工程设计/规划设计 建设工程设计；工程管理服务
7519 1.6 18 3.0 .55 2 1 4 flat       - 科技/技术服务 技术推广服务；技术咨询、技术转让
8010 1.0 8 2.0 1.60 24 2 45 flat     cp 家政/家政服务 家政服务；建筑物清洁服务
8040 3.4 6 1.8 1.50 26 4 80 retail   cp 美容美发/美容院 美容服务；理发服务；生活美容服务
8052 1.2 8 1.9 1.60 22 5 70 retail   cp 足浴/养生会所 足浴服务；养生保健服务（非医疗）
8060 0.7 8 2.2 1.00 30 2 45 travel   cp 摄影/影像 摄影扩印服务；婚庆礼仪服务
8111 2.0 12 2.4 .90 18 4 58 flat     c 汽车维修/汽车服务 机动车修理和维护；汽车零配件零售
8391 1.0 15 2.6 1.30 46 3 10 school  cp 职业培训/教育科技 营利性民办职业技能培训机构；教育咨询服务
8393 1.2 12 2.4 1.40 48 3 18 school  cp 艺术培训/文化艺术 组织文化艺术交流活动；教育咨询服务
8425 0.6 22 0.6 1.30 24 6 12 flat    c 门诊部/口腔门诊 医疗服务；诊所服务
8930 1.2 16 2.4 1.30 64 3 18 school  cp 健身/体育文化 健身休闲活动；体育用品及器材零售
9019 0.9 12 2.6 1.00 24 5 35 travel  c 娱乐/文化娱乐 歌舞娱乐活动；室内娱乐活动
"""


@cache
def trades() -> tuple[Trade, ...]:
    """The industries, by code."""
    rows = []
    for line in _TABLE.strip().splitlines():
        code, *numbers, season, flags, words, scope = line.split(maxsplit=11)
        figures = dict(zip(_FIGURES, map(float, numbers), strict=True))
        consumer, prepaid, names = "c" in flags, "p" in flags, tuple(words.split("/"))
        rows.append(Trade(code=code, season=season, words=names, scope=scope, consumer=consumer, prepaid=prepaid, **figures))
    return tuple(rows)


def trait(name: str) -> np.ndarray:
    """One attribute of every industry, in the order of :func:`trades`."""
    return np.array([getattr(trade, name) for trade in trades()])


def minor_breach_rates() -> dict[str, float]:
    """The chance that a visit finds a minor breach, by industry code."""
    return {trade.code: trade.minor_breach / 100 for trade in trades()}


def season_table() -> np.ndarray:
    """Seasonal factor of sales, shape (industries, 12), January first; the mean of a year is 1."""
    table = np.array([SEASONS[trade.season] for trade in trades()])
    return table / table.mean(axis=1, keepdims=True)
