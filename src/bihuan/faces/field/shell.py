"""The files of which the app consists on a telephone, and the version that they make together."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

FACES = Path(__file__).parents[1]
STATIC = FACES / "static"
WORKER, SENDING = Path(__file__).with_name("worker.js"), Path(__file__).with_name("sending.js")
FILES = (
    "faces/style.css",
    "faces/mark.svg",
    "faces/report.js",
    "faces/field/field.css",
    "faces/field/app.js",
    "faces/field/view.js",
    "faces/field/store.js",
    "faces/field/sync.js",
    "faces/field/photo.js",
    "faces/field/voice.js",
    "faces/field/icon-192.png",
)


@cache
def version() -> str:
    """Another one as soon as any file is another: the telephone then fetches all of them anew, and none by itself."""
    parts = [*(STATIC / name for name in FILES), WORKER, SENDING, FACES / "templates/field/field.html"]
    return hashlib.sha256(b"\0".join(part.read_bytes() for part in parts)).hexdigest()[:16]


@cache
def worker(*, is_module: bool) -> str:
    """The service worker, told of the version and the files; as a module it can send what waits, too."""
    files = json.dumps([f"/static/{name}" for name in FILES])
    text = WORKER.read_text(encoding="utf-8")
    sending = SENDING.read_text(encoding="utf-8") if is_module else ""
    return f'"use strict";\nconst VERSION = "{version()}";\nconst FILES = {files};\n{text}{sending}'
