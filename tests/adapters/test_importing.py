"""Files of other systems: every kind, every encoding, every bad row told, nothing twice, nothing lost."""

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime

import pytest
import xlsxwriter
from django.db import connection

import rooms
from bihuan.adapters.importing import run as running
from bihuan.adapters.importing.mapping import BadValue, Mapping, check, guess, live, past, read_mapping
from bihuan.adapters.importing.run import run
from bihuan.adapters.importing.sources import BadFile, BadRow, look, rows
from bihuan.desk import api, identity
from bihuan.testing import cast

HEADER = ["编号", "登记时间", "结案时间", "类别", "地址"]
ROWS = [[f"K-{n}", "2024-03-04", "2024-03-06" if n % 3 else "", "manhole", f"和平路{n}号"] for n in range(1, 8)]
PAST = Mapping(
    "older",
    {"source_id": "编号", "opened": "登记时间", "closed": "结案时间", "category": "类别", "address": "地址"},
)


@pytest.fixture
def district(clean_db):
    identity.forget_numbers()
    rooms.install()


def csv_text(lines=ROWS, header=HEADER):
    return "\n".join(",".join(row) for row in [header, *lines]) + "\n"


def workbook(lines=ROWS):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([HEADER, *lines]):
            sheet.write_row(number, 0, row)
    return out.getvalue()


FILES = {
    "a.csv": csv_text().encode(),
    "bom.csv": b"\xef\xbb\xbf" + csv_text().encode(),
    "gbk.csv": csv_text().encode("gbk"),
    "utf16.csv": csv_text().encode("utf-16"),
    "tab.tsv": csv_text().replace(",", "\t").encode(),
    "packed.csv.gz": gzip.compress(csv_text().encode()),
    "a.jsonl": "\n".join(json.dumps(dict(zip(HEADER, row, strict=True)), ensure_ascii=False) for row in ROWS).encode(),
    "packed.jsonl.gz": gzip.compress(
        "\n".join(json.dumps(dict(zip(HEADER, row, strict=True))) for row in ROWS).encode()
    ),
    "a.xlsx": workbook(),
}


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT source_id FROM imported ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def write(folder, name, content):
    (folder / name).write_bytes(content)
    return look(folder / name)


@pytest.mark.parametrize("name", FILES)
def test_every_kind_and_encoding_gives_the_same_rows(tmp_path, name):
    found = list(rows(write(tmp_path, name, FILES[name])))
    assert found == [dict(zip(HEADER, row, strict=True)) for row in ROWS]


def test_history_comes_in_as_history_and_starts_nothing(district, tmp_path):
    report = run(write(tmp_path, "a.csv", FILES["a.csv"]), PAST, "city", tmp_path / "r.csv")
    assert (report.taken, report.refused, report.repeated) == (7, 0, 0)
    assert report.stages == {"accepted": 2, "closed": 5}
    assert report.rejects == ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM case_row WHERE next_due IS NOT NULL")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT string_agg(body, '') FROM event")
        bodies = cursor.fetchone()[0]
    assert "和平路" not in bodies
    assert '"days_only":true' in bodies
    assert api.audit().problems == []


def test_reports_go_through_all_rules_and_their_words_into_the_vault(district, tmp_path):
    mapping = Mapping("letters", {"source_id": "编号", "text": "地址", "category": "类别"}, way="report")
    report = run(write(tmp_path, "a.csv", FILES["a.csv"]), mapping, "city", tmp_path / "r.csv")
    assert (report.taken, report.stages) == (7, {"registered": 7})
    page = api.list_cases(rooms.actor(cast.ZHOU), api.Filters())
    view = api.read_case(rooms.actor(cast.ZHOU), page.lines[0].id, purpose="x")
    assert any("和平路" in text.text for text in view.texts.values())
    assert [clock.key for clock in view.state.clocks if clock.is_running] == ["accept"]


def test_the_same_file_again_changes_nothing_and_a_repeated_id_is_told(district, tmp_path):
    source = write(tmp_path, "a.csv", csv_text([*ROWS, ROWS[0]]).encode())
    first = run(source, PAST, "city", tmp_path / "r.csv")
    assert (first.taken, first.repeated, first.reasons["repeated"]) == (7, 1, 1)
    rejected = (tmp_path / "r.csv").read_text("utf-8-sig")
    assert rejected.splitlines()[1].startswith("8,")
    assert "K-1" in rejected
    again = run(source, PAST, "city", tmp_path / "r.csv")
    assert (again.earlier, again.rows, again.taken) == (8, 0, 0)
    other = write(tmp_path, "b.csv", csv_text(ROWS[:2]).encode())
    assert run(other, PAST, "city", tmp_path / "r2.csv").repeated == 2
    assert len(stored()) == 7


BAD = {
    "K-1,not a day,,manhole,x": "opened",
    ",2024-03-04,,manhole,x": "source_id",
    "K-2,2024-03-04,2024-03-01,manhole,x": "import-times",
    "K-3,2024-03-04,,no-such,x": "unknown-category",
    "K-4,2024-03-04,,manhole": "unreadable",
    "K-5,2024-03-04,,manhole,x,y": "unreadable",
    "K-6,1024-03-04,,manhole,x": "opened",
    "K-7,2024-03-04,,man\0hole,x": "unreadable",
}


def test_each_bad_row_is_told_with_its_number_and_reason_and_the_others_stand(district, tmp_path):
    text = "\n".join([",".join(HEADER), *BAD, ",".join(ROWS[6])]) + "\n"
    report = run(write(tmp_path, "a.csv", text.encode()), PAST, "city", tmp_path / "r.csv")
    assert (report.taken, report.refused) == (1, len(BAD))
    told = [line.split(",")[0] for line in (tmp_path / "r.csv").read_text("utf-8-sig").splitlines()[1:]]
    assert sorted(map(int, told)) == list(range(1, len(BAD) + 1))
    assert set(report.reasons) == set(BAD.values())


def test_a_formula_in_a_refused_row_stays_a_text(district, tmp_path):
    text = "=cmd,登记时间,编号\nx,nonsense,K-1\n"
    mapping = Mapping("older", {"source_id": "编号", "opened": "登记时间"})
    run(write(tmp_path, "a.csv", text.encode()), mapping, "city", tmp_path / "r.csv")
    assert "'=cmd" in (tmp_path / "r.csv").read_text("utf-8-sig")


# -- hostile files ------------------------------------------------------------------------------------------------


def bomb():
    return gzip.compress(b"a,b\n" + b"0," * (40 << 20))


def zip_bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * (300 << 20))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.csv.gz", bomb), ("bomb.xlsx", zip_bomb), ("cut.csv.gz", lambda: FILES["packed.csv.gz"][:40]),
        ("no.xlsx", lambda: b"PK\x03\x04 nonsense"), ("bad.csv", lambda: b"a,b\n\xff\xff\xff\xfe\x81\n"),
        ("what.pdf", lambda: b"%PDF"), ("empty.csv", lambda: b"\n"), ("twice.csv", lambda: b"a,a\n1,2\n"),
        ("wide.csv", lambda: b",".join(b"c%d" % n for n in range(300)) + b"\n"),
    ],
)  # fmt: skip
def test_a_hopeless_file_is_refused_in_words(tmp_path, name, content):
    with pytest.raises(BadFile) as refused:
        list(rows(write(tmp_path, name, content())))
    assert "/" in str(refused.value) or "." in str(refused.value)


@pytest.mark.parametrize("text", ['a,b\n1,"never closed\n' + "x" * 2_000_000, "a,b\n1," + "y" * 1_200_000 + "\n"])
def test_a_cell_without_end_is_not_swallowed(tmp_path, text):
    found = list(rows(write(tmp_path, "a.csv", text.encode())))
    assert isinstance(found[-1], BadRow)
    assert len(found) == 1


def test_lines_that_are_no_flat_objects_are_told(tmp_path):
    text = '{"a": 1}\n[1]\n{"a": {"b": 1}}\noops\n\n{"a": null}\n'
    found = list(rows(write(tmp_path, "a.jsonl", text.encode())))
    assert [isinstance(row, BadRow) for row in found] == [False, True, True, True, False]


# -- what the columns mean ----------------------------------------------------------------------------------------


def test_columns_are_guessed_from_their_names():
    found = guess(["Service Request Number", "Creation_Date", "Completion_Date", "Latitude"], "x")
    assert (found.way, found.columns["closed"], found.columns["lat"]) == ("history", "Completion_Date", "Latitude")
    assert guess(["留言编号", "留言详情"], "x").way == "report"
    with pytest.raises(BadFile):
        guess(["colour"], "x")
    with pytest.raises(BadFile, match="Creation_Date"):
        check(found, ["Service Request Number"])


@pytest.mark.parametrize(
    "text", ["", "source = 'x'", "source = 'x'\n[columns]\nsource_id='a'\ncolour='b'", "oops", "source='x'\nfoo=1"]
)
def test_a_mapping_with_a_mistake_is_refused(tmp_path, text):
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(BadFile):
        read_mapping(tmp_path / "m.toml")


def test_times_zones_words_and_degrees():
    mapping = Mapping(
        "x", {"source_id": "id", "opened": "at", "category": "kind", "lon": "lon", "text": "text"},
        values={"category": {"Graffiti": "S0201"}}, other={"category": "S0102"}, zone="America/New_York",
        time_format="%m/%d/%Y %I:%M:%S %p",
    )  # fmt: skip
    row = {"id": "1", "at": "04/12/2018 11:11:26 AM", "kind": "Graffiti", "lon": "0.0", "text": "t"}
    made = past(mapping, row)
    assert (made.opened, made.category, made.lon) == (datetime(2018, 4, 12, 15, 11, 26, tzinfo=UTC), "S0201", None)
    assert not made.days_only
    assert past(mapping, row | {"kind": "Other"}).category == "S0102"
    for wrong in ({"lon": "999"}, {"lon": "east"}, {"at": ""}, {"id": "x" * 200}):
        with pytest.raises(BadValue):
            past(mapping, row | wrong)


def test_keywords_choose_a_category_and_leave_the_rest_to_the_desk():
    mapping = Mapping(
        "x", {"source_id": "id", "text": "t"}, way="report", keywords={"S0102": ["垃圾"], "B0115": ["路灯"]}
    )
    found = [
        live(mapping, {"id": "1", "t": text}, "city").intake.category for text in ("路灯坏了", "垃圾没人收", "别的")
    ]
    assert found == ["B0115", "S0102", ""]


# -- cut off ------------------------------------------------------------------------------------------------------


def test_an_import_that_breaks_goes_on_where_it_was(district, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "SLICE", 2)
    source = write(tmp_path, "a.csv", FILES["a.csv"])
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
    assert len(stored()) == 4
    again = run(source, PAST, "city", tmp_path / "r.csv")
    assert (again.earlier, again.taken) == (4, 3)
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
print("ready", flush=True)
running.run(look(Path(sys.argv[1])), Mapping("older", columns), "city", Path(sys.argv[2]))
"""


def test_killed_again_and_again_it_takes_every_row_once(district, tmp_path):
    many = [[f"K-{n}", "2024-03-04", "2024-03-05", "manhole", "x"] for n in range(3000)]
    file = tmp_path / "many.csv"
    file.write_text(csv_text(many), encoding="utf-8")
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", KILLED, str(file), str(tmp_path / "r.csv")],
            stdout=subprocess.PIPE, env=os.environ,
        )  # fmt: skip
        child.stdout.readline()
        time.sleep(0.25)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
    run(look(file), PAST, "city", tmp_path / "r.csv")
    assert sorted(stored()) == sorted(row[0] for row in many)
    assert api.audit().problems == []


def test_hindsight_says_how_it_would_have_fared_and_stores_nothing(district, tmp_path):
    lines = [["a", "2024-03-04", "2024-03-05", "manhole", "x"], ["b", "2024-03-04", "2024-06-05", "manhole", "x"]]
    report = run(write(tmp_path, "a.csv", csv_text(lines).encode()), PAST, "city", tmp_path / "r.csv")
    assert report.on_time == {"closed": 2, "in_time": 1, "rate": 0.5, "there": {"closed": 0, "in_time": 0}}
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT kind FROM event")
        assert {kind for (kind,) in cursor.fetchall()} == {"ImportedCase", "Noted"}
