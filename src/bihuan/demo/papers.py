"""Forms of the demo: duties, data dictionary, what communities told; a request that passed and one that did not."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from bihuan.desk import api
from bihuan.scenes.forms import booking, filling, sheets
from bihuan.scenes.forms.gate import Request

HERE = Path(__file__).parent
STREET = "500103003"
Entry = api.registers.Entry
# What the communities of one street told before; the other columns of a form are typed.
TOLD = {
    "households": 2100, "residents": 5200, "buildings": 46, "lifts": 38, "old_blocks": 5, "elders80": 180, "shops": 240,
    "hydrants": 60, "charging": 90, "shelters": 2, "teams": 3, "canteens": 1,
}  # fmt: skip
ELDERS = Request(
    "高龄和独居老人情况表",
    ("community", "street", "households", "residents", "buildings", "lifts", "elders80", "elders_alone", "canteens"),
    duty="D01", every="quarter", place=STREET, why="核对探访力量够不够",
)  # fmt: skip
TURNOVER = Request("临街商铺营业收入月报", ("community", "shops"), duty="D21", every="month", why="掌握消费情况")


def registers() -> list[Entry]:
    """Duties, items and what one street's communities told, three months to a few days ago."""
    return [*_rows("duty", "duties.csv"), *_rows("item", "items.csv"), *_told()]


def _rows(kind: str, name: str) -> list[Entry]:
    rows = csv.DictReader((HERE / name).read_text(encoding="utf-8").splitlines())
    plain = ("key", "name", "unit", "name_en")
    return [
        Entry(
            sheets.SCENE, kind, row["key"], row["name"], row["unit"], row["name_en"],
            facts={name: value for name, value in row.items() if name not in plain and value},
        )
        for row in rows
    ]  # fmt: skip


def _told() -> list[Entry]:
    at, found = api.now(), []
    for unit in sheets.communities(STREET):
        for item, usual in TOLD.items():
            drawn = sha256(f"{unit.code}{item}".encode()).digest()
            value = max(1, usual * (60 + drawn[0] % 80) // 100)
            told = at - timedelta(days=drawn[1] % 80)
            key = sheets.key_of(unit.code, item)
            entry = Entry(sheets.SCENE, "known", key, item, unit.code, place=unit.place, facts={"value": str(value)})
            found.append(replace(entry, verified=told))
    return found


def play(who: Callable[[str, tuple[str, ...]], api.Actor | None]) -> int:
    """One request goes to nine communities, two of which answer; one is turned down. Returns how many cases."""
    asker, gate = who("yz.mzj", ("handler",)), who("yz.sgb", ("triage",))
    sales = who("yz.sww", ("handler",))
    if asker is None or gate is None or sales is None:
        raise LookupError("the demo has nobody at the gate")
    made, _ = booking.ask(ELDERS, by=asker, key="demo")
    booking.approve(made.case, by=gate)
    booking.issue(made.case, by=asker)
    booking.ask(TURNOVER, by=sales, key="demo")
    sheets_out = filling.papers(booking.form_of(made.case))
    for case, _ in sheets_out[:2]:
        one = filling.sheet(case)
        worker = who(one.unit.code, ("handler",))
        if worker is not None:
            values = {item.key: cell.value or "37" for item, cell in one.rows}
            filling.fill(case, values, by=worker)
    return 2 + len(sheets_out)
