"""Signals are kept once, never changed, and all that came is accounted for."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, utils

from bihuan.desk import instant
from bihuan.desk.signals import Kept, Signal, counts, keep

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 7, 9, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(instant, "wall", lambda: NOW)


def level(value, *, minutes=0, sensor="gauge-1"):
    return Signal(sensor, "water_level", NOW + timedelta(minutes=minutes), value, "m", "500103013", 106.57, 29.55)


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT source, sensor, happened, arrived, value, unit, place, lon, lat FROM signal ORDER BY id")
        return cursor.fetchall()


def test_a_signal_is_kept_once_and_never_changed():
    assert keep([level(1.5), level(1.5)], source="water/gate") == Kept(taken=1, duplicates=1)
    assert keep([level(1.5)], source="water/gate") == Kept(duplicates=1)
    assert keep([level(1.5)], source="other/gate") == Kept(taken=1)
    assert stored()[0] == ("water/gate", "gauge-1", NOW, NOW, 1.5, "m", "500103013", 106.57, 29.55)
    assert len(stored()) == 2
    with pytest.raises(utils.DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("UPDATE signal SET value = 9")


def test_what_contradicts_is_counted_and_the_first_stays():
    keep([level(1.5), level(None, sensor="gauge-2")], source="water/gate")
    again = keep([level(1.6), level(None, sensor="gauge-2"), level(2.0, minutes=1)], source="water/gate")
    assert again == Kept(taken=1, duplicates=2, contradictions=1)
    assert [row[4] for row in stored()] == [1.5, None, 2.0]


def test_what_becomes_of_signals_is_counted_by_source():
    keep([level(1.0), level(1.1, minutes=-61), level(1.2, minutes=6)], source="water/gate", refused=2)
    keep([level(1.0), level(1.3, minutes=1)], source="water/gate")
    keep([], source="water/gate", refused=1)
    keep([], source="quiet/gate")
    assert counts("water/gate", NOW) == Kept(taken=4, duplicates=1, late=1, ahead=1, refused=3)
    assert counts("water/gate", NOW + timedelta(days=1)) == Kept()
    assert counts("quiet/gate", NOW) == Kept()


def test_ten_thousand_in_one_go():
    many = [level(float(at), sensor=f"gauge-{at}") for at in range(10_000)]
    assert keep(many, source="water/gate") == Kept(taken=10_000)
    assert keep(many, source="water/gate") == Kept(duplicates=10_000)
