"""``bihuan suggest``: files in, a model or suggestions out. No database and no Django; nothing leaves the machine."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import IO, Any

from bihuan.adapters.importing.rows import BadFile, BadRow, Row
from bihuan.adapters.importing.sources import Source, look, rows
from bihuan.sense.suggest.model import NOTHING, BadModel, Model, Suggestion, load, read_card, save
from bihuan.sense.suggest.training import CannotTrain, train
from bihuan.wiring.commands import CannotGoOn

Progress = Callable[[int, int], None]
METHOD = "ridge regression on units of text and their pairs, logistic calibration on rows not seen"
MEASURED = "rows not seen by the model that judged them, near copies kept together, five parts"
SHARED_BY = 5  # of the desk's own texts a piece is kept only where five cases have it
LONGEST_CELL = 1 << 24
SEPARATORS = ",;\t|"
NOT_FOR = (
    "deciding without a person, judging or ranking people, sealed cases, "
    "texts of another kind than those it learnt from"
)


def learn(file: Path, text: str, label: str, out: Path, step: Progress) -> dict[str, Any]:
    """Train on a file and write the model's folder. The card says from what, when and how good."""
    try:
        source = look(file)
        good = [row for row in _rows(source, text, label) if row is not None]
        model = train([row[text] for row in good], [row[label] for row in good], step)
        model.card.update(
            trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
            source={"file": file.name, "sha256": source.digest, "text": text, "label": label},
            method=METHOD,
            measured=MEASURED,
            not_for=NOT_FOR,
        )
        save(model, out)
    except (BadFile, BadModel, CannotTrain) as error:
        raise CannotGoOn(str(error)) from error
    except OSError as error:
        raise CannotGoOn(f"{out}: 写不进去 / cannot be written ({error})") from error
    return read_card(out)


def classify(file: Path, text: str, folder: Path, out: Path, *, words: int = 0, keep: bool = False) -> dict[str, int]:
    """One row for each row of the file. A row that is empty or cannot be read gets an abstention, never silence."""
    try:
        model = load(folder)
        source = look(file)
        count = abstained = 0
        part = out.with_name(f"{out.name}.part")
        with _writing(part, is_packed=out.suffix == ".gz") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            columns: list[str] | None = None
            for row in _rows(source, text):
                found = NOTHING if row is None else model.classify(row[text], words=words)
                if columns is None:
                    columns = [*(row or {})] if keep else []
                    writer.writerow([*columns, "predicted", "confidence", *(["words"] if words else [])])
                writer.writerow([*((row or {}).get(name, "") for name in columns), *_told(found, words)])
                count += 1
                abstained += not found.label
            if columns is None:
                writer.writerow(["predicted", "confidence", *(["words"] if words else [])])
        part.replace(out)
    except (BadFile, BadModel) as error:
        raise CannotGoOn(str(error)) from error
    except OSError as error:
        raise CannotGoOn(f"{out}: 写不进去 / cannot be written ({error})") from error
    return {"rows": count, "abstained": abstained}


def card(folder: Path) -> dict[str, Any]:
    try:
        return read_card(folder)
    except BadModel as error:
        raise CannotGoOn(str(error)) from error


def relearn(scene: str, step: Progress) -> dict[str, dict[str, Any]]:
    """From the desk's own accepted cases, none sealed: a model of categories and, where it can be, one of units."""
    from bihuan.desk import api as desk  # noqa: PLC0415 - needs Django set up, which files alone do not

    rows = list(desk.suggestions.learnt_from(scene))
    told = {}
    for what, place in (("category", 1), ("unit", 2)):
        good = [row for row in rows if row[place]]
        try:
            model = train([row[0] for row in good], [row[place] for row in good], step, shared_by=SHARED_BY)
        except CannotTrain as error:
            if what == "category":
                raise CannotGoOn(str(error)) from error
            continue
        told[what] = _keep(model, scene, what, {"cases": scene, "rows": len(good)})
    return told


def install(folder: Path, scene: str) -> dict[str, Any]:
    """A model that was trained on a file drafts for a scene: its labels must be categories of it."""
    from bihuan.desk import api as desk  # noqa: PLC0415 - as above

    try:
        model = load(folder)
    except BadModel as error:
        raise CannotGoOn(str(error)) from error
    known = {one.code for one in desk.category_choices(scene)}
    if unknown := sorted(set(model.labels) - known):
        raise CannotGoOn(
            f"{folder}: 场景 {scene} 没有这些类别代码 / scene {scene} has no categories: {', '.join(unknown[:8])}"
        )
    return _keep(model, scene, "category", dict(model.card.get("source", {})))


def _keep(model: Model, scene: str, what: str, source: dict[str, Any]) -> dict[str, Any]:
    from bihuan.desk import api as desk  # noqa: PLC0415 - as above

    model.card.update(
        trained_at=model.card.get("trained_at") or datetime.now(UTC).isoformat(timespec="seconds"),
        source=source,
        method=METHOD,
        measured=MEASURED,
        not_for=NOT_FOR,
    )
    to = desk.suggestions.folder() / scene / what
    try:
        save(model, to)
    except OSError as error:
        raise CannotGoOn(f"{to}: 写不进去 / cannot be written ({error})") from error
    told = read_card(to)
    desk.suggestions.keep_card(scene, what, told)
    return told


def _told(found: Suggestion, words: int) -> list[str]:
    return [found.label, f"{found.confidence:.6f}", *([" · ".join(found.words)] if words else [])]


def _writing(path: Path, *, is_packed: bool) -> IO[str]:
    if is_packed:
        return gzip.open(path, "wt", encoding="utf-8", newline="")
    return path.open("w", encoding="utf-8", newline="")


def _rows(source: Source, *needed: str) -> Iterator[Row | None]:
    """Each row, ``None`` where it cannot be read."""
    if source.kind == "csv":
        yield from _lines(source, needed)
        return
    _need(source, source.columns, needed)
    for _, row in rows(source):
        yield None if isinstance(row, BadRow) or not all(name in row for name in needed) else row


def _lines(source: Source, needed: Sequence[str]) -> Iterator[Row]:
    """A CSV row by row, as every other reader counts them: the importers' own skips a row whose cells are all empty."""
    csv.field_size_limit(LONGEST_CELL)
    with _text(source) as text:
        separators = [mark for mark in SEPARATORS if set(needed) <= set(_header(text, mark))]
        names = _header(text, separators[0] if separators else SEPARATORS[0])
        _need(source, names, needed)
        reader = csv.reader(text, delimiter=separators[0])
        next(reader)
        try:
            for cells in filter(None, reader):
                yield dict(zip_longest(names, cells[: len(names)], fillvalue=""))
        except csv.Error as error:
            raise BadFile(f"{source.path.name}: 第 {reader.line_num} 行读不了 / line not readable: {error}") from error


def _header(text: IO[str], separator: str) -> list[str]:
    text.seek(0)
    names = [name.strip() for name in next(csv.reader(text, delimiter=separator), [])]
    text.seek(0)
    return names


def _text(source: Source) -> IO[str]:
    if source.is_packed:
        return gzip.open(source.path, "rt", encoding=source.encoding, newline="")
    return source.path.open(encoding=source.encoding, newline="")


def _need(source: Source, there: Sequence[str], needed: Sequence[str]) -> None:
    missing = [name for name in needed if name not in there]
    if missing:
        raise BadFile(
            f"{source.path.name}: 没有列 {'、'.join(missing)},有 / no such column; there are: {', '.join(there)}"
        )
