"""Everything that is wrong with a scene, each with file, line and column, and what to do. Nothing is run or stored."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path

from bihuan.desk import api
from bihuan.kernel.case import Seal
from bihuan.kernel.rules import ClockRule, Rulebook
from bihuan.scenes.manifest import REPORT, SceneInfo, build, slips
from bihuan.testing.kit.find import Finding, Tables, Toml
from bihuan.testing.kit.reach import Reach

MANIFEST = "manifest.toml"
ROLES = frozenset({"triage", "dispatcher", "handler", "verifier", "head", "arbiter", "oversight", "volunteer"})
LADDER = frozenset({"lead", "desk", "head", "oversight", "arbiter", "verifier"})
MOST_COMMON = 12
READ_BY_THE_KERNEL = frozenset({"reason", "routes"})  # in the data of a step that ends the case
PURE = frozenset(
    {"__future__", "collections", "dataclasses", "datetime", "enum", "functools", "itertools", "re", "typing"}
)
AT = re.compile(r"line (\d+), column (\d+)")


def check(folder: Path, units: Collection[str] = ()) -> list[Finding]:
    """What is wrong, in the order of files and lines. ``units``: codes that exist (none: units are not looked at)."""
    file = folder / MANIFEST
    if not file.is_file():
        return [
            Finding(MANIFEST, 0, 0, f"没有这个文件,用 bihuan scene new {folder.name} 建 / missing: make it with that")
        ]
    text = file.read_text(encoding="utf-8")
    toml = Toml(text)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = AT.search(str(error))
        return [Finding(MANIFEST, *((int(at[1]), int(at[2])) if at else (0, 0)), f"TOML 写法不对 / not TOML: {error}")]
    found = [Finding(MANIFEST, *toml.place(path), what) for path, what in slips(folder.name, raw)]
    book = _book(folder, found)
    if not found and book is not None:
        found += _Whole(build(raw, folder), book, toml, frozenset(units)).look()
    return sorted(set(found))


def _book(folder: Path, found: list[Finding]) -> Rulebook | None:
    """The tables, or nothing and what is wrong in them."""
    try:
        book = api.upkeep.read_book(folder / "tables")
    except ValueError as error:
        wrong = getattr(error, "problems", None)
        if wrong is None:
            raise
        tables = Tables(folder / "tables")
        found += [_told(tables, one.table, one.row, one.column, one.what) for one in wrong]
        return None
    except FileNotFoundError as error:
        found.append(Finding("tables", 0, 0, f"没有表 / there are no tables: {error}"))
        return None
    found += [Finding("tables/book.csv", 0, 0, what) for what in api.upkeep.book_problems(book)]
    return book


def _told(tables: Tables, table: str, row: int, column: str, what: str) -> Finding:
    stem = table.removesuffix(".csv")
    place = tables.finding(stem, column.rsplit(maxsplit=1)[-1] if column else "", what).column if row else 0
    name = f"tables/{stem}.csv" if "/" not in table else "tables"
    return Finding(name, row, place, f"{column}: {what}" if column else what)


class _Whole:
    """Looks across manifest, tables and rules."""

    def __init__(self, info: SceneInfo, book: Rulebook, toml: Toml, units: frozenset[str]) -> None:
        self.info, self.book, self.toml, self.units = info, book, toml, units
        self.tables = Tables(info.tables)
        self.reach = Reach(book)

    def look(self) -> Iterator[Finding]:
        if self.book.scene != self.info.key:
            yield self.tables.finding("book", "scene", f"与清单不同 / must be '{self.info.key}', as in {MANIFEST}")
        yield from self._words()
        yield from self._fields()
        yield from self._declared()
        yield from self._letters()
        yield from self._steps()
        yield from self._clocks()
        yield from self._units()
        yield from self._seal()
        yield from self._rules()

    def _say(self, path: tuple[str, ...], what: str, *, is_notice: bool = False) -> Finding:
        return Finding(MANIFEST, *self.toml.place(path), what, is_notice)

    # -- words ------------------------------------------------------------------------------------------------------

    def _words(self) -> Iterator[Finding]:
        book, words = self.book, self.info.words
        proofs = {proof for code in book.categories for proof in book.proofs_for(code)}
        asked = {key for step in book.steps.values() for key in step.requires} | set(self.info.fields)
        named = {
            "steps": set(book.steps), "clocks": {rule.key for _, rule in self._each_clock()},
            "proofs": proofs | set(book.proofs), "fields": asked, "outcomes": set(book.outcomes),
            "refusals": set(_refusals(self.info.folder / "rules.py")),
        }  # fmt: skip
        for group, keys in named.items():
            for key in sorted(keys - set(words.get(group, {}))):
                do = f'{key} = {{ zh = "…", en = "…" }}'
                yield self._say(("words", group), f"[words.{group}] 缺少 {key} / no word for '{key}': add {do}")
            for key in sorted(set(words.get(group, {})) - keys - READ_BY_THE_KERNEL):
                yield self._say(("words", group, key), f"没有用到,删去 / nothing is called '{key}': take it out")
        for key in sorted(set(words.get("common", {})) - set(book.categories)):
            yield self._say(("words", "common", key), f"没有类别 {key} / there is no category '{key}'")
        if len(words.get("common", {})) > MOST_COMMON:
            yield self._say(("words", "common"), f"最多 {MOST_COMMON} 个 / at most {MOST_COMMON} big buttons")
        for prefix in sorted(words.get("groups", {})):
            if not any(code.startswith(prefix) for code in book.categories):
                yield self._say(("words", "groups", prefix), f"没有以 {prefix} 开头的类别 / no category begins so")
        for code, row in book.categories.items():
            if not row.name_en:
                yield self.tables.finding("categories", "name_en", "缺少英文名称 / no English name", {"code": code})

    # -- what the manifest declares ---------------------------------------------------------------------------------

    def _fields(self) -> Iterator[Finding]:
        for key, field in self.info.fields.items():
            for where in field["ask"]:
                step = self.book.steps.get(where)
                if where != REPORT and step is None:
                    what = f"没有步骤 {where} / there is no step '{where}': write report, or a step of tables/steps.csv"
                    yield self._say(("fields", key, "ask"), what)
                if step is not None and field["required"] and key not in step.requires:
                    what = (
                        f"在 steps.csv 的 requires 里写 {key} / add '{key}' to the step's requires in tables/steps.csv"
                    )
                    yield self._say(("fields", key, "required"), what)
            if field["kind"] == "case" and field["ask"] != (REPORT,):
                yield self._say(
                    ("fields", key, "ask"), '只能在登记时问 / a case is asked of a report only: ask = ["report"]'
                )
        for step in self.book.steps.values():
            for key in step.requires:
                if key in self.info.fields and step.key not in self.info.fields[key]["ask"]:
                    what = f"[fields.{key}] 的 ask 缺少 {step.key} / add '{step.key}' to ask of [fields.{key}]"
                    yield self._say(("fields", key, "ask"), what)

    def _declared(self) -> Iterator[Finding]:
        clocks, book = {rule.key for _, rule in self._each_clock()}, self.book
        for key, one in self.info.indicators.items():
            if one.get("clock") and one["clock"] not in clocks:
                yield self._say(("indicators", key, "clock"), f"没有时限 {one['clock']} / there is no such clock")
            if one.get("outcome") and one["outcome"] not in book.outcomes:
                yield self._say(("indicators", key, "outcome"), f"没有结果 {one['outcome']} / there is no such outcome")
        named = {"recusal": self.info.recusal, "told": self.info.told}
        for where, key in ((where, key) for where, keys in named.items() for key in keys):
            if key not in book.steps:
                yield self._say((where,), f"没有步骤 {key} / there is no step '{key}'")
        for name, codes in self.info.reviews.items():
            for code in codes:
                if name == "until" and code not in clocks:
                    yield self._say(("reviews", name), f"没有时限 {code} / there is no such clock")
                if name != "until" and code not in book.categories:
                    yield self._say(("reviews", name), f"没有类别 {code} / there is no category '{code}'")
        if self.info.reviews and not any(one["kind"] == "case" for one in self.info.fields.values()):
            yield self._say(
                ("reviews",), '缺少 kind = "case" 的字段 / add a field of kind "case" that names the earlier case'
            )

    def _letters(self) -> Iterator[Finding]:
        for key, one in self.info.letters.items():
            step = self.book.steps.get(one["step"])
            if step is None:
                yield self._say(("letters", key, "step"), f"没有步骤 {one['step']} / there is no such step")
                continue
            signed = self.book.steps.get(one.get("signed", one["step"]))
            if signed is None:
                yield self._say(("letters", key, "signed"), f"没有步骤 {one['signed']} / there is no such step")
            for prefix in one.get("categories", ()):
                if not any(code.startswith(prefix) for code in self.book.categories):
                    what = f"没有以 {prefix} 开头的类别 / no category begins so"
                    yield self._say(("letters", key, "categories"), what)
            for part in one["parts"]:
                if part not in step.requires:
                    what = f"步骤 {step.key} 不要求填 {part},文书会缺 / step '{step.key}' does not require '{part}'"
                    yield self._say(("letters", key, "parts"), what)

    # -- steps and clocks -------------------------------------------------------------------------------------------

    def _steps(self) -> Iterator[Finding]:
        for key, step in self.book.steps.items():
            if reason := self.reach.why_not(key):
                yield self.tables.finding("steps", "needs", f"走不到 / cannot be reached: {reason}", {"key": key})
            if step.by not in ROLES:
                what = f"没有岗位 {step.by} / there is no role '{step.by}'; roles are {', '.join(sorted(ROLES))}"
                yield self.tables.finding("steps", "by", what, {"key": key})

    def _clocks(self) -> Iterator[Finding]:
        for category, rule in self._each_clock():
            for column, what in self.reach.clock_problems(rule):
                yield self.tables.finding("clocks", column, what, {"category": category, "key": rule.key})

    def _each_clock(self) -> Iterator[tuple[str, ClockRule]]:
        yield from (("", rule) for rule in self.book.clocks)
        yield from ((row.code, rule) for row in self.book.categories.values() for rule in row.clocks)

    # -- units, seals, rules ----------------------------------------------------------------------------------------

    def _units(self) -> Iterator[Finding]:
        known = self.units
        if not known:
            return
        for table, column, codes, cells in self._named_units():
            for code in codes:
                is_role = table in {"clocks", "ladder"} and code in LADDER
                if code and code not in known and not is_role:
                    yield self.tables.finding(table, column, _no_unit(code), cells)
        for code in self.book.categories:
            if not any(code.startswith(route.category) for route in self.book.routes):
                what = f"没有派遣规则,要手工派遣 / no route: category '{code}' will be dispatched by hand"
                yield self.tables.finding("categories", "code", what, {"code": code}, is_notice=True)

    def _named_units(self) -> Iterator[tuple[str, str, tuple[str, ...], dict[str, str]]]:
        """Table, column, the units named there, and the cells that tell the row."""
        book = self.book
        yield "book", "desks", book.desks, {}
        yield "book", "verifier", (book.verifier,), {}
        yield "book", "arbiter", (book.arbiter,), {}
        for route in book.routes:
            yield "routes", "lead", (route.lead,), {"key": route.key}
            yield "routes", "assists", route.assists, {"key": route.key}
            yield "routes", "verifier", (route.verifier,), {"key": route.key}
        for one in book.categories.values():
            yield "categories", "verifier", (one.verifier,), {"code": one.code}
        for category, rule in self._each_clock():
            yield "clocks", "reminds", (rule.reminds,), {"category": category, "key": rule.key}
        for rung in book.ladder:
            yield "ladder", "to", (rung.to,), {"percent": str(rung.percent), "to": rung.to}

    def _seal(self) -> Iterator[Finding]:
        if self.book.seal >= Seal.L2 and "map" in self.info.uses:
            what = "封存的场景不能上公开地图:去掉 map / a sealed scene has no public map: take 'map' out of uses"
            yield self._say(("uses",), what)
        if self.book.seal >= Seal.L2 and not self.info.seal_note:
            what = "封存的场景写明谁看得到:seal_note / sealed: add seal_note, which tells the reporter who may see it"
            yield self._say((), what, is_notice=True)
        leads = {unit for route in self.book.routes for unit in (route.lead, *route.assists)}
        if self.book.verify_by == "unit" and self.book.verifier in leads:
            what = (
                "核查单位也办件,核查它自己的件要另送 / the verifier also leads cases; those go to another unit by hand"
            )
            yield self.tables.finding("book", "verifier", what, is_notice=True)

    def _rules(self) -> Iterator[Finding]:
        file = self.info.folder / "rules.py"
        if not file.is_file():
            return
        try:
            tree = ast.parse(file.read_text(encoding="utf-8"))
        except SyntaxError as error:
            yield Finding(file.name, error.lineno or 0, error.offset or 0, f"Python 写法不对 / not Python: {error.msg}")
            return
        if not any(isinstance(node, ast.FunctionDef) and node.name == "refuse" for node in tree.body):
            yield Finding(file.name, 1, 1, "缺少 refuse(state, command, ctx) / define refuse(state, command, ctx)")
        for node in ast.walk(tree):
            for name in _imported(node):
                if name.split(".")[0] not in PURE and not name.startswith("bihuan.kernel"):
                    what = f"规则只用内核和标准库的纯函数 / rules are pure: '{name}' is neither kernel nor pure"
                    yield Finding(file.name, node.lineno, node.col_offset + 1, what)  # type: ignore[attr-defined]  # an import


def _no_unit(code: str) -> str:
    return f"没有单位 {code} / there is no unit '{code}': correct it, or found the unit first (bihuan units)"


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or "."] if isinstance(node, ast.ImportFrom) else []


def _refusals(file: Path) -> list[str]:
    """Codes that the scene refuses with."""
    if not file.is_file():
        return []
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError:
        return []
    calls = (
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refused"
    )
    first = (call.args[0] for call in calls if call.args)
    return [one.value for one in first if isinstance(one, ast.Constant) and isinstance(one.value, str)]
