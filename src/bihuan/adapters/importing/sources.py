"""Rows out of CSV, XLSX and JSON lines, each also gzipped: streamed and measured; a bad row is told with its number."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import orjson
import python_calamine

CHUNK = 1 << 20
MOST_UNPACKED = 4 << 30
MOST_RATIO = 200  # text packs ten times; what packs a thousand times is a trap
FREE_OF_RATIO = 16 << 20
LONGEST_CELL = 1 << 20
MOST_COLUMNS = 200
MOST_WORKBOOK = 256 << 20

Progress = Callable[[int, int], None]
Row = dict[str, str]


class BadFile(ValueError):
    """A file that cannot be read at all: what is wrong, and what to do."""


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read, and why."""

    why: str


@dataclass(frozen=True)
class Source:
    """A file that was looked through once. ``digest``: of its bytes as they lie there; ``size``: unpacked, in bytes."""

    path: Path
    kind: str
    encoding: str
    digest: str
    size: int
    is_packed: bool


def look(path: Path) -> Source:
    """Look through a file once: its kind, its encoding, its size when unpacked. Raises ``BadFile``."""
    if not path.is_file():
        raise BadFile(f"没有文件 {path}。 There is no file {path}.")
    is_packed = path.suffix.lower() == ".gz"
    name = path.with_suffix("").name if is_packed else path.name
    kind = {".csv": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl"}.get(
        Path(name).suffix.lower()
    )
    if kind is None or (kind == "xlsx" and is_packed):
        raise BadFile(f"{path.name}: 只收 .csv .tsv .jsonl(可再压成 .gz)和 .xlsx。 Give one of these; .gz for texts.")
    if kind == "xlsx":
        _need_unpackable(path)
        return Source(path, kind, "", _digest(path), path.stat().st_size, is_packed)
    encoding, size = _encoding(path, is_packed=is_packed)
    return Source(path, kind, encoding, _digest(path), size, is_packed)


def rows(source: Source, progress: Progress = lambda _done, _all: None) -> Iterator[Row | BadRow]:
    """Each row with its values by column name, or why it cannot be read. Raises ``BadFile`` for a hopeless file."""
    if source.kind == "xlsx":
        yield from _workbook(source)
        return
    with _text(source, progress) as text:
        yield from _csv(source, text) if source.kind == "csv" else _lines(text)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# -- unpacking ----------------------------------------------------------------------------------------------------


class _Measured(io.RawIOBase):
    """Bytes as they come out of a packed file; more than the limit, or than its packing explains, is refused."""

    def __init__(self, path: Path, inner: IO[bytes], progress: Progress, size: int = 0) -> None:
        self._inner = inner
        self._packed = max(1, path.stat().st_size)
        self._name = path.name
        self._progress = progress
        self._size = size
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._inner.read(len(buffer))
        except (OSError, EOFError, zlib.error) as error:
            raise BadFile(f"{self._name}: 压缩文件已损坏 / the packed file is damaged ({error})") from error
        self.count += len(data)
        if self.count > MOST_UNPACKED or self.count > max(FREE_OF_RATIO, self._packed * MOST_RATIO):
            raise BadFile(f"{self._name}: 解压后大得不正常,不再读下去 / unpacks to far more than it should: not read")
        self._progress(self.count, self._size)
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def _bytes(path: Path, *, is_packed: bool, progress: Progress, size: int = 0) -> Iterator[io.BufferedReader]:
    with path.open("rb") as raw:
        inner: IO[bytes] = gzip.GzipFile(fileobj=raw) if is_packed else raw  # type: ignore[assignment]
        yield io.BufferedReader(_Measured(path, inner, progress, size), CHUNK)


def _encoding(path: Path, *, is_packed: bool) -> tuple[str, int]:
    """The first of these in which the whole file can be read. GB 18030 holds GBK."""
    with _bytes(path, is_packed=is_packed, progress=lambda _done, _all: None) as stream:
        start = stream.peek(4)[:4]
        names = ["utf-16"] if start.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "gb18030"]
        decoders = {name: codecs.getincrementaldecoder(name)() for name in names}
        size = 0
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            for name in list(decoders):
                _feed(decoders, name, chunk)
        for name in list(decoders):
            _feed(decoders, name, b"", final=True)
    if not decoders:
        raise BadFile(f"{path.name}: 认不出编码,请另存为 UTF-8。 Unknown encoding: save it as UTF-8 (or GBK).")
    return next(iter(decoders)), size


def _feed(decoders: dict[str, codecs.IncrementalDecoder], name: str, chunk: bytes, *, final: bool = False) -> None:
    try:
        decoders[name].decode(chunk, final)
    except UnicodeDecodeError:
        del decoders[name]


@contextmanager
def _text(source: Source, progress: Progress) -> Iterator[io.TextIOWrapper]:
    with _bytes(source.path, is_packed=source.is_packed, progress=progress, size=source.size) as stream:
        yield io.TextIOWrapper(stream, encoding=source.encoding, newline="")


# -- kinds --------------------------------------------------------------------------------------------------------


def _csv(source: Source, text: io.TextIOWrapper) -> Iterator[Row | BadRow]:
    csv.field_size_limit(LONGEST_CELL)
    first = text.readline(LONGEST_CELL)
    separator = max(",;\t", key=first.count)
    header = next(csv.reader([first], delimiter=separator), [])
    names = _header(source.path, header)
    reader = csv.reader(text, delimiter=separator)
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadRow(
                f"引号不成对或单元格太大,后面的没有读 / quotes, or a cell too large: the rest is not read ({error})"
            )
            return
        if values:
            yield _row(names, values)


def _header(path: Path, header: list[str]) -> list[str]:
    names = [name.strip() for name in header]
    if not any(names):
        raise BadFile(f"{path.name}: 第一行应当是列名。 The first line must hold the names of the columns.")
    if len(names) > MOST_COLUMNS:
        raise BadFile(f"{path.name}: 最多 {MOST_COLUMNS} 列。 At most {MOST_COLUMNS} columns.")
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise BadFile(f"{path.name}: 列名重复 / columns of the same name: {', '.join(twice)}")
    return names


def _row(names: list[str], values: list[str]) -> Row | BadRow:
    if len(values) != len(names):
        return BadRow(f"有 {len(values)} 列,应有 {len(names)} 列 / has {len(values)} cells, not {len(names)}")
    if any("\0" in value for value in values):
        return BadRow("含有空字符 / holds a NUL")
    return {name: value.strip() for name, value in zip(names, values, strict=True)}


def _lines(text: io.TextIOWrapper) -> Iterator[Row | BadRow]:
    while line := text.readline(LONGEST_CELL + 1):
        if len(line) > LONGEST_CELL:
            yield BadRow("一行太长,后面的读不下去 / a line too long; nothing after it is read")
            return
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield BadRow(f"不是 JSON / not JSON ({error})")
            continue
        if not isinstance(value, dict) or any(isinstance(one, (dict, list)) for one in value.values()):
            yield BadRow("每行应是一个没有嵌套的 JSON 对象 / each line must be a flat JSON object")
            continue
        yield {str(name): "" if one is None else str(one).strip() for name, one in value.items()}


def _workbook(source: Source) -> Iterator[Row | BadRow]:
    try:
        sheet = python_calamine.CalamineWorkbook.from_path(str(source.path)).get_sheet_by_index(0)
        grid = sheet.to_python(skip_empty_area=False)
    except Exception as error:
        raise BadFile(f"{source.path.name}: 不是可读的 xlsx / not a readable workbook ({error})") from error
    if not grid:
        raise BadFile(f"{source.path.name}: 第一张表是空的。 The first sheet is empty.")
    names = _header(source.path, [_cell(cell) for cell in grid[0]])
    for values in grid[1:]:
        texts = [_cell(cell) for cell in values]
        if any(texts):
            yield _row(names, texts)


def _cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _need_unpackable(path: Path) -> None:
    """Unpack once and count: what the directory of a zip says of itself is no proof."""
    size = 0
    try:
        with zipfile.ZipFile(path) as packed:
            for member in packed.infolist():
                with packed.open(member) as stream:
                    while size <= MOST_WORKBOOK and (chunk := stream.read(CHUNK)):
                        size += len(chunk)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
        raise BadFile(f"{path.name}: 不是 xlsx 或已损坏 / no xlsx, or a damaged one ({error})") from error
    if size > MOST_WORKBOOK:
        raise BadFile(f"{path.name}: 解压后超过 {MOST_WORKBOOK >> 20} MB / unpacks to more; save it as CSV")
