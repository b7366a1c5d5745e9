"""Load the demo district: units, people in posts, accounts, a token, the map, the rulebook of city management.

It may be repeated, and goes only into a database that holds nothing else: its passwords are known to everybody.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.contrib.auth.hashers import make_password

from bihuan.demo import cases, draw, papers, sensing, shifts
from bihuan.desk import api
from bihuan.scenes import install

HERE = Path(__file__).parent
PASSWORD = "bihuan-demo"  # noqa: S105 - known on purpose; the district is fictional
TOKEN = "bh_demo"  # noqa: S105 - as above
PEOPLE = UUID("6f2c54f0-9d0f-5a56-8a63-2d5a4e1c9b11")  # ids of the fictional people are derived from this
SINCE = "2020-01-01"
SURNAMES = "赵钱孙李周吴郑王冯陈"
Step = Callable[[int, int], None]
Spec = api.organisation.UnitSpec


class NotADemo(RuntimeError):
    """The database holds a real district: the demo is not loaded into it."""


@dataclass(frozen=True)
class Account:
    """An account of the demo to be shown at the start. All people are fictional."""

    username: str
    password: str
    post: str


@cache
def district() -> dict[str, Any]:
    """The demo district as data (``district.json``)."""
    found: dict[str, Any] = json.loads((HERE / "district.json").read_text(encoding="utf-8"))
    found["staff"] += _community_workers(found["streets"])
    return found


def _community_workers(streets: list[dict[str, Any]]) -> Iterator[list[Any]]:
    """One fictional worker in each community: who fills in forms there."""
    for street in streets:
        for place, number in enumerate(street["communities"]):
            unit, surname = f"yz.s.{street['code']}.{number}", SURNAMES[place % len(SURNAMES)]
            yield [f"sq{street['code']}{number}", f"{surname}演示", unit, ["handler"], "社区工作者", "Community worker"]


def load_demo(step: Step = lambda _done, _all: None) -> list[Account]:
    """Load everything but cases; under five seconds, and at once where it is loaded already. Raises ``NotADemo``."""
    organisation = api.organisation
    if organisation.is_founded() and not organisation.is_demo():
        raise NotADemo(
            "数据库中已有一个区的单位,不载入示范区。请换一个空的数据库。\n"
            "This database holds the units of a district already, so the demo is not loaded. Use an empty database."
        )
    step(0, 6)
    organisation.mark_demo()
    organisation.found_units(units())
    step(1, 6)
    organisation.found_staff(people(), since=date.fromisoformat(SINCE))
    step(2, 6)
    _keep_token()
    step(3, 6)
    api.import_areas(json.dumps(draw.geojson(district())))
    step(4, 6)
    list(install())
    step(5, 6)
    api.registers.load([*stations(), *papers.registers()], by=api.SYSTEM)
    api.roster.put(shifts.spans(person_id), by=api.SYSTEM)
    sensing.load_rules()
    step(6, 6)
    return accounts()


def load_cases(step: Step = lambda _done, _all: None) -> int:
    """Some forty example cases in different stages and a night's rain, once. Returns how many cases were new."""
    sensing.load_readings()
    return cases.load(step)


def units() -> list[Spec]:
    """The district, its departments, partners and desks; streets, communities and one to three grids in each."""
    here = district()
    code = here["code"]
    found = [Spec("yz", here["name"], "district", place=code, name_en=here["name_en"], phone="000-0000-0000")]
    found += [Spec(unit, name, kind, "yz", name_en=name_en) for unit, name, name_en, kind in here["units"]]
    for street in here["streets"]:
        top, ground = f"yz.s.{street['code']}", f"{code}{street['code']}"
        found.append(Spec(top, street["name"], "street", "yz", ground, street["name_en"]))
        for number, name in street["communities"].items():
            below = f"{top}.{number}"
            found.append(Spec(below, f"{name}社区", "community", top, f"{ground}{number}"))
            found += [
                Spec(
                    f"{below}.{grid}",
                    f"{name}社区第{'一二三'[grid - 1]}网格",
                    "grid",
                    below,
                    f"{ground}{number}{grid:03}",
                )
                for grid in range(1, 2 + int(number) % 3)
            ]
    return found


def people() -> list[api.organisation.PersonSpec]:
    """Fictional staff. One hash for all of them: hashing each for itself would take longer than all the rest."""
    password = make_password(PASSWORD)
    return [
        api.organisation.PersonSpec(
            person_id(username), name, tuple((unit, role) for role in roles), username, password
        )
        for username, name, unit, roles, _, _ in district()["staff"]
    ]


def stations() -> list[api.registers.Entry]:
    """Fictional stations for riders, one a street; one that nobody has looked at for six weeks."""
    rows = csv.DictReader((HERE / "stations.csv").read_text(encoding="utf-8").splitlines())
    found = []
    for row in rows:
        facts = {"hours": row["hours"], "offers": row["offers"]}
        looked = api.now() - timedelta(days=42) if row["key"] == "yz-s-008" else None
        entry = api.registers.Entry("riders", "station", row["key"], row["name"], row["unit"], row["name_en"])
        found.append(replace(entry, place=row["place"], facts=facts, verified=looked))
    return found


def person_id(username: str) -> UUID:
    return uuid5(PEOPLE, username)


def accounts() -> list[Account]:
    """One account a role, and the token of the API."""
    names = {unit.code: unit for unit in units()}
    staff = {row[0]: row for row in district()["staff"]}
    found = []
    for username in district()["featured"]:
        _, _, unit, _, post, post_en = staff[username]
        found.append(Account(username, PASSWORD, f"{names[unit].name} {post} · {names[unit].name_en}, {post_en}"))
    return [*found, Account("(API)", TOKEN, "接口令牌:受理台 · API token of the triage desk")]


def _keep_token() -> None:
    api.organisation.keep_token(
        TOKEN,
        person=person_id("shouli"),
        unit="yz.zhzx",
        role="triage",
        name="demo",
        scopes=("report", "read", "work", "triage"),
        at=api.now(),
    )
