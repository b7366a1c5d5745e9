"""``bihuan audit``: is everything on this site as the laws say? Reads all, changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from bihuan.desk import codec, history
from bihuan.kernel import due, evolve, laws
from bihuan.kernel.case import Case

MOST_FINDINGS = 200


@dataclass
class Findings:
    """What an audit found. ``problems`` are (law, where, what); the audit is clean when there are none.

    ``notices`` (where, what) break no law but want somebody: messages given up, ticks that fail.
    """

    world: int
    cases: int = 0
    events: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[int, str, str]] = field(default_factory=list)
    notices: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.problems

    def add(self, law: int, where: object, what: str) -> None:
        if len(self.problems) < MOST_FINDINGS:
            self.problems.append((law, str(where), what))


def audit(world: int = 1, progress: Callable[[int, int], None] | None = None) -> Findings:
    """Fold every history and compare it with its row; hold every step against the laws; check ledger and receipts."""
    found = Findings(world)
    total = _count("case_row", world)
    for case_id, stored, bodies in history.histories(world):
        _check_case(found, case_id, stored, bodies)
        found.cases += 1
        if progress and found.cases % 500 == 0:
            progress(found.cases, total)
    if progress:
        progress(found.cases, total)
    _check_columns(found)
    _check_receipts(found)
    _check_orphans(found)
    _check_feed(found)
    _note_failures(found)
    return found


def _check_case(found: Findings, case_id: UUID, stored: str, bodies: list[str]) -> None:
    found.events += len(bodies)
    if not bodies:
        found.add(1, case_id, "a row without a history")
        return
    state: Case | None = None
    for body in bodies:
        recorded = codec.decode_event(body)
        after = evolve(state, recorded)
        if state is not None and recorded.number != state.version + 1:
            found.add(5, case_id, f"event {recorded.number} follows event {state.version}")
        state = after
    if state is None:
        return
    found.stages[str(state.stage)] += 1
    if codec.decode_state(stored) != state:
        found.add(5, case_id, "the row does not equal the fold of its history")
    for what in laws.holds(state):
        found.add(_law_of(what), case_id, what)


def _law_of(what: str) -> int:
    digits = [ch for ch in what if ch.isdigit()]
    return int(digits[0]) if digits else 0


def _check_columns(found: Findings) -> None:
    """The columns that lists and the ticker ask for must say what the state says."""
    last = UUID(int=0)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, stage, lead, seal, version, next_due, is_open, state FROM case_row"
                " WHERE world_id = %s AND id > %s ORDER BY id LIMIT 1000",
                [found.world, last],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        for case_id, stage, lead, seal, version, next_due, is_open, text in rows:
            state = codec.decode_state(text)
            expected = (str(state.stage), state.lead, int(state.seal[1]), state.version, due(state), state.is_open)
            if (stage, lead, seal, version, next_due, is_open) != expected:
                found.add(5, case_id, "a column differs from the state")
        last = rows[-1][0]


def _check_receipts(found: Findings) -> None:
    """A receipt always leads to exactly one current lead case."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE way AS ("
            " SELECT r.digest, c.id, c.merged_into, 1 AS hops FROM receipt r"
            " LEFT JOIN case_row c ON c.id = r.case_id AND c.world_id = r.world_id WHERE r.world_id = %s"
            " UNION ALL SELECT way.digest, c.id, c.merged_into, hops + 1 FROM way"
            " JOIN case_row c ON c.id = way.merged_into WHERE hops < 100)"
            " SELECT encode(digest, 'hex'), count(*) FILTER (WHERE id IS NOT NULL AND merged_into IS NULL) FROM way"
            " GROUP BY digest HAVING count(*) FILTER (WHERE id IS NOT NULL AND merged_into IS NULL) <> 1 LIMIT 50",
            [found.world],
        )
        for digest, count in cursor.fetchall():
            found.add(1, f"receipt {digest[:12]}", f"leads to {count} lead cases")


def _check_orphans(found: Findings) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT e.case_id FROM event e LEFT JOIN case_row c ON c.id = e.case_id"
            " WHERE e.world_id = %s AND (c.id IS NULL OR c.world_id <> e.world_id) LIMIT 50",
            [found.world],
        )
        for (case_id,) in cursor.fetchall():
            found.add(1, case_id, "a history without a row, or in another world")


def _check_feed(found: Findings) -> None:
    """The feed holds every event that is not pending, once, without a gap; the ledger is built over just that."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), coalesce(max(pos) + 1, 0) FROM feed WHERE world_id = %s", [found.world])
        rows, size = cursor.fetchone()
        if rows != size:
            found.add(5, "feed", f"{rows} rows, but positions up to {size}")
        cursor.execute(
            "SELECT count(*) FROM event e WHERE e.world_id = %s"
            " AND NOT EXISTS (SELECT FROM feed f WHERE f.event_id = e.id)"
            " AND NOT EXISTS (SELECT FROM pending p WHERE p.case_id = e.case_id"
            " AND e.number BETWEEN p.first AND p.last)",
            [found.world],
        )
        (lost,) = cursor.fetchone()
        if lost:
            found.add(5, "feed", f"{lost} events are neither in the feed nor pending")
    from bihuan.desk.ledger import store  # noqa: PLC0415 - signing is not needed to import the audit

    for what in store.verify_ledger(found.world):
        found.add(5, "ledger", what)


def _note_failures(found: Findings) -> None:
    from bihuan.desk import outbox, ticker, webhooks  # noqa: PLC0415 - only workers and audits need them

    for letter in outbox.dead_letters(found.world)[:MOST_FINDINGS]:
        what = f"{letter.kind} to {letter.to} was given up after {letter.attempts} attempts: {letter.error}"
        found.notices.append((f"message {letter.key}", what))
    for case, attempts, again, error in ticker.failures(found.world)[:MOST_FINDINGS]:
        found.notices.append((f"case {case}", f"its tick failed {attempts} times, next at {again:%F %T}: {error}"))
    found.notices += [(f"webhook {name}", what) for name, what in webhooks.waiting(found.world)[:MOST_FINDINGS]]


def _count(table: str, world: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE world_id = %s", [world])  # noqa: S608 - names are ours
        return int(cursor.fetchone()[0])
