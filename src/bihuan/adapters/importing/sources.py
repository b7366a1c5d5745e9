"""Rows out of CSV, XLSX and JSON, each also gzipped: streamed and measured; a bad row is told with its number."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO

from bihuan.adapters.importing import delimited, jsonrows, workbook
from bihuan.adapters.importing.rows import BadFile, BadRow, Read, Reading, Row

CHUNK = 1 << 20
MOST_UNPACKED = 4 << 30
MOST_RATIO = 200  # text packs ten times; what packs a thousand times is a trap
FREE_OF_RATIO = 16 << 20
LEAST_COMMON = 0.9  # of what is no ASCII in a Chinese text, in GB 2312; Latin letters read as GBK are below it
SAMPLE = 1000
KINDS = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".json": "json", ".jsonl": "json", ".ndjson": "json",
}  # fmt: skip
ENCODINGS = {
    "utf-8": "utf-8-sig", "utf-16": "utf-16", "gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030",
    "big5": "big5hkscs", "latin-1": "latin-1", "cp1252": "cp1252", "cp1251": "cp1251",
}  # fmt: skip

Progress = Callable[[int, int], None]


def _silent(_done: int, _all: int) -> None:
    """No progress is shown."""


@dataclass(frozen=True)
class Source:
    """A file that was looked through once.

    ``digest``: of its bytes as they lie there; ``size``: unpacked, in bytes, of a workbook in rows; ``columns``: of
    JSON those of its first rows; ``sample``: the first rows that can be read; ``sheets``: of a workbook.
    """

    path: Path
    kind: str
    encoding: str
    digest: str
    size: int
    is_packed: bool
    sheets: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    sample: tuple[Row, ...] = ()


def look(path: Path, encoding: str = "") -> Source:
    """Look through a file once: its kind, its encoding, its size when unpacked. Raises ``BadFile``."""
    if not path.is_file():
        raise BadFile(f"没有文件 {path}。 There is no file {path}.")
    is_packed = path.suffix.lower() == ".gz"
    name = path.with_suffix("").name if is_packed else path.name
    kind = KINDS.get(Path(name).suffix.lower())
    if kind is None:
        raise BadFile(
            f"{path.name}: 只收 .csv .tsv .jsonl .json .xlsx,都可再压成 .gz。 Give one of these, also as .gz."
        )
    sheets: tuple[str, ...] = ()
    if kind == "xlsx":
        with _unpacked(path, is_packed=is_packed) as file:
            workbook.need_unpackable(file, path.name)
            names, size = workbook.sheets(file, path.name)
        sheets = tuple(names)
    else:
        encoding, size = _encoding(path, encoding, is_packed=is_packed)
    found = Source(path, kind, encoding, _digest(path), size, is_packed, sheets)
    return _sampled(found)


def rows(source: Source, progress: Progress = _silent) -> Reading:
    """Each row with its line, or why it cannot be read. Raises ``BadFile`` for a hopeless file."""
    if source.kind == "xlsx":
        with _unpacked(source.path, is_packed=source.is_packed) as file:
            yield from _counted(workbook.read(file, source.path.name), source, progress)
        return
    with _text(source, progress) as text:
        yield from delimited.read(source.path.name, text) if source.kind == "csv" else jsonrows.read(text)


def _counted(reading: Reading, source: Source, progress: Progress) -> Iterator[Read]:
    for line, row in reading:
        progress(line, source.size)
        yield line, row


def _sampled(source: Source) -> Source:
    sample = [row for _, row in islice(rows(source), SAMPLE) if not isinstance(row, BadRow)]
    columns = dict.fromkeys(name for row in sample for name in row)
    return replace(source, columns=tuple(columns), sample=tuple(sample[:200]))


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
def _bytes(path: Path, *, is_packed: bool, progress: Progress = _silent, size: int = 0) -> Iterator[io.BufferedReader]:
    with path.open("rb") as raw:
        inner: IO[bytes] = gzip.GzipFile(fileobj=raw) if is_packed else raw  # type: ignore[assignment]
        yield io.BufferedReader(_Measured(path, inner, progress, size), CHUNK)


@contextmanager
def _unpacked(path: Path, *, is_packed: bool) -> Iterator[Path]:
    """A workbook is read here and there, so a packed one lies unpacked on disk meanwhile, for its owner alone."""
    if not is_packed:
        yield path
        return
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file, _bytes(path, is_packed=True) as stream:
        while chunk := stream.read(CHUNK):
            file.write(chunk)
        file.flush()
        yield Path(file.name)


# -- encodings ----------------------------------------------------------------------------------------------------


def _encoding(path: Path, wanted: str, *, is_packed: bool) -> tuple[str, int]:
    """The one that is wanted, or the first of these in which the whole file can be read. GB 18030 holds GBK."""
    with _bytes(path, is_packed=is_packed) as stream:
        start = stream.peek(4)[:4]
        if wanted:
            names = [_known(wanted)]
        else:
            names = ["utf-16"] if start.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "gb18030"]
        decoders = {name: _Decoder(name) for name in names}
        size = 0
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            decoders = {name: decoder for name, decoder in decoders.items() if decoder.takes(chunk, is_last=False)}
    found = [name for name, one in decoders.items() if one.takes(b"", is_last=True) and (wanted or one.is_likely())]
    if not found:
        raise BadFile(
            f"{path.name}: 认不出编码({' '.join(names)} 都不是),请另存为 UTF-8,或用 --encoding 说明。\n"
            f"Unknown encoding, none of {', '.join(names)}: save it as UTF-8, or say which with --encoding."
        )
    return found[0], size


def _known(name: str) -> str:
    found = ENCODINGS.get(name.lower().replace("_", "-"))
    if found is None:
        raise BadFile(f"不认识编码 / unknown encoding {name}; known are {', '.join(ENCODINGS)}")
    return found


class _Decoder:
    def __init__(self, name: str) -> None:
        self._decoder = codecs.getincrementaldecoder(name)()
        self._is_chinese = name == "gb18030"
        self._foreign = self._common = 0

    def takes(self, chunk: bytes, *, is_last: bool) -> bool:
        try:
            text = self._decoder.decode(chunk, is_last)
        except UnicodeDecodeError:
            return False
        if self._is_chinese and self._foreign < CHUNK and not text.isascii():
            foreign = "".join(sign for sign in text if sign > "\x7f")
            self._foreign += len(foreign)
            self._common += len(foreign.encode("gb2312", "ignore")) // 2
        return True

    def is_likely(self) -> bool:
        return self._common >= self._foreign * LEAST_COMMON


@contextmanager
def _text(source: Source, progress: Progress) -> Iterator[io.TextIOWrapper]:
    with _bytes(source.path, is_packed=source.is_packed, progress=progress, size=source.size) as stream:
        text = io.TextIOWrapper(stream, encoding=source.encoding, newline="")
        try:
            yield text
        finally:
            text.detach()
