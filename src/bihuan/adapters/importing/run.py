"""An import from end to end: slice by slice, what was not taken into a file, and a short report at the end."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from bihuan.adapters.importing import mapping as mappings
from bihuan.adapters.importing import meaning, rejects
from bihuan.adapters.importing.mapping import Mapping
from bihuan.adapters.importing.meaning import BadValue
from bihuan.adapters.importing.rows import BadFile, BadRow, Row
from bihuan.adapters.importing.sources import Progress, Source, rows
from bihuan.desk import api

SLICE = 2000
Numbered = tuple[int, Row | BadRow]


def _silent(_done: int, _all: int) -> None:
    """No progress is shown."""


@dataclass
class Report:
    """What came of it. Of the file: ``rows`` dealt with, ``earlier`` of these by calls before this one, ``taken``,
    ``repeated``, ``refused``, and why (``reasons``). Of its source as it stands today: the rest.

    ``on_time``: how history would have fared by our rules; a report, nothing of it is stored. ``late``: cases with a
    clock that was not kept.
    """

    rows: int = 0
    earlier: int = 0
    taken: int = 0
    repeated: int = 0
    refused: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    rejects: str = ""
    stages: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    to_triage: int = 0
    late: int = 0
    returned: int = 0
    reopened: int = 0
    on_time: dict[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        return vars(self)


def run(
    source: Source, mapping: Mapping, scene: str, rejected: Path, *, progress: Progress = _silent, world: int = 1
) -> Report:
    """Take a file in. Cut off at any moment, the same call goes on where it was; when the whole file was dealt with,
    it tries again what was refused. Raises ``BadFile``; what came in before stands, and so does why the rest did not.
    """
    mappings.check(mapping, source.columns, is_sparse=source.kind == "json")
    if mapping.unit and not api.imports.is_unit(mapping.unit):
        raise BadFile(f"没有单位 {mapping.unit}。 There is no unit {mapping.unit}; see `bihuan units list`.")
    by = api.Actor("system", mapping.unit or "system", frozenset({"system"}))
    into = api.imports.Run(_key(source, mapping, scene, world), mapping.source, scene, by, world)
    before = api.imports.progress_of(into)
    every = enumerate((row for _, row in rows(source, progress)), 1)
    try:
        for part in _again(every, into) if before.is_done else _onward(every, before.rows):
            api.imports.take(into, _meant(part, mapping, scene, is_again=before.is_done))
        api.imports.finish(into)
    except api.imports.Overtaken as overtaken:
        raise BadFile(
            "同一个文件正在另一处导入,请等它完成。 The same file is being imported elsewhere: wait until that is done."
        ) from overtaken
    finally:
        path = rejects.write(rejected, source, mapping, into)
    return _report(into, mapping, before.rows, str(path or ""))


def _key(source: Source, mapping: Mapping, scene: str, world: int) -> str:
    """Another mapping, and another encoding, is another import of the file."""
    parts = (source.digest, source.encoding, mapping.text(), scene, str(world))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _onward(every: Iterator[Numbered], earlier: int) -> Iterator[list[Numbered]]:
    """Slices of what no call before this one has dealt with."""
    deque(islice(every, earlier), maxlen=0)
    while part := list(islice(every, SLICE)):
        yield part


def _again(every: Iterator[Numbered], into: api.imports.Run) -> Iterator[list[Numbered]]:
    """Slices of what was refused for another reason than that it is there already."""
    wanted = (one for one in rejects.every(into) if one.code != "repeated")
    chosen = ((one.row, row) for one, row in rejects.beside(every, wanted))
    while part := list(islice(chosen, SLICE)):
        yield part


def _meant(part: list[Numbered], mapping: Mapping, scene: str, *, is_again: bool) -> api.imports.Slice:
    matters: list[tuple[int, api.imports.Matter]] = []
    rejected: list[api.imports.Rejected] = []
    for number, row in part:
        try:
            if isinstance(row, BadRow):
                rejected.append(api.imports.Rejected(number, row.code))
            elif mapping.way == "report":
                matters.append((number, meaning.live(mapping, row, scene)))
            else:
                matters.append((number, meaning.past(mapping, row)))
        except BadValue as bad:
            rejected.append(api.imports.Rejected(number, bad.code, bad.name))
    return api.imports.Slice(part[0][0], part[-1][0], matters, rejected, is_again)


def _report(into: api.imports.Run, mapping: Mapping, earlier: int, path: str) -> Report:
    dealt, reasons, stands = api.imports.progress_of(into), api.imports.reasons(into), api.imports.standing(into)
    not_taken = sum(reasons.values())
    return Report(
        rows=dealt.rows,
        earlier=earlier,
        taken=dealt.rows - not_taken,
        repeated=reasons.get("repeated", 0),
        refused=not_taken - reasons.get("repeated", 0),
        reasons=reasons,
        rejects=path,
        on_time=api.imports.on_time(into.world, into.source) if mapping.way == "history" else {},
        **vars(stands),
    )
