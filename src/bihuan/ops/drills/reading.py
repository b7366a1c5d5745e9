"""The file of a drill: read once and checked whole, before anything runs.

What is wrong is told with its place and with what could stand there instead.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from bihuan.ops.drills.script import Condition, Expectation, Fuse, Inject, Script, ScriptTask, Staffing

HERE = Path(__file__).parent / "files"
MOST_BYTES, MOST_INJECTS, LONGEST = 1_000_000, 20_000, timedelta(days=7)
KINDS: Mapping[str, frozenset[str]] = {
    # kind: what it must say. What it may say besides stands in MAY.
    "report": frozenset({"category", "place", "text"}),
    "reports": frozenset({"until", "count", "categories", "places", "texts"}),
    "readings": frozenset({"sensor", "of", "values", "every"}),
    "order": frozenset({"unit", "category", "place", "text"}),
    "act": frozenset({"case", "do"}),
    "activate": frozenset(),
    "say": frozenset({"text"}),
    "public": frozenset({"text"}),
}
MAY: Mapping[str, frozenset[str]] = {
    "report": frozenset({"channel", "photo", "unit", "role", "text_en"}),
    "reports": frozenset({"channel"}),
    "readings": frozenset({"unit", "place"}),
    "order": frozenset({"text_en"}),
    "act": frozenset({"reason", "unit"}),
    "activate": frozenset({"level", "unit", "role", "place"}),
    "say": frozenset({"text_en", "to"}),
    "public": frozenset({"text_en"}),
}
ALWAYS = frozenset({"key", "kind", "at", "when", "unless"})
MARKS = ("registered", "accepted", "dispatched", "taken", "arrived", "finished", "answered", "closed")
ACTS = ("accept", "dispatch", "take", "arrive", "finish", "return", "send", "verify", "rework", "dispute", "note")
LINES = ("eased", "lifted", "fused", "inject", "reading", "raised", "lowered", "warning", "activated", "ended")


class BadScript(ValueError):
    """What is wrong with the file of a drill, in words: all of it, a line each."""

    def __init__(self, wrong: Sequence[str]) -> None:
        super().__init__("\n".join(wrong))
        self.wrong = tuple(wrong)


def known() -> list[str]:
    """The drills that come with the product."""
    return sorted(path.stem for path in HERE.glob("*.yaml"))


def find(name: str) -> str:
    """The text of a drill by its name, or of a file. Raises ``LookupError`` in words."""
    if name in known():
        return (HERE / f"{name}.yaml").read_text(encoding="utf-8")
    path = Path(name)
    if path.suffix in {".yaml", ".yml"} and path.is_file():
        if path.stat().st_size > MOST_BYTES:
            raise LookupError(f"{name}: 超过 {MOST_BYTES} 字节 / longer than {MOST_BYTES} bytes")
        return path.read_text(encoding="utf-8")
    raise LookupError(
        f"没有叫 {name} 的演练;现有:{'、'.join(known())},或写一个 .yaml 文件的路径。"
        f" There is no drill {name}; there are: {', '.join(known())}, or give the path of a .yaml file."
    )


def read(text: str, zone: str, *, seed: int | None = None) -> Script:
    """The whole file, with all that is wrong told at once. Raises ``BadScript``."""
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadScript([f"不是 YAML / not YAML: {error}"]) from None
    if not isinstance(raw, Mapping):
        raise BadScript(["文件里应是“名称: 值” / the file must hold names and values"])
    return _Reader(raw, zone, seed).script()


def span(value: object) -> timedelta:
    """``5m``, ``1h30m``, ``90s`` or hours and minutes ``1:30``. Raises ``ValueError``."""
    text = str(value).strip().lstrip("+")
    if isinstance(value, int) and not isinstance(value, bool):
        # YAML reads 1:30 as a number of base sixty: ninety, which are minutes.
        return timedelta(minutes=value)
    if ":" in text:
        hours, _, minutes = text.partition(":")
        return timedelta(hours=int(hours), minutes=int(minutes))
    total, number = timedelta(), ""
    for sign in text:
        if sign.isdigit() or sign == ".":
            number += sign
        elif sign in _UNITS and number:
            total += timedelta(**{_UNITS[sign]: float(number)})
            number = ""
        else:
            raise ValueError(text)
    if number or not text:
        raise ValueError(text)
    return total


_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class _Reader:
    def __init__(self, raw: Mapping[str, Any], zone: str, seed: int | None) -> None:
        self.raw, self.zone, self.wrong = raw, zone, list[str]()
        self.seed = int(raw.get("seed", 7)) if seed is None else seed

    def script(self) -> Script:
        names = {one.name for one in fields(Script)} | {"drill", "hours", "commander"}
        self.wrong += [f"不认识 / unknown: {name}" for name in self.raw if name not in names]
        self.wrong += [
            f"缺少 / missing: {name}" for name in ("key", "plan", "title", "starts") if not self.raw.get(name)
        ]
        starts, lasts = self._starts(), self._lasts()
        injects = tuple(self._injects(lasts))
        known = {one.key for one in injects} | {f"{one.key}-case" for one in injects if one.kind == "reading"}
        expectations = tuple(self._expectations(known))
        commander = self.raw.get("commander") or {}
        staffing, tasks, fuse = self._staffing(), tuple(self._tasks()), self._fuse()
        if self.wrong:
            raise BadScript(self.wrong)
        return Script(
            **{
                name: str(self.raw.get(name, ""))
                for name in ("key", "plan", "title", "title_en", "level", "place", "category")
            },
            scene=str(self.raw.get("scene", "city")),
            tasks=tasks,
            starts=starts,
            lasts=lasts,
            seed=self.seed,
            injects=injects,
            expectations=expectations,
            commander=(str(commander.get("unit", "")), str(commander.get("role", "head"))),
            rules=tuple(self.raw.get("rules") or ()),
            warns=self.raw.get("warns") or {},
            staffing=staffing,
            fuse=fuse,
            routes={str(code): str(unit) for code, unit in (self.raw.get("routes") or {}).items()},
            people=tuple(str(unit) for unit in self.raw.get("people") or ()),
            at_night=bool(self.raw.get("at_night", False)),
        )

    def _fuse(self) -> Fuse | None:
        raw = self.raw.get("fuse")
        if not isinstance(raw, Mapping):
            return None
        return Fuse(frozenset(map(str, raw.get("categories") or ())), self._span("fuse", raw.get("within", "1h")))

    def _starts(self) -> datetime:
        found = self.raw.get("starts")
        try:
            at = found if isinstance(found, datetime) else datetime.fromisoformat(str(found))
        except ValueError:
            self.wrong.append(f"starts: {found}: 写成 2026-07-10 20:00 / write it like 2026-07-10 20:00")
            return datetime(2000, 1, 1, tzinfo=UTC)
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(self.zone))).astimezone(UTC)

    def _lasts(self) -> timedelta:
        try:
            found = timedelta(hours=float(self.raw.get("hours", 8)))
        except (TypeError, ValueError):
            found = timedelta()
        if not timedelta() < found <= LONGEST:
            self.wrong.append("hours: 大于 0,不超过 168 / more than 0, at most 168")
        return found

    def _span(self, where: str, value: object) -> timedelta:
        try:
            return span(value)
        except ValueError:
            self.wrong.append(f"{where}: {value}: 写成 5m、1h30m 或 1:30 / write it like 5m, 1h30m or 1:30")
            return timedelta()

    def _injects(self, lasts: timedelta) -> Iterator[Inject]:
        seen: set[str] = set()
        made = 0
        for number, row in enumerate(self.raw.get("injects") or (), 1):
            where = f"injects {number}"
            if not isinstance(row, Mapping) or row.get("kind") not in KINDS:
                self.wrong.append(f"{where}: kind 应是 / must be one of: {', '.join(KINDS)}")
                continue
            key = str(row.get("key") or f"{row['kind']}-{number}")
            if key in seen:
                self.wrong.append(f"{where}: 重复的 key / key used twice: {key}")
            seen.add(key)
            for one in self._expanded(f"{where} ({key})", key, row):
                made += 1
                if one.at is not None and not timedelta() <= one.at <= lasts:
                    self.wrong.append(f"{where} ({key}): at {one.at} 在演练时间之外 / is outside of the drill")
                yield one
        if made > MOST_INJECTS:
            self.wrong.append(f"injects: {made},最多 / at most {MOST_INJECTS}")

    def _expanded(self, where: str, key: str, row: Mapping[str, Any]) -> Iterator[Inject]:
        kind = row["kind"]
        self.wrong += [f"{where}: 缺少 / missing: {name}" for name in sorted(KINDS[kind] - row.keys())]
        extra = row.keys() - KINDS[kind] - MAY[kind] - ALWAYS
        self.wrong += [f"{where}: 不认识 / unknown: {name}" for name in sorted(extra)]
        if ("at" in row) == ("when" in row):
            self.wrong.append(f"{where}: 写 at 或 when,二者取一 / give either at or when")
        if row.get("do", ACTS[0]) not in ACTS:
            self.wrong.append(f"{where}: do 应是 / must be one of: {', '.join(ACTS)}")
        if KINDS[kind] - row.keys():
            return
        at = self._span(where, row["at"]) if "at" in row else None
        says = {name: value for name, value in row.items() if name not in ALWAYS}
        if kind == "reports" and at is not None:
            yield from self._many(where, key, at, says)
        elif kind == "readings" and at is not None:
            every = self._span(where, says["every"])
            for n, value in enumerate(says["values"]):
                yield Inject(f"{key}-{n + 1}", "reading", at + n * every, {**says, "value": value})
        else:
            when, unless = (self._condition(where, row.get(name)) for name in ("when", "unless"))
            yield Inject(key, kind, at, says, when, unless)

    def _many(self, where: str, key: str, at: timedelta, says: Mapping[str, Any]) -> Iterator[Inject]:
        """So many reports, spread over a time by the seed: the crowd that makes a bad night."""
        die = random.Random(f"{self.seed}:{key}")  # noqa: S311 - a drill, not a secret
        until = self._span(where, says["until"])
        lists = [says[name] for name in ("categories", "places", "texts")]
        if until <= at or not all(isinstance(one, list) and one for one in lists):
            self.wrong.append(
                f"{where}: until 在 at 之后;categories、places、texts 各是一列 / until after at; three lists"
            )
            return
        count = int(says["count"])
        instants = sorted(at + (until - at) * die.random() for _ in range(count))
        for n, one in enumerate(instants):
            made = {
                "category": str(die.choice(lists[0])),
                "place": str(die.choice(lists[1])),
                "text": str(die.choice(lists[2])),
                "channel": says.get("channel", "hotline"),
            }
            yield Inject(f"{key}-{n + 1}", "report", timedelta(seconds=int(one.total_seconds())), made)

    def _condition(self, where: str, raw: object) -> Condition | None:
        if raw is None:
            return None
        if not isinstance(raw, Mapping) or bool(raw.get("case")) == bool(raw.get("line")):
            self.wrong.append(f"{where}: when/unless 写 case 和 is,或写 line / give case and is, or line")
            return None
        is_at, line = str(raw.get("is", "")), str(raw.get("line", ""))
        if raw.get("case") and is_at not in MARKS:
            self.wrong.append(f"{where}: is 应是 / must be one of: {', '.join(MARKS)}")
        if line and line not in LINES:
            self.wrong.append(f"{where}: line 应是 / must be one of: {', '.join(LINES)}")
        after = self._span(where, raw.get("after", "0m"))
        return Condition(str(raw.get("case", "")), is_at, line, str(raw.get("level", "")), after)

    def _expectations(self, injects: set[str]) -> Iterator[Expectation]:
        for number, row in enumerate(self.raw.get("expectations") or (), 1):
            where = f"expectations {number}"
            if not isinstance(row, Mapping):
                self.wrong.append(f"{where}: 应是“名称: 值” / must hold names and values")
                continue
            where = f"{where} ({row.get('key', '')})"
            of, to = str(row.get("of", "")), str(row.get("to", ""))
            self.wrong += [
                f"{where}: 缺少 / missing: {name}" for name in ("key", "name", "of", "to") if not row.get(name)
            ]
            if of not in {"orders", "reports", "case", "line"}:
                self.wrong.append(f"{where}: of 应是 / must be one of: orders, reports, case, line")
            if to not in (LINES if of == "line" else MARKS):
                self.wrong.append(
                    f"{where}: to {to}: 应是 / must be one of: {', '.join(LINES if of == 'line' else MARKS)}"
                )
            if of == "case" and row.get("case") not in injects:
                self.wrong.append(f"{where}: case 应是一条 report 的 key / must be the key of a report")
            if ("within" in row) == ("by" in row):
                self.wrong.append(f"{where}: 写 within 或 by,二者取一 / give either within or by")
            yield Expectation(
                **{name: str(row.get(name, "")) for name in ("key", "name", "name_en", "case", "unit", "level")},
                of=of,
                to=to,
                since=str(row.get("since", "dispatched" if of == "orders" else "registered")),
                within=self._span(where, row["within"]) if "within" in row else None,
                by=self._span(where, row["by"]) if "by" in row else None,
                share=float(row.get("share", 1.0)),
            )

    def _tasks(self) -> Iterator[ScriptTask]:
        before: set[str] = set()
        for number, row in enumerate(self.raw.get("tasks") or (), 1):
            where = f"tasks {number}"
            if not isinstance(row, Mapping) or not all(row.get(name) for name in ("key", "name", "unit")):
                self.wrong.append(f"{where}: 写 key、name、unit / give key, name and unit")
                continue
            needs = tuple(str(need) for need in row.get("needs") or ())
            self.wrong += [
                f"{where}: needs {need} 不在它之前 / does not come before it" for need in needs if need not in before
            ]
            before.add(str(row["key"]))
            named = {name: str(row.get(name, "")) for name in ("key", "name", "unit", "place", "name_en")}
            yield ScriptTask(**named, minutes=int(row.get("minutes", 30)), needs=needs)

    def _staffing(self) -> Staffing:
        raw = self.raw.get("staffing") or {}
        names = {one.name for one in fields(Staffing)}
        self.wrong += [f"staffing: 不认识 / unknown: {name}" for name in raw if name not in names]
        try:
            given = {name: float(raw[name]) for name in names & raw.keys() if name != "slow"}
            return Staffing(**given, slow={str(u): float(x) for u, x in (raw.get("slow") or {}).items()})
        except (TypeError, ValueError):
            self.wrong.append("staffing: 应是数字 / must be numbers")
            return Staffing()
