"""Registers: what exists, kept by its unit, every change of it recorded, nothing about people."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import ProgrammingError, connection

import rooms
from bihuan.desk import instant, registers
from bihuan.desk.hours import BadHours, in_english, read_hours
from bihuan.desk.registers import Entry
from bihuan.kernel.refused import Refused
from bihuan.testing import cast

STATION = Entry(
    "riders", "station", "s-1", "示范驿站", cast.STREET, place="500103014001", facts={"hours": "每天 08:00-22:00"}
)


@pytest.fixture
def street(clean_db):
    return rooms.actor(cast.SHEN)


def changed(entry, **values):
    from dataclasses import replace

    return replace(entry, **values)


def test_what_is_entered_is_found_again_and_every_change_is_on_record(street):
    made = registers.put(STATION, by=street)
    registers.put(STATION, by=street)
    registers.put(changed(STATION, name="示范驿站(新)"), by=street)
    registers.verify("riders", "station", "s-1", by=street)
    found = registers.find("riders", "station", "s-1")
    assert (found.name, found.version, found.id) == ("示范驿站(新)", 3, made.id)
    assert [(version, unit, what) for version, _, unit, what in registers.changes(made.id)] == [
        (1, cast.STREET, "entered"),
        (2, cast.STREET, "changed"),
        (3, cast.STREET, "verified"),
    ]


def test_what_has_ended_is_out_of_the_lists_and_not_out_of_the_record(street):
    made = registers.put(STATION, by=street)
    registers.end("riders", "station", "s-1", by=street)
    assert registers.entries("riders", "station") == []
    assert len(registers.entries("riders", "station", with_ended=True)) == 1
    assert registers.changes(made.id)[-1][3] == "ended"
    with pytest.raises(LookupError):
        registers.verify("riders", "station", "s-1", by=street)


@pytest.mark.parametrize(("by", "code"), [(cast.WEI, "register-not-yours"), (cast.LIN, "register-not-yours")])
def test_only_the_unit_that_keeps_it_changes_it(street, by, code):
    registers.put(STATION, by=street)
    for step in (
        lambda who: registers.put(changed(STATION, name="别的"), by=who),
        lambda who: registers.put(changed(STATION, unit=cast.CHENGGUAN, name="别的"), by=who),
        lambda who: registers.verify("riders", "station", "s-1", by=who),
        lambda who: registers.end("riders", "station", "s-1", by=who),
    ):
        with pytest.raises(Refused, match=code):
            step(rooms.actor(by))
    assert registers.find("riders", "station", "s-1").name == STATION.name


@pytest.mark.parametrize(
    "wrong",
    [
        {"facts": {"rider": "某人"}},
        {"facts": {"Plate": "渝A"}},
        {"facts": {"hours": "随时"}},
        {"key": " "},
        {"name": ""},
    ],
)
def test_nothing_about_people_and_nothing_unreadable_is_entered(street, wrong):
    with pytest.raises(Refused, match="register-facts"):
        registers.put(changed(STATION, **wrong), by=street)
    assert registers.entries("riders", "station") == []


def test_after_thirty_days_without_a_look_it_is_stale(street):
    made = registers.put(STATION, by=street)
    now = instant.wall()
    assert not made.is_stale(now + timedelta(days=29))
    assert made.is_stale(now + timedelta(days=31))


def test_the_record_of_changes_cannot_be_changed(street):
    registers.put(STATION, by=street)
    for statement in (
        "UPDATE register_change SET unit = 'x'",
        "DELETE FROM register_change",
        "DELETE FROM register_row",
    ):
        with pytest.raises(ProgrammingError) as refusal, connection.cursor() as cursor:
            cursor.execute(statement)
        assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_entries_come_by_place(street):
    for number, place in enumerate(("500103014001", "500103014002", "500103001001")):
        registers.put(changed(STATION, key=f"s-{number}", place=place), by=street)
    assert len(registers.entries("riders", "station", place="500103014")) == 2
    assert registers.entries("forms", "station") == []


MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "day", "at", "is_open"),
    [
        ("每天 08:00-22:00", 0, "08:00", True), ("每天 08:00-22:00", 6, "22:00", False),
        ("08:00-12:00 14:00-18:00", 2, "13:00", False), ("08:00-12:00 14:00-18:00", 2, "14:00", True),
        ("一至五 09:00-18:00；六日 10:00-16:00", 5, "09:30", False),
        ("一至五 09:00-18:00；六日 10:00-16:00", 5, "10:00", True),
        ("Mo-Fr 09:00-18:00", 4, "17:59", True), ("Mo-Fr 09:00-18:00", 5, "12:00", False),
        ("周五至周一 20:00-02:00", 1, "01:00", True), ("周五至周一 20:00-02:00", 1, "20:30", False),
        ("周日 20:00-02:00", 0, "01:59", True), ("每天 00:00-24:00", 3, "23:59", True),
    ],
)  # fmt: skip
def test_hours_are_read_as_people_write_them(text, day, at, is_open):
    hour, minute = map(int, at.split(":"))
    assert read_hours(text).is_open(MONDAY + timedelta(days=day, hours=hour, minutes=minute)) is is_open


@pytest.mark.parametrize(
    "text", ["", "随时", "每天", "每天 25:00-26:00", "八 08:00-09:00", "每天 08:61-09:00", "每天 8-9"]
)
def test_hours_that_cannot_be_read_say_where(text):
    with pytest.raises(BadHours):
        read_hours(text)


def test_an_entry_is_open_on_the_clock_of_the_district():
    assert STATION.is_open(datetime(2026, 3, 2, 0, 30, tzinfo=UTC))  # half past eight here
    assert not STATION.is_open(datetime(2026, 3, 2, 15, tzinfo=UTC))
    assert changed(STATION, facts={}).is_open(datetime(2026, 3, 2, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("text", "english"),
    [("每天 08:00-22:00", "daily 08:00-22:00"), ("周五至周一 20:00-02:00", "Fri–Mon 20:00-02:00"),
     ("一至五 09:00-18:00；六日 10:00-16:00", "Mon–Fri 09:00-18:00; Sat, Sun 10:00-16:00")],
)  # fmt: skip
def test_hours_are_shown_in_english_too(text, english):
    assert in_english(text) == english
