"""Numbers of a district as signals: series out of files, cases counted by day, and how long signals are kept."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
import xlsxwriter
from django.db import connection
from typer.testing import CliRunner

import page_district
from bihuan import cli
from bihuan.desk import api as desk
from bihuan.desk import boards, feed, instant, signal_keeping, tidy
from bihuan.sense.counting import Counting
from rest_site import set_up

NOW = datetime(2025, 7, 9, 8, tzinfo=UTC)
ROWS = [
    ["日期", "指标", "数值", "地点"],
    ["2025-07-01", "visitors", "12,300", ""],
    ["2025-07-02", "visitors", "11.5", "500103013"],
    ["2025-7", "visitors", "3", ""],
    ["昨天", "visitors", "3", ""],
    ["2025-07-03", "nobody", "3", ""],
    ["2025-07-03", "visitors", "many", ""],
    ["2025-07-03", "visitors", "1", "解放碑"],
]


@pytest.fixture
def bihuan(clean_db, tmp_path, monkeypatch, settings):
    monkeypatch.setenv("BIHUAN_DATA", str(tmp_path))
    monkeypatch.setattr(instant, "wall", lambda: NOW)
    settings.DATA = tmp_path
    set_up()
    return lambda *arguments: CliRunner().invoke(cli.app, ["signals", *map(str, arguments)])


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT source, sensor, happened, value, unit, place FROM signal ORDER BY happened, value")
        return cursor.fetchall()


def written(path, rows):
    if path.suffix == ".csv":
        path.write_text("\n".join(",".join(f'"{cell}"' for cell in row) for row in rows), encoding="gb18030")
    else:
        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet()
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return path


@pytest.mark.parametrize("name", ["numbers.csv", "numbers.xlsx"])
def test_a_series_comes_out_of_a_file_once_and_wrong_rows_go_back(bihuan, tmp_path, name):
    define = (
        "indicator",
        "define",
        "visitors",
        "--owner",
        "centre",
        "--name",
        "客流",
        "--unit",
        "人次",
        "--place",
        "500103",
    )
    assert bihuan(*define).exit_code == 0
    file, rejects = written(tmp_path / name, ROWS), tmp_path / "rejects.csv"
    trial = json.loads(bihuan("indicator", "import", file, "--dry-run", "--json").stdout)
    assert (trial["rows"], trial["rejected"], stored()) == (7, 5, [])
    told = json.loads(bihuan("indicator", "import", file, "--json", "--rejects", rejects).stdout)
    assert (told["taken"], told["rejected"]) == (2, 5)
    again = json.loads(bihuan("indicator", "import", file, "--json").stdout)
    assert (again["taken"], again["duplicates"]) == (0, 2)
    first = datetime(2025, 6, 30, 16, tzinfo=UTC)
    assert stored() == [
        ("centre/indicators", "visitors@500103", first, 12300.0, "人次", "500103"),
        ("centre/indicators", "visitors@500103013", first + timedelta(days=1), 11.5, "人次", "500103013"),
    ]
    lines = rejects.read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 6
    assert "another period" in lines[1]
    assert bihuan("indicator", "import", written(tmp_path / "x.csv", [["a", "b"], ["1", "2"]])).exit_code == 1
    assert bihuan("indicator", "define", "Bad Key", "--owner", "centre", "--name", "x").exit_code == 1


@pytest.mark.parametrize(
    ("text", "period", "day"),
    [("2025Q2", "quarter", date(2025, 4, 1)),
     ("2025-W28", "week", date(2025, 7, 7)), ("2025", "year", date(2025, 1, 1)),
     ("2025年7月", "month", date(2025, 7, 1)), ("2025-07-01 00:00:00", "month", date(2025, 7, 1))],
)  # fmt: skip
def test_periods_are_read_as_people_write_them(text, period, day):
    from bihuan.adapters.importing.numbers import Rejected, _begin

    assert _begin(text, period) == day
    with pytest.raises(Rejected):
        _begin(text, "day" if period != "month" or "00:00" not in text else "week")


def counted(day, number, sensor="manhole@500103013001"):
    one = desk.signals.Signal(sensor, "cases_city", desk.indicators.begins(day), float(number))
    desk.signals.keep([one], source=desk.indicators.CASES_SOURCE)


def test_cases_of_a_day_are_counted_once_and_sealed_ones_not_at_all(bihuan, monkeypatch):
    monkeypatch.setattr(instant, "wall", lambda: datetime(2025, 7, 7, 4, tzinfo=UTC))
    heard = [desk.Intake("manhole", page_district.PLACE, "portal", {"text": f"{n}"}) for n in range(3)]
    sealed = desk.Intake("manhole", page_district.PLACE, "portal", {"text": "x"}, seal="L2")
    by = desk.reporter(str(page_district.person("resident")))
    assert len(list(desk.report_many([*heard, sealed], by=by, purpose="report"))) == 4
    monkeypatch.setattr(instant, "wall", lambda: NOW)
    feed.settle()
    boards.settle()
    while desk.indicators.count_cases():
        pass
    assert desk.indicators.count_cases() == 0
    counts = desk.indicators.counts(most_days=3)
    assert counts.days == [date(2025, 7, 6), date(2025, 7, 7), date(2025, 7, 8)]
    assert list(counts.series.values()) == [[0, 3, 0]]
    assert {kind for _, kind in counts.series} == {"cases_city"}


def test_more_cases_than_usual_are_found_and_never_fewer_than_five(bihuan):
    begin = date(2025, 6, 20)
    for at in range(14):
        counted(begin + timedelta(days=at), 1 + at % 2)
        counted(begin + timedelta(days=at), at % 2, sensor="rare@500103")
    counted(begin + timedelta(days=14), 12)
    counted(begin + timedelta(days=14), 4, sensor="rare@500103")
    assert Counting().step() == 1
    assert Counting().step() == 0
    (one,) = desk.signals.findings()
    assert (one.sensor, one.detector, one.value) == ("manhole@500103013001", "ears_c2", 12.0)


def test_signals_go_after_their_days_slice_by_slice_with_a_record(bihuan, monkeypatch):
    monkeypatch.setattr(signal_keeping, "SLICE", 2)
    old = [desk.signals.Signal(f"s{at}", "level", NOW, 1.0) for at in range(3)]
    desk.signals.keep([*old, desk.signals.Signal("s", "noise", NOW, 1.0)], source="a/b")
    counted(date(2025, 7, 8), 3)
    assert bihuan("keep", "level", "--days", "10").exit_code == 0
    assert "level  10" in bihuan("keep").stdout
    assert signal_keeping.step() == 0
    monkeypatch.setattr(instant, "wall", lambda: NOW + timedelta(days=11))
    while tidy.step():
        pass
    assert {row[1] for row in stored()} == {"s", "manhole@500103013001"}
    monkeypatch.setattr(instant, "wall", lambda: NOW + timedelta(days=401))
    while signal_keeping.step():
        pass
    assert {row[0] for row in stored()} == {desk.indicators.CASES_SOURCE}
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, number FROM signal_removed ORDER BY kind")
        assert cursor.fetchall() == [("level", 3), ("noise", 1)]
