"""Tables as files: a folder of CSV files or one XLSX workbook, read within limits, written whole or not at all.

CSV is written as UTF-8 with a byte order mark, so that Excel shows Chinese; read are UTF-8, UTF-16 and GB 18030 (GBK).
What a spreadsheet would take for a formula is written as text: in CSV behind an apostrophe, which reading takes off.
"""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import python_calamine
import xlsxwriter  # type: ignore[import-untyped]

from bihuan.desk.rulebooks import BadRulebook, Problem

LARGEST_FILE = 5 * 1024 * 1024
LARGEST_UNPACKED = 50 * 1024 * 1024
MOST_ROWS = 5000
MOST_COLUMNS = 60
FORMULA = re.compile(r"'*[=+\-@＝＋－＠\t]")
HIDDEN = re.compile(r"'+[=+\-@＝＋－＠\t]")


@dataclass(frozen=True)
class Grid:
    """The cells of one table as text; the first row is the header. ``file``: where they stand, for messages."""

    file: str
    rows: Sequence[Sequence[str]]


def read_grids(path: Path, names: Mapping[str, str]) -> dict[str, Grid]:
    """The grids found under ``path``, by table. ``names``: what a file or sheet may be called, to its table.

    Raises ``BadRulebook`` where a file cannot be read at all, with every such file.
    """
    if path.is_dir():
        return _read_folder(path, names)
    if path.suffix.lower() == ".xlsx":
        return _read_workbook(path, names)
    what = "请给出一个 CSV 文件夹或一个 .xlsx 文件 / give a folder of CSV files or one .xlsx file"
    raise BadRulebook([Problem(str(path), 0, "", what if path.exists() else f"不存在 / does not exist; {what}")])


def _read_folder(path: Path, names: Mapping[str, str]) -> dict[str, Grid]:
    grids: dict[str, Grid] = {}
    found: list[Problem] = []
    for file in sorted(path.iterdir()):
        table = names.get(file.stem.lower()) if file.suffix.lower() == ".csv" else None
        if table is None:
            continue
        try:
            grids[table] = Grid(file.name, _read_csv(file))
        except BadRulebook as bad:
            found += bad.problems
    if found:
        raise BadRulebook(found)
    return grids


def _read_csv(file: Path) -> list[list[str]]:
    _need_small(file)
    text = _decoded(file.read_bytes(), file.name)
    separator = max(",;\t", key=text.partition("\n")[0].count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        what = f"引号不成对或格式有误 / not well-formed CSV ({error})"
        raise BadRulebook([Problem(file.name, text.count("\n") + 1, "", what)]) from error
    _need_few(file.name, rows)
    return [[_shown(cell.strip()) for cell in row] for row in rows]


def _decoded(raw: bytes, name: str) -> str:
    encodings = ["utf-16"] if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    what = "无法识别编码,请另存为 UTF-8 或 GBK 的 CSV / unknown encoding: save it as CSV in UTF-8 or GBK"
    raise BadRulebook([Problem(name, 0, "", what)])


def _shown(cell: str) -> str:
    return cell[1:] if HIDDEN.match(cell) else cell


def _read_workbook(path: Path, names: Mapping[str, str]) -> dict[str, Grid]:
    _need_small(path)
    _need_unpackable(path)
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(str(path))
        opened = [(name, workbook.get_sheet_by_name(name)) for name in workbook.sheet_names]
        sheets = {name: sheet.to_python(skip_empty_area=False) for name, sheet in opened}
    except Exception as error:  # the reader raises its own and Rust's kinds
        what = f"不是可读的 xlsx 文件 / not a readable xlsx file ({error})"
        raise BadRulebook([Problem(path.name, 0, "", what)]) from error
    grids: dict[str, Grid] = {}
    for name, rows in sheets.items():
        table = names.get(name.strip().lower())
        if table is not None:
            file = f"{path.name}[{name}]"
            _need_few(file, rows)
            grids[table] = Grid(file, [[_text(cell) for cell in row] for row in rows])
    return grids


def _text(cell: object) -> str:
    """A cell of a workbook as the officer sees it: 4 for 4.0, 2026-01-31 for a date, 是 for a tick."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()


def _need_small(file: Path) -> None:
    if file.stat().st_size > LARGEST_FILE:
        what = f"超过 {LARGEST_FILE >> 20} MB / larger than {LARGEST_FILE >> 20} MB"
        raise BadRulebook([Problem(file.name, 0, "", what)])


def _need_unpackable(path: Path) -> None:
    """Unpack once and count: what the directory of a zip says of itself is no proof."""
    try:
        with zipfile.ZipFile(path) as packed:
            size = 0
            for member in packed.infolist():
                with packed.open(member) as stream:
                    while size <= LARGEST_UNPACKED and (chunk := stream.read(1 << 16)):
                        size += len(chunk)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
        what = f"不是 xlsx 文件或已损坏 / no xlsx file, or a damaged one ({error})"
        raise BadRulebook([Problem(path.name, 0, "", what)]) from error
    if size > LARGEST_UNPACKED:
        most = LARGEST_UNPACKED >> 20
        raise BadRulebook([Problem(path.name, 0, "", f"解压后超过 {most} MB / unpacks to more than {most} MB")])


def _need_few(file: str, rows: Sequence[Sequence[object]]) -> None:
    if len(rows) > MOST_ROWS:
        raise BadRulebook([Problem(file, MOST_ROWS + 1, "", f"最多 {MOST_ROWS} 行 / at most {MOST_ROWS} rows")])
    wide = next((number for number, row in enumerate(rows, 1) if len(row) > MOST_COLUMNS), 0)
    if wide:
        raise BadRulebook([Problem(file, wide, "", f"最多 {MOST_COLUMNS} 列 / at most {MOST_COLUMNS} columns")])


def write_grids(path: Path, grids: Mapping[str, tuple[str, Iterable[Sequence[str]]]]) -> None:
    """Write tables (file stem to sheet name and rows): a folder of CSV files, or a workbook at an ``.xlsx`` path.

    Each file is replaced at once; an error leaves the old ones.
    """
    if path.suffix.lower() == ".xlsx":
        replace_file(path, workbook_bytes(grids))
        return
    packed = {path / f"{stem}.csv": csv_bytes(rows) for stem, (_, rows) in grids.items()}
    path.mkdir(parents=True, exist_ok=True)
    for file, content in packed.items():
        replace_file(file, content)


def csv_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([f"'{cell}" if FORMULA.match(cell) else cell for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def workbook_bytes(grids: Mapping[str, tuple[str, Iterable[Sequence[str]]]]) -> bytes:
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as workbook:
        # The same rules give the same bytes.
        workbook.set_properties({"created": datetime(2020, 1, 1)})  # noqa: DTZ001 - the format has no zone
        bold, text = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "@", "text_wrap": True})
        for sheet_name, rows in grids.values():
            sheet = workbook.add_worksheet(sheet_name)
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, MOST_COLUMNS, 18, text)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write_string(number, column, cell, bold if number == 0 else text)
    return out.getvalue()


def replace_file(file: Path, content: bytes) -> None:
    """Write beside the file, then put it in its place in one move."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
