"""What comes in from elsewhere: history as history, reports as reports, nothing twice, nothing lost."""

import csv
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from django.db import connection

import rooms
from adapters.samples import FILES, HEADER, ROWS, csv_text, write
from bihuan.adapters.importing import run as running
from bihuan.adapters.importing.mapping import Mapping
from bihuan.adapters.importing.rows import BadFile
from bihuan.adapters.importing.run import run
from bihuan.adapters.importing.sources import look
from bihuan.adapters.importing.words import REASONS
from bihuan.desk import api, identity
from bihuan.kernel import commands as c
from bihuan.testing import books, cast

PAST = Mapping(
    "older",
    {"source_id": "编号", "opened": "登记时间", "closed": "结案时间", "category": "类别", "address": "地址"},
)
LETTERS = Mapping("letters", {"source_id": "编号", "text": "地址", "category": "类别"}, way="report")


@pytest.fixture
def district(clean_db):
    identity.forget_numbers()
    rooms.install()


def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def stored():
    return [row[0] for row in ask("SELECT source_id FROM imported ORDER BY id")]


def told(path):
    """The rows of the file of rejects: number, line, column, code."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            (int(row["reject_row"]), int(row["reject_line"]), row["reject_column"], row["reject_code"])
            for row in csv.DictReader(file)
        ]


# -- history ------------------------------------------------------------------------------------------------------


def test_history_comes_in_as_history_and_starts_nothing(district, tmp_path):
    report = run(write(tmp_path, "a.csv", FILES["a.csv"]), PAST, "city", tmp_path / "r.csv")
    assert (report.taken, report.refused, report.repeated) == (7, 0, 0)
    assert report.stages == {"accepted": 2, "closed": 5}
    assert report.rejects == ""
    assert not (tmp_path / "r.csv").exists()
    assert ask("SELECT count(*) FROM outbox") == [(0,)]
    assert ask("SELECT count(*) FROM case_row WHERE next_due IS NOT NULL") == [(0,)]
    bodies = ask("SELECT string_agg(body, '') FROM event")[0][0]
    assert "和平路" not in bodies
    assert '"days_only":true' in bodies
    assert api.audit().problems == []


def test_what_is_still_open_there_can_be_taken_up_here(district, tmp_path):
    lines = [["K-1", "2024-03-04", "", "manhole", "x"]]
    run(write(tmp_path, "a.csv", csv_text(lines).encode()), PAST, "city", tmp_path / "r.csv")
    [(case,)] = ask("SELECT case_id FROM imported")
    rooms.act(case, c.Dispatch(), cast.ZHOU)
    report = run(look(tmp_path / "a.csv"), PAST, "city", tmp_path / "r.csv")
    assert report.stages == {"dispatched": 1}
    assert ask("SELECT count(*) FROM case_row WHERE next_due IS NOT NULL") == [(1,)]
    assert api.audit().problems == []


def test_hindsight_says_how_it_would_have_fared_and_stores_nothing(district, tmp_path):
    lines = [
        ["in time", "2024-03-04", "2024-03-05", "manhole", "x"],
        ["on the last day", "2024-03-04", "2024-03-07", "manhole", "x"],  # three working days: a Thursday
        ["a day too late", "2024-03-04", "2024-03-08", "manhole", "x"],
        ["over a weekend", "2024-03-08", "2024-03-13", "manhole", "x"],
        ["still open", "2024-03-04", "", "manhole", "x"],
    ]
    report = run(write(tmp_path, "a.csv", csv_text(lines).encode()), PAST, "city", tmp_path / "r.csv")
    there = {"closed": 0, "in_time": 0}
    assert report.on_time == {"closed": 4, "in_time": 3, "rate": 0.75, "without": 0, "there": there}
    assert ask("SELECT DISTINCT kind FROM event ORDER BY 1") == [("ImportedCase",), ("Noted",)]


def test_the_due_day_of_the_source_itself_counts_to_its_end(district, tmp_path):
    header = ["编号", "登记时间", "结案时间", "期限"]
    lines = [
        ["1", "2024-03-04 10:00", "2024-03-06 17:00", "2024-03-06"],
        ["2", "2024-03-04", "2024-03-07", "2024-03-06"],
    ]
    mapping = Mapping("older", {"source_id": "编号", "opened": "登记时间", "closed": "结案时间", "due": "期限"})
    report = run(write(tmp_path, "a.csv", csv_text(lines, header).encode()), mapping, "city", tmp_path / "r.csv")
    assert report.on_time["there"] == {"closed": 2, "in_time": 1}


# -- reports ------------------------------------------------------------------------------------------------------


def test_reports_go_through_all_rules_and_their_words_into_the_vault(district, tmp_path):
    mapping = replace(LETTERS, columns={**LETTERS.columns, "opened": "登记时间"})
    report = run(write(tmp_path, "a.csv", FILES["a.csv"]), mapping, "city", tmp_path / "r.csv")
    assert (report.taken, report.stages, report.on_time) == (7, {"registered": 7}, {})
    page = api.list_cases(rooms.actor(cast.ZHOU), api.Filters())
    view = api.read_case(rooms.actor(cast.ZHOU), page.lines[0].id, purpose="x")
    texts = {text.kind: text.text for text in view.texts.values()}
    assert texts["text"].startswith("和平路")
    assert texts["origin"].endswith(" · 2024-03-04")
    assert [clock.key for clock in view.state.clocks if clock.is_running] == ["accept"]
    assert "和平路" not in ask("SELECT string_agg(body, '') FROM event")[0][0]


def test_what_becomes_of_reports_is_counted(district, tmp_path):
    lines = [["1", "", "", "", "x"], ["2", "", "", "manhole", "y"]]
    run(write(tmp_path, "a.csv", csv_text(lines).encode()), LETTERS, "city", tmp_path / "r.csv")
    [(case,)] = ask("SELECT case_id FROM imported WHERE source_id = '2'")
    rooms.act(case, c.Accept(), cast.ZHOU)
    rooms.act(case, c.Dispatch(), cast.ZHOU)
    rooms.act(case, c.ReturnTask(1, "不归我们 not ours", "三定方案"), cast.WEI)
    [ask_return] = api.read_case(rooms.actor(cast.ZHOU), case, purpose="x").state.requests
    rooms.act(case, c.Grant(ask_return.id), cast.ZHOU)
    report = run(look(tmp_path / "a.csv"), LETTERS, "city", tmp_path / "r.csv")
    assert (report.to_triage, report.returned, report.reopened) == (1, 1, 0)


def test_the_unit_that_brings_reports_in_must_exist(district, tmp_path):
    source = write(tmp_path, "a.csv", FILES["a.csv"])
    with pytest.raises(BadFile, match="nowhere"):
        run(source, replace(LETTERS, unit="yz.nowhere"), "city", tmp_path / "r.csv")


# -- what is not taken --------------------------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing_and_a_repeated_id_is_told(district, tmp_path):
    source = write(tmp_path, "a.csv", csv_text([*ROWS, ROWS[0]]).encode())
    first = run(source, PAST, "city", tmp_path / "r.csv")
    assert (first.taken, first.repeated, first.reasons) == (7, 1, {"repeated": 1})
    assert told(tmp_path / "r.csv") == [(8, 9, "编号", "repeated")]
    (tmp_path / "r.csv").unlink()
    again = run(source, PAST, "city", tmp_path / "r.csv")
    assert (again.earlier, again.rows, again.taken, again.repeated) == (8, 8, 7, 1)
    assert told(tmp_path / "r.csv") == [(8, 9, "编号", "repeated")]
    other = write(tmp_path, "b.csv", csv_text(ROWS[:2]).encode())
    assert run(other, PAST, "city", tmp_path / "r2.csv").repeated == 2
    assert len(stored()) == 7
    elsewhere = run(other, replace(PAST, source="another"), "city", tmp_path / "r3.csv")
    assert (elsewhere.taken, elsewhere.repeated) == (2, 0)


BAD = {
    "K-1,not a day,,manhole,x": ("登记时间", "no-time"),
    ",2024-03-04,,manhole,x": ("编号", "missing"),
    "K-2,2024-03-04,2024-03-01,manhole,x": ("结案时间", "import-times"),
    "K-3,2024-03-04,,no-such,x": ("类别", "unknown-category"),
    "K-4,2024-03-04,,manhole": ("", "ragged"),
    "K-5,2024-03-04,,manhole,x,y": ("", "ragged"),
    "K-6,1024-03-04,,manhole,x": ("登记时间", "unlikely-year"),
    "K-7,2024-03-04,,man\0hole,x": ("", "nul"),
    'K-8,2024-03-04,,"manhole,x': ("", "quotes"),
}


def test_each_bad_row_is_told_with_its_number_column_and_reason_and_the_others_stand(district, tmp_path):
    text = "\n".join([",".join(HEADER), *BAD, ",".join(ROWS[6])]) + "\n"
    report = run(write(tmp_path, "a.csv", text.encode()), PAST, "city", tmp_path / "r.csv")
    assert (report.rows, report.taken, report.refused) == (len(BAD) + 1, 1, len(BAD))
    assert told(tmp_path / "r.csv") == [(n, n + 1, *BAD[line]) for n, line in enumerate(BAD, 1)]
    assert report.reasons == {**dict.fromkeys([code for _, code in BAD.values()], 1), "ragged": 2}
    said = (tmp_path / "r.csv").read_text("utf-8-sig")
    assert "no-such" in said
    assert "没有这个类别" in said
    assert "{" not in said
    assert stat.S_IMODE((tmp_path / "r.csv").stat().st_mode) == 0o600


def test_what_the_tables_or_the_history_cannot_hold_is_told_and_stops_nothing(district, tmp_path):
    header = ["编号", "登记时间", "地点", "单位", "结果"]
    lines = [
        ["1", "2024-03-04", "渝中区人民政府门口的那条街", "", ""],
        ["2", "2024-03-04", "", "no.such.unit", ""],
        ["3", "2024-03-04", "", "", "He told us all about his illness"],
        ["4", "2024-03-04", "500103010", "", "duplicate"],
    ]
    mapping = Mapping(
        "older", {"source_id": "编号", "opened": "登记时间", "place": "地点", "unit": "单位", "outcome": "结果"}
    )
    report = run(write(tmp_path, "a.csv", csv_text(lines, header).encode()), mapping, "city", tmp_path / "r.csv")
    assert [row[3] for row in told(tmp_path / "r.csv")] == ["no-place-code", "unknown-unit", "no-code"]
    assert (report.taken, report.outcomes) == (1, {"duplicate": 1})
    assert "illness" not in ask("SELECT string_agg(body, '') FROM event")[0][0]


def test_no_value_of_a_refused_row_stays_in_the_database(district, tmp_path):
    lines = [["K-1", "王某某的生日", "", "manhole", "x"], ["K-2", "2024-03-04", "", "他的身份证号", "x"]]
    run(write(tmp_path, "a.csv", csv_text(lines).encode()), PAST, "city", tmp_path / "r.csv")
    kept = str(ask("SELECT * FROM import_rejected"))
    assert ("no-time" in kept, "unknown-category" in kept) == (True, True)
    assert ("王某某" in kept, "身份证" in kept) == (False, False)


def test_put_right_in_the_file_of_rejects_a_row_comes_in(district, tmp_path):
    text = csv_text([["K-1", "soon", "", "manhole", "-1 层"], ["K-2", "2024-03-04", "", "manhole", "=1+1"]])
    run(write(tmp_path, "a.csv", text.encode()), PAST, "city", tmp_path / "r.csv")
    said = (tmp_path / "r.csv").read_text("utf-8-sig")
    assert "'-1 层" in said  # a spreadsheet takes no cell of it for a formula
    (tmp_path / "right.csv").write_text(said.replace("soon", "2024-03-04"), "utf-8")
    report = run(look(tmp_path / "right.csv"), PAST, "city", tmp_path / "r2.csv")
    assert (report.taken, stored()) == (1, ["K-2", "K-1"])


def test_what_was_refused_is_tried_again_when_the_file_comes_again(district, tmp_path):
    lines = [*ROWS[:3], ["K-new", "2024-03-04", "", "lamp", "x"], ["K-bad", "2024-03-04", "", "none", "x"], ROWS[0]]
    source = write(tmp_path, "a.csv", csv_text(lines).encode())
    assert run(source, PAST, "city", tmp_path / "r.csv").refused == 2
    book = books.city()
    lamp = replace(book.categories["manhole"], code="lamp", name="路灯")
    rooms.install(replace(book, version="city-2025b", categories={**book.categories, "lamp": lamp}))
    again = run(source, PAST, "city", tmp_path / "r.csv")
    assert (again.rows, again.taken, again.refused, again.repeated) == (6, 4, 1, 1)
    assert stored() == ["K-1", "K-2", "K-3", "K-new"]
    assert [row[0] for row in told(tmp_path / "r.csv")] == [5, 6]


def test_another_mapping_of_the_same_file_is_another_import(district, tmp_path):
    source = write(tmp_path, "a.csv", FILES["a.csv"])
    wrong = replace(PAST, columns={**PAST.columns, "opened": "地址"})
    assert run(source, wrong, "city", tmp_path / "r.csv").refused == 7
    right = run(source, PAST, "city", tmp_path / "r.csv")
    assert (right.earlier, right.taken, right.rejects) == (0, 7, "")
    assert not (tmp_path / "r.csv").exists()  # it told of the other mapping


def test_a_file_in_the_place_of_the_rejects_that_is_not_ours_is_left(district, tmp_path):
    (tmp_path / "r.csv").write_text("mine")
    run(write(tmp_path, "a.csv", FILES["a.csv"]), PAST, "city", tmp_path / "r.csv")
    assert (tmp_path / "r.csv").read_text() == "mine"


def test_every_reason_has_words_in_both_languages():
    assert all(len(words) == 2 and all(words) for words in REASONS.values())


# -- cut off ------------------------------------------------------------------------------------------------------


def test_an_import_that_breaks_goes_on_where_it_was(district, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "SLICE", 2)
    source = write(tmp_path, "a.csv", csv_text([ROWS[0], ["", "", "", "", "x"], *ROWS[1:]]).encode())
    taken = api.imports.take
    calls = []

    def breaks(*given, **more):
        calls.append(1)
        if len(calls) == 3:
            raise OSError("the cable")
        return taken(*given, **more)

    monkeypatch.setattr(api.imports, "take", breaks)
    with pytest.raises(OSError, match="cable"):
        run(source, PAST, "city", tmp_path / "r.csv")
    assert len(stored()) == 3
    again = run(source, PAST, "city", tmp_path / "r.csv")
    assert (again.earlier, again.taken, again.refused) == (4, 7, 1)
    assert told(tmp_path / "r.csv") == [(2, 3, "登记时间", "missing")]
    assert stored() == [row[0] for row in ROWS]


KILLED = """
import sys
from pathlib import Path
import django
django.setup()
from bihuan.adapters.importing import run as running
from bihuan.adapters.importing.mapping import Mapping
from bihuan.adapters.importing.sources import look
running.SLICE = 50
columns = {"source_id": "编号", "opened": "登记时间", "closed": "结案时间", "category": "类别", "address": "地址"}
running.run(look(Path(sys.argv[1])), Mapping("older", columns), "city", Path(sys.argv[2]))
"""


def rows_dealt_with():
    return (ask("SELECT rows FROM import_run") or [(0,)])[0][0]


def test_killed_again_and_again_it_takes_every_row_once_and_forgets_no_reason(district, tmp_path):
    many = [[f"K-{n}", "2024-03-04" if n % 100 else "soon", "", "manhole", "x"] for n in range(6000)]
    file = tmp_path / "many.csv"
    file.write_text(csv_text(many), encoding="utf-8")
    for _ in range(3):
        before = rows_dealt_with()
        child = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", KILLED, str(file), str(tmp_path / "r.csv")], env=os.environ
        )
        until = time.monotonic() + 60
        while rows_dealt_with() == before and time.monotonic() < until:
            time.sleep(0.005)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert before < rows_dealt_with() < len(many), "the kill must fall into the import"
    report = run(look(file), PAST, "city", tmp_path / "r.csv")
    assert 0 < report.earlier < len(many)
    assert (report.taken, report.refused) == (5940, 60)
    assert sorted(stored()) == sorted(row[0] for row in many if row[1] != "soon")
    assert [row[0] for row in told(tmp_path / "r.csv")] == list(range(1, 6000, 100))
    assert api.audit().problems == []


def test_of_two_imports_of_one_file_at_the_same_time_one_gives_way(district, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "SLICE", 50)
    many = [[f"K-{n}", "2024-03-04", "", "manhole", "x"] for n in range(2000)]
    source = write(tmp_path, "a.csv", csv_text(many).encode())
    said = []

    def take(name):
        try:
            said.append(run(source, PAST, "city", tmp_path / name).repeated)
        except BadFile as why:
            said.append(str(why))
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(name,)) for name in ("r1.csv", "r2.csv")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stored()) == 2000
    assert ask("SELECT count(*) FROM import_rejected") == [(0,)]
    assert 0 in said
    assert any("elsewhere" in str(one) for one in said)
