"""Every copy of personal data is written down; and no table can rate, trace or recognise a person (law 9)."""

import re

import pytest
from django.apps import apps
from django.db import connection, models

from bihuan.desk import copies

HOLDS_TEXT = (models.CharField, models.TextField, models.JSONField, models.BinaryField, models.GenericIPAddressField)
DATABASE_TEXT = ("character varying", "text", "jsonb", "json", "bytea", "inet", "character")
DATABASE_POINTS = ("double precision", "real", "numeric", "point")  # an exact point is a home
IGNORED = {"django_migrations"}

# Tables whose rows are about a person, or name one.
ABOUT_PEOPLE = {"person", "post", "auth_user", "token", "access_log", "break_glass", "vault_key", "receipt"}
RATES = re.compile(
    r"score|rank|rating|grade|points|level|colou?r|risk|credit|stars|tag|label|flag|watch|black|attend|online|visits",
    re.IGNORECASE,
)
TRACES = re.compile(
    r"\blon\b|\blat\b|geo|gps|track|trail|position|location|face|finger|iris|gait|voice|biometric|id_?card|birth",
    re.IGNORECASE,
)
# A number in a table about people must be one of these: an id, a world, a moment's bookkeeping.
NUMBERS = {"id", "world_id", "post_id", "user_id"}


def declared() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for copy in copies.COPIES:
        found.setdefault(copy.table, set()).update(copy.columns)
    for table, columns in copies.PLAIN.items():
        found.setdefault(table, set()).update(columns)
    return found


def columns_in_database() -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' ORDER BY 1, 2"
        )
        return [row for row in cursor.fetchall() if row[0] not in IGNORED]


def test_every_column_of_text_or_points_says_whether_it_holds_people(clean_db):
    known = declared()
    missing = [
        f"{table}.{column}"
        for table, column, kind in columns_in_database()
        if kind in DATABASE_TEXT + DATABASE_POINTS and not {column, "*"} & known.get(table, set())
    ]
    assert not missing, (
        f"Add to desk/copies.py, in COPIES (what, how long, how an erasure reaches it) or in PLAIN: {missing}"
    )


def test_nothing_is_declared_that_is_not_there_or_twice(clean_db):
    real = {(table, column) for table, column, _ in columns_in_database()}
    tables = {table for table, _ in real}
    for table, columns in declared().items():
        assert table in tables, f"{table} is in desk/copies.py and not in the database"
        assert not [c for c in columns if c != "*" and (table, c) not in real]
    for copy in copies.COPIES:
        twice = set(copy.columns) & set(copies.PLAIN.get(copy.table, ()))
        assert not twice, f"{copy.table}: {twice} is both a copy and plain"


@pytest.mark.parametrize("copy", [*copies.COPIES, *copies.OUTSIDE], ids=lambda copy: copy.table)
def test_every_copy_says_what_how_long_and_how_it_is_reached(copy):
    assert all((copy.what, copy.keeps, copy.reach, copy.columns))


def test_what_an_erasure_runs_does_run(clean_db):
    from uuid import uuid4

    with connection.cursor() as cursor:
        assert copies.empty(cursor, [uuid4()]) == 0


def test_models_and_database_tell_the_same(clean_db):
    """A model that was given a column in Python alone would slip by the walk over the database."""
    real = {(table, column) for table, column, _ in columns_in_database()}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, HOLDS_TEXT):
                assert (model._meta.db_table, field.column) in real


def violations(columns: list[tuple[str, str, str]]) -> list[str]:
    """What law 9 forbids of a schema."""
    people = ABOUT_PEOPLE | {t for t, c, _ in columns if re.fullmatch(r"person(_id)?|reporter|subject|volunteer", c)}
    found = []
    for table, column, kind in columns:
        if table not in people or table == "case_row":
            continue
        if RATES.search(column) or TRACES.search(column):
            found.append(f"{table}.{column}")
        elif table in ABOUT_PEOPLE and kind in {"integer", "smallint", "bigint", "double precision", "real", "numeric"}:
            if column not in NUMBERS:
                found.append(f"{table}.{column} is a number about a person")
        elif kind == "USER-DEFINED":
            found.append(f"{table}.{column} is an enumeration about a person")
    return found


def test_no_table_rates_traces_or_recognises_a_person(clean_db):
    assert violations(columns_in_database()) == []


@pytest.mark.parametrize(
    "column",
    [
        ("person", "score", "integer"), ("person", "weight", "smallint"), ("post", "grade", "character varying"),
        ("person", "face_vector", "bytea"), ("volunteer_note", "risk", "text"), ("person", "lon", "double precision"),
        ("person", "colour", "USER-DEFINED"), ("rider_ping", "gps_track", "jsonb"),
    ],
)  # fmt: skip
def test_the_check_sees_what_it_looks_for(column):
    extra = [("volunteer_note", "person_id", "uuid"), ("rider_ping", "person", "uuid")]
    assert violations([*extra, column])


def test_a_case_stands_at_a_place_and_holds_no_trail(clean_db):
    """One point a case, and no table that has both a person and coordinates."""
    by_table: dict[str, set[str]] = {}
    for table, column, _ in columns_in_database():
        by_table.setdefault(table, set()).add(column)
    with_point = {table for table, names in by_table.items() if {"lon", "lat"} & names}
    assert with_point <= {"case_row"} | {t for t in with_point if not {"person", "person_id", "reporter"} & by_table[t]}
