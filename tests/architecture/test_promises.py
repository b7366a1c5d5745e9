"""The page of promises names a test or a benchmark in every row, and each of them is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "promises.md"


def rows():
    return [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "`" in line]


def keepers():
    return [name for row in rows() for name in re.findall(r"`([\w/]+\.py(?:::\w+)?)`", row)]


def missing():
    gone = []
    for name in keepers():
        file, _, function = name.partition("::")
        path = ROOT / file if file.startswith("benchmarks/") else ROOT / "tests" / file
        if not path.is_file() or (function and f"def {function}(" not in path.read_text(encoding="utf-8")):
            gone.append(name)
    return gone


def test_every_promise_names_what_keeps_it():
    assert len(rows()) > 60
    assert [row for row in rows() if not re.search(r"`[\w/]+\.py", row)] == []


def test_everything_that_keeps_a_promise_is_there():
    assert missing() == []
