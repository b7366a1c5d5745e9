"""Rulebooks as tables: exact there and back, and every slip said with its cell."""

import csv
import io
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import python_calamine
from hypothesis import HealthCheck, given, settings

from bihuan.desk import rulebook_columns, rulebook_files, rulebooks
from bihuan.desk.rulebook_diff import WHOLE_ROW, diff, write_diff
from bihuan.desk.rulebook_tables import read_tables, write_tables
from bihuan.desk.rulebooks import BadRulebook
from bihuan.kernel.calendar import Unit
from bihuan.kernel.rules import Category, Route
from desk.rulebook_samples import book, books

QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def test_every_field_of_the_kernel_has_a_column():
    assert list(rulebook_columns.uncovered()) == []


@QUICK
@given(books())
def test_text_and_tables_give_back_the_same_rulebook(made):
    assert rulebooks.decode(rulebooks.encode(made)) == made
    with tempfile.TemporaryDirectory() as folder:
        for path in (Path(folder) / "tables", Path(folder) / "tables.xlsx"):
            write_tables(made, path)
            assert read_tables(path) == made


@QUICK
@given(books(), books())
def test_a_difference_is_found_exactly_where_there_is_one(one, other):
    assert diff(one, one) == []
    assert bool(diff(one, other)) == (one != other)


def test_what_tables_cannot_show_is_not_written(tmp_path):
    spaced = book(categories={"B0101": Category("B0101", " 井盖 ")})
    with pytest.raises(BadRulebook, match="exactly"):
        write_tables(spaced, tmp_path / "tables")
    assert not (tmp_path / "tables").exists()


# -- what officers hand in -----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    write_tables(book(), tmp_path)
    return tmp_path


def change(folder, name, old, new):
    file = folder / f"{name}.csv"
    text = file.read_text("utf-8-sig")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8-sig")


def problems(path):
    with pytest.raises(BadRulebook) as bad:
        read_tables(path)
    return [str(problem) for problem in bad.value.problems]


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-16"])
def test_other_encodings_are_read(folder, encoding):
    for file in folder.glob("*.csv"):
        file.write_text(file.read_text("utf-8-sig"), encoding)

    assert read_tables(folder) == book()


def test_semicolons_and_tabs_between_cells_are_read(folder):
    rows = list(csv.reader(io.StringIO((folder / "ladder.csv").read_text("utf-8-sig"))))
    (folder / "ladder.csv").write_text("\n".join(";".join(row) for row in rows), "utf-8")

    assert read_tables(folder) == book()


def test_half_a_header_is_enough_and_columns_may_stand_in_any_order(folder):
    (folder / "routes.csv").write_text(
        "主办,KEY,地点前缀 place,category,协办,依据\nyz.cgj,R1,500103,B,yz.p.gs,样例\n", "utf-8"
    )

    assert read_tables(folder) == book()


@pytest.mark.parametrize(
    ("table", "old", "new", "says"),
    [
        (
            "clocks",
            "B0101,handle,6,小时",
            "B0101,handle,6,天",
            ["clocks.csv, 第 6 行 row 6, 单位 unit: '天'", "工作日"],
        ),
        ("clocks", "B0101,handle,6", "B0101,handle,六", ["row 6, 数量 amount: '六'", "whole number"]),
        ("clocks", "B0101,handle,6", "B0101,handle,-6", ["row 6, 数量 amount: '-6'"]),
        ("clocks", "B0101,handle,6", "B0101,handle,0", ["row 6, amount", "above 0"]),
        ("clocks", "B0101,handle,6", "B9999,handle,6", ["row 6, category", "B9999"]),
        ("clocks", ",accept,2", ",sign,2", ["row 2, starts", "moments are", "'accept'", "missing"]),
        ("clocks", "数量 amount", "数量x", ["row 1, 数量x", "unknown column", "数量 amount", "column is missing"]),
        ("routes", "R1,B,", "R1,X,", ["routes.csv, 第 2 行 row 2, category", "no category begins with 'X'"]),
        ("routes", "500103", "5.00103E+11", ["row 2, 地点前缀 place", "set the column to text"]),
        ("routes", "yz.cgj", "", ["row 2, 主办 lead", "must not be empty"]),
        ("steps", "处置", "处理", ["row 2, 阶段 stages: '处理'", "登记, 立案"]),
        ("book", "2025-01-01", "2025-02-30", ["book.csv, 第 4 行 row 4, 生效日期 effective", "2026-01-31"]),
        ("book", "seal,内部", "seal,绝密", ["row 8, 封存级别 seal: '绝密'", "公开, 内部, 专案, 封存"]),
        ("book", "sample,否", "samples,否", ["'samples'", "known are scene, version"]),
        ("book", "version,1,", "version,1/2,", ["version", "at most 32"]),
        ("ladder", "预警,lead", "预警,lead,extra", ["ladder.csv, 第 2 行 row 2, 4", "under no column"]),
        ("categories", "井盖", "井\x07盖", ["row 2, 名称 name", "U+0007"]),
        ("categories", "井盖", "井" * 2001, ["row 2, 名称 name", "2000"]),
    ],
)
def test_a_slip_is_said_with_its_cell_and_what_is_allowed(folder, table, old, new, says):
    change(folder, table, old, new)
    said = "\n".join(problems(folder))

    for part in says:
        assert part in said


def test_all_slips_are_said_at_once(folder):
    change(folder, "clocks", "B0101,handle,6,小时", "B0101,handle,六,天")
    change(folder, "routes", "yz.cgj", "")
    change(folder, "book", "2025-01-01", "soon")

    assert len(problems(folder)) == 4


def test_rows_that_repeat_are_said_with_both_numbers(folder):
    change(folder, "routes", "R1,B,500103", "R0,B,500103,yz.a,,\nR1,B,500103")

    (said,) = problems(folder)
    assert "row 3, place" in said
    assert "repeats row 2" in said


def test_what_is_missing_is_said(folder, tmp_path):
    (folder / "categories.csv").unlink()
    (folder / "clocks.csv").write_bytes(b"")
    said = "\n".join(problems(folder))

    assert "categories.csv" in said
    assert "clocks.csv" in said
    assert "does not exist" in "\n".join(problems(tmp_path / "nothing"))


def test_limits_are_said_before_anything_is_unpacked(folder, tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * (rulebook_files.LARGEST_UNPACKED + 1))
    assert "unpacks to more" in problems(tmp_path / "bomb.xlsx")[0]

    (tmp_path / "long.xlsx").write_bytes(b"0" * (rulebook_files.LARGEST_FILE + 1))
    assert "larger than 5 MB" in problems(tmp_path / "long.xlsx")[0]

    (folder / "routes.csv").write_text("key,category,lead\n" + "R,,a\n" * rulebook_files.MOST_ROWS, "utf-8")
    assert "at most 5000 rows" in problems(folder)[0]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 torn", b"\xd0\xcf\x11\xe0 old xls"])
def test_what_is_no_workbook_is_said(tmp_path, content):
    (tmp_path / "x.xlsx").write_bytes(content)

    assert "xlsx" in problems(tmp_path / "x.xlsx")[0]


def test_a_torn_csv_and_an_unknown_encoding_are_said(folder):
    (folder / "routes.csv").write_text('key,lead\n"R1,yz', "utf-8")
    (folder / "steps.csv").write_bytes(b"\xff\x00\x81\x20\xff")
    said = "\n".join(problems(folder))

    assert "routes.csv" in said
    assert "UTF-8" in said


# -- what leaves ---------------------------------------------------------------------------------------------------

FORMULA = '=HYPERLINK("http://x")'


def test_no_cell_leaves_as_a_formula(tmp_path):
    risky = book(routes=(Route("R1", "B", "", "yz.cgj", (), FORMULA), Route("R2", "", "", "yz.cgj", (), "@SUM(1)")))
    write_tables(risky, tmp_path)
    write_tables(risky, tmp_path / "x.xlsx")

    cells = [row[5] for row in csv.reader(io.StringIO((tmp_path / "routes.csv").read_text("utf-8-sig")))]
    assert cells[1:] == [f"'{FORMULA}", "'@SUM(1)"]
    with zipfile.ZipFile(tmp_path / "x.xlsx") as packed:
        assert not any(b"<f>" in packed.read(name) for name in packed.namelist())
    assert read_tables(tmp_path) == read_tables(tmp_path / "x.xlsx") == risky


def test_the_same_rules_give_the_same_bytes(tmp_path):
    write_tables(book(), tmp_path / "a.xlsx")
    write_tables(book(), tmp_path / "b.xlsx")

    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_another_verifier_by_route_or_category_is_a_difference():
    old = book()
    cover, route = old.categories["B0101"], old.routes[0]
    new = book(categories={"B0101": replace(cover, verifier="yz.c")}, routes=(replace(route, verifier="yz.r"),))
    found = [(r.table, r.key, r.column, r.old, r.new) for r in diff(old, new)]
    assert found == [("categories", "B0101", "verifier", "", "yz.c"), ("routes", "R1", "verifier", "", "yz.r")]


def test_differences_name_table_row_and_cell_and_can_be_kept_as_files(tmp_path):
    old = book()
    cover = old.categories["B0101"]
    tighter = replace(cover, clocks=(replace(cover.clocks[0], amount=4, unit=Unit.OFFICE_HOUR),))
    new = book(version="2", categories={"B0101": tighter}, routes=(), desks=("yz.a", "yz.b"))
    rows = diff(old, new)

    assert [(r.table, r.key, r.column, r.old, r.new) for r in rows[:-1]] == [
        ("book", "version", "value", "1", "2"),
        ("book", "desks", "value", "yz.zhzx", "yz.a;yz.b"),
        ("clocks", "B0101 handle", "amount", "6", "4"),
        ("clocks", "B0101 handle", "unit", "小时", "工作时"),
    ]
    assert (rows[-1].table, rows[-1].key, rows[-1].column, rows[-1].new) == ("routes", "R1", WHOLE_ROW, "")
    assert "lead=yz.cgj" in rows[-1].old

    write_diff(rows, tmp_path / "d.csv")
    write_diff(rows, tmp_path / "d.xlsx")
    lines = list(csv.reader(io.StringIO((tmp_path / "d.csv").read_text("utf-8-sig"))))
    sheet = python_calamine.CalamineWorkbook.from_path(str(tmp_path / "d.xlsx")).get_sheet_by_index(0).to_python()
    assert len(lines) == len(sheet) == len(rows) + 1
    assert sheet[3][:3] == ["clocks", "B0101 handle", "amount"]
