"""Messages into a file, one JSON line each: what a site without a gateway uses, and what tests read.

A real receiver in small: it keeps each key once, for all processes that write into the same file.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from bihuan.desk.ports import Message, NotDelivered

log = logging.getLogger("bihuan.notifier")

# A message comes twice within hours if at all; keys beyond this many are forgotten.
REMEMBERED = 100_000


class FileNotifier:
    """A ``Notifier``. Lines survive a kill of the program, not a power cut: they are not forced to the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._read_to = 0
        self._turn = Lock()

    def deliver(self, message: Message) -> None:
        key = str(message.key)
        try:
            with self._turn, self._open() as file:
                self._catch_up(file)
                if key in self._seen:
                    return
                file.write(_line(message))
                file.flush()
                self._remember(key)
                self._read_to = file.tell()
        except OSError as error:
            raise NotDelivered(f"{self._path} cannot be written: {error.strerror}") from error
        log.debug("%s to %s, case %s", message.kind, message.to, message.case)

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    def _catch_up(self, file: BinaryIO) -> None:
        """Read what other processes wrote, and end at the end of the file, on a line of its own."""
        end = file.seek(0, os.SEEK_END)
        if end < self._read_to:
            self._read_to = 0
            self._seen.clear()
        file.seek(self._read_to)
        last = b"\n"
        for last in file:
            try:
                self._remember(str(json.loads(last)["key"]))
            except (ValueError, KeyError, TypeError):
                log.warning("%s: a line was cut off by a crash; its message comes again", self._path)
        file.seek(0, os.SEEK_END)
        if not last.endswith(b"\n"):
            file.write(b"\n")

    def _remember(self, key: str) -> None:
        self._seen[key] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)


def _line(message: Message) -> bytes:
    line = {
        "key": str(message.key),
        "at": message.created.isoformat(),
        "world": message.world,
        "drill": message.is_drill,
        **({"mark": "演练 EXERCISE"} if message.is_drill else {}),
        "district": message.district,
        "case": str(message.case),
        "kind": message.kind,
        "to": message.to,
        "body": json.loads(message.body),
    }
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"
