"""The door for signals: whole or in lines, plain or packed; what cannot be read is told and hurts nothing else."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from django.db import connection

from rest_site import Program, set_up, token

AT = "2025-07-09T08:00:00+08:00"


@pytest.fixture
def gate(clean_db):
    set_up()
    return Program(token("zhou", "signal", role="triage"))


def reading(**more):
    return {"sensor": "gauge-1", "kind": "water_level", "at": AT, "value": 1.5, "unit": "m"} | more


def lines(*rows):
    return b"\n".join(row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows) + b"\n"


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT source, sensor, kind, happened, value, arrived FROM signal ORDER BY id")
        return cursor.fetchall()


def test_signals_come_in_by_one_by_many_in_lines_and_packed(gate):
    before = datetime.now(UTC)
    assert gate.post("/signals", reading(place="500103013", lon=106.57, lat=29.55)).json()["taken"] == 1
    assert gate.post("/signals", [reading(sensor="a"), reading(sensor="b", value=None)]).json()["taken"] == 2
    raw = lines(reading(sensor="c"), reading(sensor="d"))
    told = gate.send("POST", "/signals", raw=raw, content_type="application/x-ndjson").json()
    assert told == {
        "taken": 2, "duplicates": 0, "contradictions": 0, "late": 2, "ahead": 0, "refused": 0, "problems": [],
    }  # fmt: skip
    packed = gzip.compress(lines(*(reading(sensor=f"e{at}") for at in range(5000)), reading(sensor="d")))
    found = gate.send(
        "POST", "/signals", raw=packed, content_type="application/x-ndjson", Content_Encoding="gzip"
    ).json()
    assert (found["taken"], found["duplicates"], found["contradictions"]) == (5000, 1, 0)
    kept = stored()
    assert len(kept) == 5005
    assert kept[0][1:5] == ("gauge-1", "water_level", datetime(2025, 7, 9, tzinfo=UTC), 1.5)
    assert all(before <= row[5] for row in kept)
    assert {row[0] for row in kept} == {"centre/zhou"}


def test_a_line_that_cannot_be_read_is_pointed_at_and_the_rest_is_taken(gate):
    raw = lines(
        reading(),
        b"{oops",
        reading(sensor="person name"),
        reading(value="1.5"),
        reading(at="2025-07-09T08:00:00"),
        reading(colour="red"),
        reading(sensor="z"),
    )
    found = gate.send("POST", "/signals", raw=raw, content_type="application/x-ndjson").json()
    assert (found["taken"], found["refused"]) == (2, 5)
    assert [one["line"] for one in found["problems"]] == [2, 3, 4, 5, 6]
    assert [one["problem"]["code"] for one in found["problems"]] == ["body-malformed", *["invalid"] * 4]
    pointers = [one["problem"]["errors"][0]["pointer"] for one in found["problems"][1:]]
    assert pointers == ["/sensor", "/value", "/at", "/colour"]


def test_a_line_that_is_two_is_none(gate):
    two = lines(reading(sensor="a")).strip() + b"," + lines(reading(sensor="b"))
    found = gate.send("POST", "/signals", raw=two, content_type="application/x-ndjson").json()
    assert (found["taken"], found["refused"], found["problems"][0]["problem"]["code"]) == (0, 1, "body-malformed")
    for unit in ("m\x00", "m\n"):
        assert gate.post("/signals", reading(unit=unit)).json()["refused" if "\n" in unit else "status"] in {1, 422}


def test_hostile_bodies_are_refused(gate):
    bomb = gzip.compress(b" " * 200 * 1024 * 1024, compresslevel=9)
    for raw, headers, code in (
        (bomb, {"Content_Encoding": "gzip"}, "body-too-large"),
        (gzip.compress(lines(reading()))[:-6], {"Content_Encoding": "gzip"}, "body-malformed"),
        (b"no gzip", {"Content_Encoding": "gzip"}, "body-malformed"),
        (lines(reading()), {"Content_Encoding": "br"}, "media-type"),
        (b"x" * 10_000, {}, "body-too-large"),
    ):
        answer = gate.send("POST", "/signals", raw=raw, content_type="application/x-ndjson", **headers)
        assert answer.json()["code"] == code
    assert stored() == []


def test_another_scope_is_not_enough(gate):
    other = Program(token("zhou", "report", role="triage"))
    assert other.post("/signals", reading()).json()["code"] == "scope-missing"
    assert Program().post("/signals", reading()).status_code == 401
    assert gate.get("/cases").status_code == 403
