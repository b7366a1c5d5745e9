"""A rulebook as tables that officers edit, and back. Everything that is wrong is said at once, each with its cell.

``read_tables(write_tables(book)) == book``, exactly, for CSV and XLSX alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bihuan.desk import rulebooks
from bihuan.desk.rulebook_columns import OPTIONAL, TABLES, CellError, Column, Table
from bihuan.desk.rulebook_files import Grid, read_grids, write_grids
from bihuan.desk.rulebooks import BadRulebook, Problem
from bihuan.kernel.rules import STAGE_CLOCKS, Category, ClockRule, LadderStep, Route, Rulebook, Step, complete

MOMENTS = frozenset({
    "registered", "accepted", "dispatched", "returned", "objected", "working", "answered", "reworked", "reopened",
    "closed", "declined",
})  # fmt: skip
NAMES = {name: t.key for t in TABLES.values() for name in (t.key, t.name, t.sheet)}
BOOK_HEADER = ("项 key", "值 value", "说明 note")


@dataclass(frozen=True)
class Row:
    """One line of a table: its number in the file, and the values of its columns."""

    file: str
    number: int
    values: Mapping[str, Any]

    def problem(self, column: str, what: str) -> Problem:
        return Problem(self.file, self.number, column, what)


def read_tables(path: Path | str) -> Rulebook:
    """The rulebook in a folder of CSV files or an ``.xlsx`` workbook. Raises ``BadRulebook`` with all that is wrong."""
    return _Reader(read_grids(Path(path), NAMES), str(path)).book()


def from_grids(grids: Mapping[str, Grid]) -> Rulebook:
    """The rulebook in tables that were read already. Raises ``BadRulebook`` with all that is wrong."""
    return _Reader(grids, "").book()


def write_tables(book: Rulebook, path: Path | str) -> None:
    """Write a folder of CSV files, or one workbook when ``path`` ends in ``.xlsx``.

    Raises ``BadRulebook`` where the tables would not read back as this very rulebook; nothing is written then.
    """
    grids = to_grids(book)
    if _Reader({key: Grid(key, rows) for key, (_, rows) in grids.items()}, "").book() != book:
        what = "含表格无法准确表示的内容,如首尾空格 / holds what tables cannot show exactly, such as spaces at the ends"
        raise BadRulebook([Problem("book", 0, "", what)])
    write_grids(Path(path), grids)


# -- writing -----------------------------------------------------------------------------------------------------


def to_grids(book: Rulebook) -> dict[str, tuple[str, list[list[str]]]]:
    """Each table's sheet name and rows, the header first."""
    grids = {"book": (TABLES["book"].sheet, [list(BOOK_HEADER), *_book_lines(book)])}
    for key, lines in lines_of(book).items():
        table = TABLES[key]
        header = [column.header for column in table.columns]
        body = [[line[column.key] for column in table.columns] for line in lines]
        grids[key] = (table.sheet, [header, *body])
    return grids


def _book_lines(book: Rulebook) -> list[list[str]]:
    return [[column.key, column.write(getattr(book, column.key)), _note(column)] for column in TABLES["book"].columns]


def _note(column: Column) -> str:
    return f"{column.name}({'、'.join(column.options)})" if column.options else column.name


def lines_of(book: Rulebook) -> dict[str, list[dict[str, str]]]:
    """Every table but ``book`` as lines of cell texts by column key."""
    own = [(category.code, rule) for category in book.categories.values() for rule in category.clocks]
    clocks = [("", rule) for rule in book.clocks] + own
    return {
        "categories": [_line("categories", row) for row in book.categories.values()],
        "clocks": [_line("clocks", _plain(rule), category=category) for category, rule in clocks],
        "routes": [_line("routes", row) for row in book.routes],
        "steps": [_line("steps", row) for row in book.steps.values()],
        "ladder": [_line("ladder", row) for row in book.ladder],
    }


def _plain(rule: ClockRule) -> dict[str, Any]:
    """The cells of a clock; what the kernel fixes itself stays empty."""
    values = {field.name: getattr(rule, field.name) for field in fields(rule)}
    return values | ({"starts": "", "stops": ()} if rule.key in STAGE_CLOCKS else {})


def _line(table: str, row: object, **more: object) -> dict[str, str]:
    values = row if isinstance(row, dict) else vars(row)
    return {column.key: column.write({**values, **more}[column.key]) for column in TABLES[table].columns}


# -- reading -----------------------------------------------------------------------------------------------------


class _Reader:
    """Reads all tables, then looks across them; collects what is wrong and says it once."""

    def __init__(self, grids: Mapping[str, Grid], source: str) -> None:
        self.grids = grids
        self.source = source
        self.found: list[Problem] = []

    def book(self) -> Rulebook:
        head = self._head()
        rows = {key: list(self._rows(table)) for key, table in TABLES.items() if key != "book"}
        if not self.found:
            self.found += across(head, rows)
        if self.found:
            raise BadRulebook(self.found)
        book = _assemble(head.values, rows)
        rulebooks.check(book)
        return book

    def _head(self) -> Row:
        """The table of keys and values. A key that stands twice or is unknown is a slip, so it is said."""
        grid, columns = self._grid("book"), {column.key: column for column in TABLES["book"].columns}
        cells: dict[str, tuple[int, str]] = {}
        for number, line in enumerate(grid.rows[1:], 2):
            name, value = (*line, "", "")[:2]
            column = TABLES["book"].column(name)
            if column is None and (name or value):
                known = ", ".join(columns)
                self._say(grid.file, number, "key", f"'{name}': 没有这一项 / unknown; known are {known}")
            elif column is not None and column.key in cells:
                self._say(grid.file, number, "key", f"'{name}': 重复 / stands twice; keep one")
            elif column is not None:
                cells[column.key] = (number, value)
        values = {}
        for column in columns.values() if grid.rows else ():
            number, cell = cells.get(column.key, (0, ""))
            values[column.key] = self._cell(grid.file, number, column, cell)
        return Row(grid.file, 0, values)

    def _rows(self, table: Table) -> Iterator[Row]:
        grid = self._grid(table.key)
        if not grid.rows:
            return
        places = self._header(table, grid)
        if places is None:
            return
        for number, line in enumerate(grid.rows[1:], 2):
            if not any(line):
                continue
            for position, cell in enumerate(line):
                if cell and position not in places.values():
                    what = f"'{cell[:40]}': 不在任何列下,可能少了引号 / stands under no column; is a quote missing?"
                    self._say(grid.file, number, str(position + 1), what)
            values = {}
            for column in table.columns:
                at = places.get(column.key)
                cell = line[at] if at is not None and at < len(line) else ""
                values[column.key] = self._cell(grid.file, number, column, cell)
            yield Row(grid.file, number, values)

    def _header(self, table: Table, grid: Grid) -> dict[str, int] | None:
        """Where each column stands; ``None`` when the table cannot be read."""
        places: dict[str, int] = {}
        before = len(self.found)
        for at, header in enumerate(grid.rows[0]):
            column = table.column(header)
            if column is None and header:
                known = ", ".join(c.header for c in table.columns)
                self._say(grid.file, 1, header, f"没有这一列 / unknown column; known are {known}")
            elif column is not None and column.key in places:
                self._say(grid.file, 1, header, "重复的列 / the column stands twice")
            elif column is not None:
                places[column.key] = at
        for column in table.columns:
            if column.is_needed and column.key not in places:
                self._say(grid.file, 1, column.header, "缺少这一列 / the column is missing")
        return places if len(self.found) == before else None

    def _grid(self, key: str) -> Grid:
        grid = self.grids.get(key)
        if grid is not None and grid.rows:
            return grid
        if key not in OPTIONAL:
            table = TABLES[key]
            what = f"缺少表 {key}.csv 或工作表 {table.sheet} / the file or sheet is missing"
            self._say(grid.file if grid else self.source, 0, "", what)
        return Grid(key, ())

    def _cell(self, file: str, number: int, column: Column, cell: str) -> Any:  # noqa: ANN401 - as many types as kinds
        try:
            return column.read(cell)
        except CellError as error:
            self._say(file, number, column.header, str(error))
            return column.default

    def _say(self, file: str, number: int, column: str, what: str) -> None:
        self.found.append(Problem(file, number, column, what))


def _assemble(head: Mapping[str, Any], rows: Mapping[str, Sequence[Row]]) -> Rulebook:
    clocks: dict[str, list[ClockRule]] = {}
    for row in rows["clocks"]:
        values = dict(row.values)
        clocks.setdefault(values.pop("category"), []).append(complete(ClockRule(**values)))
    categories = [
        Category(**row.values, clocks=tuple(clocks.get(row.values["code"], ()))) for row in rows["categories"]
    ]
    steps = [Step(**row.values) for row in rows["steps"]]
    return Rulebook(
        **head,
        clocks=tuple(clocks.get("", ())),
        categories={category.code: category for category in categories},
        routes=tuple(Route(**row.values) for row in rows["routes"]),
        steps={step.key: step for step in steps},
        ladder=tuple(LadderStep(**row.values) for row in rows["ladder"]),
    )


# -- looking across ----------------------------------------------------------------------------------------------


def across(head: Row, rows: Mapping[str, Sequence[Row]]) -> Iterator[Problem]:
    """What no single cell shows: rows that repeat, names that lead nowhere, promises without start or stop."""
    for key, table in TABLES.items():
        if key != "book":
            yield from _repeated(rows[key], *table.identity)
    yield from _repeated(rows["routes"], "category", "place")
    codes = [row.values["code"] for row in rows["categories"]]
    steps = {row.values["key"] for row in rows["steps"]}
    for row in rows["clocks"]:
        yield from _clock_problems(row, frozenset(codes), steps)
    scene_wide = {row.values["key"] for row in rows["clocks"] if not row.values["category"]}
    file = rows["clocks"][0].file if rows["clocks"] else head.file
    for missing in sorted(STAGE_CLOCKS.keys() - scene_wide):
        what = f"缺少全场景时限 '{missing}'(类别代码留空) / the scene-wide clock '{missing}' is missing (law 3)"
        yield Problem(file, 0, "key", what)
    for row in rows["routes"]:
        prefix = row.values["category"]
        if prefix and not any(code.startswith(prefix) for code in codes):
            yield row.problem("category", f"没有以 '{prefix}' 开头的类别 / no category begins with '{prefix}'")
    for row in rows["steps"]:
        yield from _step_problems(row, steps)
    for row in rows["ladder"]:
        if row.values["percent"] <= 0:
            yield row.problem("percent", "必须大于 0 / must be above 0")


def _repeated(rows: Iterable[Row], *columns: str) -> Iterator[Problem]:
    seen: dict[tuple[Any, ...], int] = {}
    for row in rows:
        first = seen.setdefault(tuple(row.values[column] for column in columns), row.number)
        if first != row.number:
            yield row.problem(columns[-1], f"与第 {first} 行重复 / repeats row {first}")


def _clock_problems(row: Row, codes: frozenset[str], steps: set[str]) -> Iterator[Problem]:
    values = row.values
    if values["category"] and values["category"] not in codes:
        yield row.problem("category", f"没有类别 '{values['category']}' / there is no such category")
    if values["amount"] <= 0:
        yield row.problem("amount", "必须大于 0 / must be above 0")
    if values["key"] in STAGE_CLOCKS:
        fixed = STAGE_CLOCKS[values["key"]]
        if (values["starts"] or fixed[0], values["stops"] or fixed[1]) != fixed:
            what = f"由内核固定为 {fixed[0]} → {';'.join(fixed[1])},请留空 / fixed by the kernel: leave it empty"
            yield row.problem("starts", what)
        return
    for column, given in (("starts", [values["starts"]] if values["starts"] else []), ("stops", values["stops"])):
        if not given:
            yield row.problem(column, f"不能为空,可用 / must not be empty; moments are {_moments()}")
        for moment in given:
            if moment not in MOMENTS and not (moment.startswith("step:") and moment[5:] in steps):
                yield row.problem(column, f"'{moment}': 没有这个时刻 / unknown; moments are {_moments()}")


def _moments() -> str:
    return f"{', '.join(sorted(MOMENTS))}, step:<步骤 step>"


def _step_problems(row: Row, steps: set[str]) -> Iterator[Problem]:
    for column in ("needs", "blocked_by"):
        for name in row.values[column]:
            if name not in steps:
                yield row.problem(column, f"没有步骤 '{name}' / there is no such step")
    repeated = [name for name, count in Counter(row.values["stages"]).items() if count > 1]
    if repeated:
        yield row.problem("stages", f"重复 / stand twice: {', '.join(repeated)}")
