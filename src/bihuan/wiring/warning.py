"""Rules of warnings from a file into the database."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path


class BadWarningsError(Exception):
    """What is wrong with a file, and where."""


def import_rules(path: Path, starts: date, basis: str, by: str) -> tuple[int, int]:
    """The number of the version, and of its rows; nothing is stored of a file with a mistake."""
    from bihuan.desk import api
    from bihuan.sense.warn.rules import BadWarningRuleError, read

    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("warning", [])
        read(rows)
        json.dumps(rows, allow_nan=False)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, BadWarningRuleError, TypeError) as error:
        raise BadWarningsError(f"{path}: {error}") from error
    return api.warnings.add_rules(rows, starts=starts, basis=basis, by=by), len(rows)
