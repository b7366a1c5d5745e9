"""An import from end to end: slice by slice, what was refused into a file, and a short report at the end."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from bihuan.adapters.importing import mapping as mappings
from bihuan.adapters.importing.mapping import BadValue, Mapping
from bihuan.adapters.importing.sources import BadFile, BadRow, Progress, Row, Source, rows
from bihuan.desk import api

SLICE = 2000
Item = api.imports.Past | api.imports.Live


@dataclass
class Report:
    """What came of it. ``earlier``: rows that a run before this one dealt with; ``reasons``: of refusals, by kind.

    ``on_time``: how history would have fared by our rules; a report, nothing of it is stored.
    """

    rows: int = 0
    earlier: int = 0
    taken: int = 0
    repeated: int = 0
    refused: int = 0
    to_triage: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    stages: dict[str, int] = field(default_factory=dict)
    on_time: dict[str, Any] = field(default_factory=dict)
    rejects: str = ""

    def plain(self) -> dict[str, Any]:
        return {**vars(self), "reasons": dict(self.reasons.most_common())}


class Rejects:
    """The file of rows that were not taken: number, why, and the row as it was."""

    def __init__(self, path: Path, *, goes_on: bool) -> None:
        self.path = path
        self._goes_on = goes_on and path.exists()
        self._file: Any = None

    def add(self, number: int, why: str, row: Row | BadRow) -> None:
        if self._file is None:
            self._file = self.path.open("a" if self._goes_on else "w", newline="", encoding="utf-8-sig")
            self._writer = csv.writer(self._file)
            if not self._goes_on:
                self._writer.writerow(["row", "why", "values"])
        shown = "" if isinstance(row, BadRow) else "; ".join(f"{name}={value}" for name, value in row.items())
        # A cell that a spreadsheet would take for a formula stays a text.
        self._writer.writerow([number, why, f"'{shown}" if shown[:1] in "=+-@" else shown])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def run(
    source: Source, mapping: Mapping, scene: str, rejects: Path, *, progress: Progress = lambda _d, _a: None,
    world: int = 1,
) -> Report:  # fmt: skip
    """Take a file in. Cut off at any moment, the same call goes on where it was. Raises ``BadFile``."""
    key = f"{source.digest[:40]}:{scene}:{mapping.source}:{world}"[:120]
    report = Report(earlier=api.imports.progress_of(key))
    refused = Rejects(rejects, goes_on=report.earlier > 0)
    try:
        for first, slice_ in _slices(rows(source, progress), report.earlier, mapping):
            _take(slice_, first, key, _Job(mapping, scene, world, report, refused))
    finally:
        refused.close()
    report.stages = api.imports.counts(world, mapping.source)
    if mapping.way == "history":
        report.on_time = api.imports.on_time(world, mapping.source)
    report.rejects = str(rejects) if report.repeated + report.refused else ""
    return report


@dataclass(frozen=True)
class _Job:
    mapping: Mapping
    scene: str
    world: int
    report: Report
    rejects: Rejects

    def item(self, row: Row) -> Item:
        if self.mapping.way == "report":
            return mappings.live(self.mapping, row, self.scene)
        return mappings.past(self.mapping, row)

    def refuse(self, number: int, kind: str, why: str, row: Row | BadRow) -> None:
        self.report.reasons[kind] += 1
        self.rejects.add(number, why, row)


def _slices(every: Iterator[Row | BadRow], earlier: int, mapping: Mapping) -> Iterator[tuple[int, list[Row | BadRow]]]:
    """Slices of rows with the number of the first; the columns are checked once, and earlier rows skipped."""
    for number, row in enumerate(islice(every, earlier)):
        if number == 0 and not isinstance(row, BadRow):
            mappings.check(mapping, list(row))
    is_checked = earlier > 0
    while part := list(islice(every, SLICE)):
        if not is_checked and (known := next((row for row in part if not isinstance(row, BadRow)), None)):
            mappings.check(mapping, list(known))
            is_checked = True
        yield earlier + 1, part
        earlier += len(part)


def _take(part: list[Row | BadRow], first: int, key: str, job: _Job) -> None:
    good: list[tuple[int, Row, Item]] = []
    for number, row in enumerate(part, first):
        job.report.rows += 1
        if isinstance(row, BadRow):
            job.report.refused += 1
            job.refuse(number, "unreadable", row.why, row)
            continue
        try:
            good.append((number, row, job.item(row)))
        except BadValue as error:
            job.report.refused += 1
            job.refuse(number, str(error).partition(":")[0], str(error), row)
    taken = api.imports.take(
        [item for _, _, item in good], run=key, source=job.mapping.source, scene=job.scene,
        done=first + len(part) - 1, world=job.world,
    )  # fmt: skip
    _tell(taken, good, job)


def _tell(taken: api.imports.Taken, good: list[tuple[int, Row, Item]], job: _Job) -> None:
    job.report.taken += len(taken.cases)
    for position in taken.repeated:
        number, row, item = good[position]
        job.report.repeated += 1
        job.refuse(number, "repeated", f"编号 {item.source_id} 已经有了 / this number came in before", row)
    for position, why in taken.refused:
        number, row, _ = good[position]
        job.report.refused += 1
        job.refuse(number, why.code, " ".join(api.words_of(why)), row)
    left = {*taken.repeated, *(position for position, _ in taken.refused)}
    kept = (item for position, (_, _, item) in enumerate(good) if position not in left)
    job.report.to_triage += sum(not _category_of(item) for item in kept)


def _category_of(item: Item) -> str:
    return item.intake.category if isinstance(item, api.imports.Live) else item.category


Say = Callable[[str], None]
__all__ = ["BadFile", "Report", "run"]
