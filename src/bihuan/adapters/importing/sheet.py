"""A workbook as lines of JSON, read in a process of its own. Not to be imported: see ``workbook``.

The first line says which sheets there are and how many rows the first has; each further line is one of its rows.
"""

from __future__ import annotations

import json
import resource
import sys

import python_calamine

MEMORY = 2 << 30
SECONDS = 600


def cell(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def tell(what: list[object] | list[str]) -> None:
    sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")


def main() -> None:
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(what, (most, most))
    book = python_calamine.CalamineWorkbook.from_path(sys.argv[1])
    first = book.get_sheet_by_index(0)
    tell([book.sheet_names, first.total_height])
    for values in first.iter_rows():
        tell([cell(value) for value in values])


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    main()
