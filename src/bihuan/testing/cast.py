"""A district in small, with named people. All are fictional; each post can do what its role in the loop allows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """Who acts: the opaque reference, the unit and the roles of the post."""

    name: str
    unit: str
    roles: frozenset[str]


def _post(name: str, unit: str, *roles: str) -> Person:
    return Person(name, unit, frozenset(roles))


# Units: 运行中心 (triage), 监督中心 (verifies), 城管, 住建, 街道, 社区, and those of other scenes.
CENTRE, SUPERVISION = "centre", "supervision"
CHENGGUAN, ZHUJIAN, STREET, COMMUNITY = "chengguan", "zhujian", "street", "community"
PETITIONS, DISCIPLINE, MEDIATION, HERITAGE, CARE, POLICE, GOVERNMENT = (
    "petitions-office", "discipline", "mediation", "heritage", "care", "police", "government",
)  # fmt: skip

SYSTEM = _post("system", "", "system")

LIN = _post("林小满", "", "reporter")  # a resident
HE = _post("何叶", "", "reporter")  # another resident
TANG = _post("唐果", "", "volunteer")
QIN = _post("秦朗", "", "volunteer")

ZHOU = _post("周砚", CENTRE, "triage", "dispatcher")
FENG = _post("冯筝", CENTRE, "triage", "dispatcher", "verifier")
SU = _post("苏禾", SUPERVISION, "verifier")
LUO = _post("罗川", SUPERVISION, "verifier", "head")
SONG = _post("宋词", SUPERVISION, "handler")
WEI = _post("魏然", CHENGGUAN, "handler")
XU = _post("许诺", CHENGGUAN, "handler")
GU = _post("顾准", CHENGGUAN, "head")
PAN = _post("潘越", ZHUJIAN, "handler")
DING = _post("丁一", ZHUJIAN, "head")
SHEN = _post("沈默", STREET, "handler", "verifier")
JIANG = _post("江月", STREET, "head")
MENG = _post("孟夏", COMMUNITY, "handler")

BAI = _post("白露", PETITIONS, "triage", "dispatcher", "verifier")
YAN = _post("严正", DISCIPLINE, "triage", "dispatcher", "handler", "verifier")
ZHENG = _post("郑直", DISCIPLINE, "head")
HAN = _post("韩枫", MEDIATION, "handler", "triage", "dispatcher")
KE = _post("柯南", HERITAGE, "handler", "triage", "dispatcher")
TAO = _post("陶然", CARE, "handler", "triage", "dispatcher")
FANG = _post("方晴", CARE, "head", "verifier")
ARBITER = _post("任重", GOVERNMENT, "arbiter", "oversight")
"""Oversight and arbitration of the district."""
