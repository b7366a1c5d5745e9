"""Files of every kind and encoding come out as the same rows; a bad row costs itself, a hopeless file says why."""

import gzip
import os
import subprocess
import sys
from datetime import datetime

import pytest

from adapters import samples
from adapters.samples import FILES, HEADER, ROWS, csv_text, workbook, write
from bihuan.adapters.importing.rows import BadFile, BadRow
from bihuan.adapters.importing.sources import look, rows

DAY = datetime.fromisoformat("2024-03-04")
SAME = [dict(zip(HEADER, row, strict=True)) for row in ROWS]


def read(folder, name, content):
    return list(rows(write(folder, name, content)))


def codes(found):
    return [row.code if isinstance(row, BadRow) else "" for _, row in found]


@pytest.mark.parametrize("name", FILES)
def test_every_kind_and_encoding_gives_the_same_rows(tmp_path, name):
    found = read(tmp_path, name, FILES[name])
    assert [row for _, row in found] == SAME
    if name.endswith((".csv", ".xlsx", ".tsv")):
        assert [line for line, _ in found] == list(range(2, 9))


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("a.csv", "utf-8-sig"), ("bom.csv", "utf-8-sig"), ("gbk.csv", "gb18030"), ("utf16.csv", "utf-16")],
)
def test_the_encoding_is_found_out_and_said(tmp_path, name, encoding):
    assert write(tmp_path, name, FILES[name]).encoding == encoding


def test_latin_letters_that_could_be_chinese_ones_are_not_taken_for_such(tmp_path):
    text = "id,name\n1,Hélène Bézard\n2,Crème brûlée\n"
    with pytest.raises(BadFile, match="encoding"):
        write(tmp_path, "a.csv", text.encode("latin-1"))
    found = look(tmp_path / "a.csv", "latin-1")
    assert [row["name"] for _, row in rows(found)] == ["Hélène Bézard", "Crème brûlée"]
    with pytest.raises(BadFile, match="gb18030"):
        look(tmp_path / "a.csv", "klingon")


def test_an_encoding_that_is_wrong_from_the_middle_on_is_seen_before_anything_is_taken(tmp_path):
    text = csv_text([[f"K-{n}", "2024-03-04", "", "manhole", "和平路"] for n in range(60_000)]).encode()
    with pytest.raises(BadFile):
        write(tmp_path, "a.csv", text + b"K-x,2024-03-04,,manhole,\xff\xfe\x80\n")


# -- CSV that is not quite CSV ------------------------------------------------------------------------------------


def test_a_quote_that_is_never_closed_costs_its_own_row_and_no_other(tmp_path):
    found = read(tmp_path, "a.csv", b'a,b\n1,x\n2,"open\n3,y\n4,"two\nlines"\n5,z\n')
    assert codes(found) == ["", "quotes", "", "", ""]
    assert [line for line, _ in found] == [2, 3, 4, 5, 7]
    assert [row["b"] for _, row in found if not isinstance(row, BadRow)] == ["x", "y", "two\nlines", "z"]


def test_rows_with_too_few_or_many_cells_and_those_with_a_nul_are_told(tmp_path):
    found = read(tmp_path, "a.csv", b"a,b\n1\n2,x,y\n3,\0\n4,x,\n\n,\n5,z\n")
    assert codes(found) == ["ragged", "ragged", "nul", "", ""]
    assert [line for line, _ in found] == [2, 3, 4, 5, 8]


@pytest.mark.parametrize("size", [1_100_000, 10 << 20])
def test_a_cell_of_many_megabytes_costs_its_own_row(tmp_path, size):
    found = read(tmp_path, "a.csv", b"a,b\n1,x\n2," + b"y" * size + b"\n3,z\n")
    assert codes(found) in (["", "cell-too-large", ""], ["", "line-too-long", ""])
    assert found[-1] == (4, {"a": "3", "b": "z"})


def test_a_quoted_cell_of_many_megabytes_and_lines_costs_no_row_behind_it_its_place(tmp_path):
    found = read(tmp_path, "a.csv", b'a,b\n1,"' + b"y\n" * 3_000 + b'"\n3,z\n')
    assert found[-1] == (3_003, {"a": "3", "b": "z"})
    assert {code for code in codes(found) if code} == {"quotes", "ragged"}


def test_a_file_that_is_no_csv_at_all_is_given_up(tmp_path):
    with pytest.raises(BadFile, match="CSV"):
        read(tmp_path, "a.csv", b"a,b\n" + b'1,"x"y\n' * 3_000)


# -- JSON ---------------------------------------------------------------------------------------------------------


def test_lines_that_are_no_objects_are_told_and_what_is_nested_gets_dots(tmp_path):
    text = '{"a": 1}\n[1]\n{"a": {"b": [1, 2], "c": null}}\noops\n\n{"a": "x\\u0000"}\n{"b": true}\n'
    found = read(tmp_path, "a.jsonl", text.encode())
    assert codes(found) == ["", "not-an-object", "", "not-json", "nul", ""]
    assert found[2][1] == {"a.b": "[1,2]", "a.c": ""}
    assert [line for line, _ in found] == [1, 2, 3, 4, 6, 7]
    assert look(tmp_path / "a.jsonl").columns == ("a", "a.b", "a.c", "b")


def test_an_array_that_breaks_off_gives_what_stands_before(tmp_path):
    text = b'[{"a": 1},\n {"a": 2}\n,3, {"a": "' + b"x" * 600_000 + b'"}, {"a": '
    found = read(tmp_path, "a.json", text)
    assert codes(found) == ["", "", "not-an-object", "", "json-ends"]
    assert [line for line, _ in found] == [1, 2, 3, 3, 3]


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"a":' * 200_000, '{"a": "' + "x" * (10 << 20) + '"}', '{"a":"\\ud800"}']
)
def test_json_that_means_harm_is_one_bad_row(tmp_path, text):
    assert codes(read(tmp_path, "a.jsonl", b'{"a": 1}\n' + text.encode() + b'\n{"a": 2}\n'))[1:] in (
        [["not-json", ""], ["line-too-long", ""]]
    )
    assert codes(read(tmp_path, "b.json", b'[{"a": 1},' + text.encode()))[0] == ""


# -- XLSX ---------------------------------------------------------------------------------------------------------


def test_formulas_dates_and_numbers_of_a_workbook(tmp_path):
    def change(sheet, book):
        day, minute = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_datetime(1, 1, DAY, day)
        sheet.write_datetime(1, 2, DAY.replace(hour=5, minute=6), minute)
        sheet.write_formula(1, 3, '=WEBSERVICE("http://127.0.0.1/")', value="kept")
        sheet.write_number(1, 4, 20240304)

    found = read(tmp_path, "a.xlsx", workbook([["K-1"], ["K-2"]], change=change))
    assert found[0] == (
        2,
        dict(zip(HEADER, ["K-1", "2024-03-04", "2024-03-04T05:06:00", "kept", "20240304"], strict=True)),
    )
    assert found[1] == (3, dict(zip(HEADER, ["K-2", "", "", "", ""], strict=True)))


def test_other_sheets_of_a_workbook_are_named(tmp_path):
    source = write(tmp_path, "a.xlsx", workbook(before="甲", change=lambda _sheet, book: book.add_worksheet("乙")))
    assert source.sheets == ("甲", "乙")
    assert source.size == 7


def test_a_workbook_that_kills_its_reader_kills_nothing_else(tmp_path):
    with pytest.raises(BadFile, match="CSV"):
        write(tmp_path, "a.xlsx", samples.far_cell())


def test_a_reader_of_a_workbook_that_is_left_in_the_middle_is_ended(tmp_path):
    source = write(tmp_path, "a.xlsx", workbook(ROWS * 3000))
    reading = rows(source)
    next(reading)
    reading.close()
    listed = ["ps", "--ppid", str(os.getpid()), "-o", "args="]
    children = subprocess.run(listed, check=False, capture_output=True, text=True)
    assert "sheet.py" not in children.stdout


# -- files that cannot be read ------------------------------------------------------------------------------------

HOPELESS = {
    "bomb.csv.gz": samples.gzip_bomb,
    "bomb.xlsx": samples.zip_bomb,
    "bomb.xlsx.gz": lambda: gzip.compress(b"0" * (40 << 20)),
    "cut.csv.gz": lambda: FILES["packed.csv.gz"][:40],
    "no.xlsx": lambda: b"PK\x03\x04 nonsense",
    "none.csv": lambda: b"a,b\n\xff\xff\xff\xfe\x81\n",
    "what.pdf": lambda: b"%PDF",
    "empty.csv": lambda: b"\n",
    "twice.csv": lambda: b"a,a\n1,2\n",
    "wide.csv": lambda: b",".join(b"c%d" % n for n in range(300)) + b"\n",
}


@pytest.mark.parametrize("name", HOPELESS)
def test_a_hopeless_file_is_refused_in_words(tmp_path, name):
    with pytest.raises(BadFile) as refused:
        read(tmp_path, name, HOPELESS[name]())
    assert name in str(refused.value) or "CSV" in str(refused.value)


PEAK = """
import resource, sys
from pathlib import Path
from bihuan.adapters.importing.rows import BadFile
from bihuan.adapters.importing.sources import look, rows
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    for _ in rows(look(Path(sys.argv[1]))):
        pass
except BadFile:
    pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.csv.gz", samples.gzip_bomb),
        ("line.csv", lambda: b"a,b\n1," + b"x" * (120 << 20)),
        ("line.jsonl", lambda: b'{"a":"' + b"x" * (120 << 20)),
        ("quote.csv", lambda: b'a,b\n1,"' + (b"x" * 127 + b"\n") * (1 << 20)),
        ("far.xlsx", samples.far_cell),
    ],
)
def test_a_file_of_a_hundred_megabytes_never_stands_in_memory(tmp_path, name, content):
    (tmp_path / name).write_bytes(content())
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PEAK, str(tmp_path / name)], capture_output=True, text=True, check=True
    )
    assert int(told.stdout) < 60 << 10
