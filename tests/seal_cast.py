"""A small district with people in posts, and cases of every seal: what the tests of access and refusal play with."""

import json
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from django.db import connection

from bihuan.desk import access, units
from bihuan.desk.actor import Actor
from bihuan.desk.codec import encode_state
from bihuan.desk.identity import new_id
from bihuan.kernel.case import Case, Note, Role, Seal, Stage, Task, TaskStatus

AT = datetime(2025, 2, 8, 9, 0, tzinfo=UTC)
DAY = date(2025, 2, 8)

# code, kind, parent, place
UNITS = (
    ("yz", "district", None, "500103"),
    ("yz-desk", "desk", "yz", ""),
    ("yz-oversight", "department", "yz", ""),
    ("yz-arbiter", "department", "yz", ""),
    ("petitions", "department", "yz", ""),
    ("discipline", "department", "yz", ""),
    ("city-care", "department", "yz", ""),
    ("city-team", "department", "city-care", ""),
    ("police", "department", "yz", ""),
    ("school", "partner", "yz", ""),
    ("s1", "street", "yz", "500103010"),
    ("s1-desk", "desk", "s1", ""),
    ("c1", "community", "s1", "500103010001"),
    ("g1", "grid", "c1", "500103010001001"),
    ("s2", "street", "yz", "500103008"),
    ("c2", "community", "s2", "500103008001"),
)
PLACES = ("500103010001001", "500103010001", "500103008001", "500103999")


def person(number: int) -> UUID:
    return UUID(int=0x7D1F_0D0E_0000_4000_8000_0000_0000_0000 + number)


def build_units() -> None:
    with connection.cursor() as cursor:
        paths = {}
        for code, kind, parent, place in UNITS:
            paths[code] = f"{paths.get(parent, '/')}{code}/"
            cursor.execute(
                "INSERT INTO unit (code, district, name, name_en, kind, parent_id, path, place, phone)"
                " VALUES (%s, '500103', %s, '', %s, %s, %s, %s, '')",
                [code, code, kind, parent, paths[code], place],
            )
    units.forget()


def give_post(who: UUID, unit: str, role: str, starts: date = DAY, ends: date | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO person (id, name) VALUES (%s, '') ON CONFLICT DO NOTHING", [who])
        cursor.execute(
            "INSERT INTO post (person_id, unit_id, role, starts, ends) VALUES (%s, %s, %s, %s, %s)",
            [who, unit, role, starts, ends],
        )


def staff(number: int, unit: str, *roles: str, post: bool = True) -> Actor:
    if post:
        for role in roles:
            give_post(person(number), unit, role)
    return Actor(str(person(number)), unit, frozenset(roles), frozenset({unit}))


def viewer(actor: Actor, *, receipt_for: UUID | None = None) -> access.Viewer:
    return access.viewer_of(actor, AT, receipt_for=receipt_for)


def make_case(
    seal: int = 1,
    *,
    number: int | None = None,
    place: str = PLACES[0],
    desk: str = "yz-desk",
    lead: str = "city-care",
    reporter: UUID | None = None,
    barred: tuple[str, ...] = (),
    verifier: str = "",
    champion: str = "",
    tasks: tuple[tuple[str, Role, TaskStatus, tuple[str, ...]], ...] = (),
    notes: tuple[Note, ...] = (),
    world: int = 1,
) -> tuple[UUID, Case]:
    """A case in its row, with its tasks, as the write path would store it. ``tasks``: unit, role, status, takers."""
    case = new_id()
    state = Case(
        scene="city", book="b1", law_date=DAY, number=number or case.int % 10**9, category="0101", place=place,
        seal=Seal(f"L{seal}"), stage=Stage.WORKING, channel="portal", desk=desk, lead=lead, opened=AT, version=1,
        reporter=str(reporter) if reporter else "", barred=barred, verifier_unit=verifier, champion=champion,
        notes=notes, receipts=("ab" * 32,),
        tasks=tuple(
            Task(i + 1, role, unit, status=status, takers=takers)
            for i, (unit, role, status, takers) in enumerate(tasks)
        ),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO case_row (id, world_id, district, number, scene, book, category, place, seal, stage, is_open,"
            " desk, lead, reporter, barred, verifier, named, opened, changed, is_overdue, is_disputed, version, state)"
            " VALUES (%s, %s, '500103', %s, 'city', 'b1', '0101', %s, %s, 'working', true, %s, %s, %s, %s::jsonb, %s,"
            " %s::jsonb, %s, %s, false, false, 1, %s)",
            [
                case, world, state.number, place, seal, desk, lead, reporter, json.dumps(list(barred)), verifier,
                json.dumps(access.named_of(state)), AT, AT, encode_state(state),
            ],
        )  # fmt: skip
        for task in state.tasks:
            cursor.execute(
                "INSERT INTO task_row (world_id, district, case_id, task, unit, role, status, is_open)"
                " VALUES (%s, '500103', %s, %s, %s, %s, %s, %s)",
                [world, case, task.id, task.unit, str(task.role), str(task.status), task.is_open],
            )
    return case, state


def listed(eyes: access.Viewer, **options) -> set[UUID]:
    sql, values = access.case_filter(eyes, **options)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT c.id FROM case_row c WHERE {sql}", values)
        return {row[0] for row in cursor.fetchall()}


def traces(**where) -> list[dict]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person, unit, case_id, subject, what, purpose, outcome, withheld FROM access_log ORDER BY id"
        )
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [row for row in rows if all(row[key] == value for key, value in where.items())]


def stranger() -> Actor:
    return Actor(str(uuid4()), "", frozenset({"reporter"}))
