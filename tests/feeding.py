"""Events straight into the tables, as the write path leaves them, for tests of what follows it."""

import threading
import uuid

import psycopg
from django.db import connection

CASE = """
INSERT INTO case_row (id, world_id, district, number, scene, book, category, place, seal, stage, is_open, desk, lead,
  barred, opened, changed, next_due, is_overdue, is_disputed, version, state)
VALUES (%(case)s, %(world)s, '500103', %(number)s, 'city', '1', 'c', 'p', 0, 'registered', true, 'd', 'd', '[]', now(),
  now(), %(due)s, false, false, 1, '{}')
"""
EVENT = """
WITH e AS (INSERT INTO event (world_id, district, case_id, number, kind, body)
  SELECT %(world)s, '500103', %(case)s, n, 'Registered', body
  FROM unnest(%(numbers)s::int4[], %(bodies)s::text[]) AS x(n, body))
INSERT INTO pending (world_id, case_id, first, last) VALUES (%(world)s, %(case)s, %(first)s, %(last)s)
"""


def write(execute, *, world=1, case=None, first=1, count=1, text="报告一处井盖松动"):
    """Events ``first``… of a case, in one statement; returns the case and the bodies."""
    case = case or uuid.uuid4()
    numbers = list(range(first, first + count))
    bodies = [
        f'{{"case": "{case}", "number": {n}, "data": {{"receipt": "{case}", "text": "{text}"}}}}' for n in numbers
    ]
    values = {"world": world, "case": case, "numbers": numbers, "bodies": bodies}
    execute(EVENT, {**values, "first": numbers[0], "last": numbers[-1]})
    return case, bodies


def write_here(**wanted):
    with connection.cursor() as cursor:
        return write(cursor.execute, **wanted)


def connect(**options):
    """A connection of one's own, to the database that Django uses."""
    ours = connection.settings_dict
    return psycopg.connect(
        host=ours["HOST"],
        port=ours["PORT"] or None,
        user=ours["USER"],
        password=ours["PASSWORD"],
        dbname=ours["NAME"],
        **options,
    )


def rows(sql, values=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def in_threads(*works):
    """Run each in a thread with its own connection; raises the first error."""
    errors = []

    def run(work):
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "a thread hangs"
    if errors:
        raise errors[0]
