"""Every place where personal data or free text is copied: what, for how long, and how an erasure reaches it.

A column of text, JSON or bytes that stands neither here nor in ``PLAIN`` fails a test: who makes a copy says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bihuan.desk import photos


@dataclass(frozen=True)
class Copy:
    """``columns`` of ``table`` (``*``: all). ``empty``: what an erasure runs, given the ids of the erased keys."""

    table: str
    columns: tuple[str, ...]
    what: str
    keeps: str
    reach: str
    empty: str = ""


COPIES: tuple[Copy, ...] = (
    Copy(
        "vault_item", ("box",), "free text and personal data, encrypted", "as long as its case",
        "the key goes, the box stays and says nothing; of a text that is blacked out the box is emptied",
    ),
    Copy(
        "vault_key", ("wrapped",), "the key of one person in one case, wrapped", "as long as its case",
        "set to null after the register of erased keys has it",
    ),
    Copy(
        "person", ("name",), "working names of staff; a resident has none here", "while a post is held",
        "emptied by whoever ends the last post",
    ),
    Copy(
        "auth_user", ("*",), "login names and password hashes of staff", "while a post is held", "the account goes",
    ),
    Copy("axes_accessattempt", ("*",), "failed logins: login name and address", "30 days", "deleted with age"),
    Copy("axes_accesslog", ("*",), "logins: login name and address", "30 days", "deleted with age"),
    Copy("axes_accessfailurelog", ("*",), "failed logins: login name and address", "30 days", "deleted with age"),
    Copy("django_session", ("*",), "sessions of staff, signed", "12 hours", "ends with the session"),
    Copy(
        "access_log", ("purpose",), "the purpose that a reader typed", "as long as the history",
        "not reached: a purpose names a case or a duty, and the door says so",
    ),
    Copy(
        "break_glass", ("reason", "review"), "why a sealed case was opened, and what the review found",
        "as long as the history", "emptied for the cases of the person",
        "UPDATE break_glass SET reason = '', review = ''"
        " WHERE case_id IN (SELECT case_id FROM vault_key WHERE id = ANY(%s::uuid[]))",
    ),
    Copy(
        "micro_scene", ("retired_why", "changed_by", "retired_by"), "who changed a scene of a community, and why",
        "as long as the history", "not reached: staff, about a table; no case and no resident is named in it",
    ),
    Copy(
        "micro_version", ("reason", "by"), "who published a scene of a community, and why", "as long as the history",
        "as micro_scene",
    ),
    Copy(
        "rulebook_reason", ("reason", "by"), "who changed a rulebook, and why", "as long as the history",
        "as micro_scene",
    ),
    Copy(
        "subscription", ("address",), "where a resident wants mail: a reference into the vault",
        "until he stops it, or thirty days when he does not confirm it",
        "the key of the subscription goes; of a case it goes with the reporter",
    ),
    Copy(
        "saved_view", ("name",), "what a member of staff calls a view of his inbox", "until he deletes it",
        "nothing to reach: it is about a list",
    ),
    Copy(
        "case_row", ("lon", "lat"), "the exact point that a reporter gave: perhaps his home", "as long as its case",
        "set to null in the cases that the person reported; the place (a community) stays",
        "UPDATE case_row c SET lon = NULL, lat = NULL FROM vault_key k WHERE k.id = ANY(%s::uuid[])"
        " AND c.id = k.case_id AND c.reporter IS NOT DISTINCT FROM k.person AND c.lon IS NOT NULL",
    ),
    Copy(
        "case_words", ("words",), "keyed hashes of the words of unsealed cases, for search", "as long as its case",
        "emptied in the cases of the person; matter and place stay",
        "UPDATE case_words SET words = about"
        " WHERE case_id IN (SELECT case_id FROM vault_key WHERE id = ANY(%s::uuid[]))",
    ),
    Copy(
        "case_alike", ("lon", "lat", "address", "sketch", "spots", "words"),
        "keyed hashes of words and spots of open cases that are not sealed, and their points, to find equal ones",
        "while the case is open", "deleted in the cases of the person",
        "DELETE FROM case_alike WHERE case_id IN (SELECT case_id FROM vault_key WHERE id = ANY(%s::uuid[]))",
    ),
    Copy(
        "case_suggestion", ("words", "equal"), "keyed hashes of the words that decided a drafted category",
        "as long as its case", "deleted in the cases of the person",
        "DELETE FROM case_suggestion WHERE case_id IN (SELECT case_id FROM vault_key WHERE id = ANY(%s::uuid[]))",
    ),
    Copy(
        "outbox", ("to", "body", "last_error"), "whom a message goes to and which event it is about, by reference",
        "90 days after it was handed over",
        "bodies carry references; the receiver opens them through the gate or not at all",
    ),
    Copy(
        "webhook_message", ("body", "last_error"), "what an endpoint is told of a case: references and unsealed facts",
        "90 days after it was handed over", "no texts and no people are in it; the receiver's copy is the receiver's",
    ),
    Copy(
        "notice", ("why",), "who was told of which event, by reference; whom a safety net went past: posts, no people",
        "30 days", "a case that was erased or sealed away is not shown",
    ),
    Copy(
        "notice_way", ("address",), "where a person wants to be told: a reference into the vault",
        "until he removes it or is erased", "the key goes; the way says nothing then",
    ),
    Copy(
        "duty_span", ("source",), "who is to be on duty when; never who came", "90 days after its end",
        "a person without a name is shown without one",
    ),
    Copy(
        "drill", ("title", "file", "report"), "what a drill is about and what came of it: fictional by rule",
        "as long as the history", "not reached: scenarios are invented; a past case enters one without its people",
    ),
    Copy(
        "drill_line", ("data",), "the injects of a drill as they were played", "until its world is dropped",
        "as drill",
    ),
    Copy(
        "tick_retry", ("error",), "why a tick failed: the kind of error and ids", "until the tick succeeds",
        "nothing to reach",
    ),
    Copy(
        "answer", ("body",), "the answer given under an idempotency key: ids, never texts", "30 days",
        "nothing to reach",
    ),
)  # fmt: skip

# Copies that no table holds.
OUTSIDE: tuple[Copy, ...] = (
    Copy(
        "photos", ("*",), "photographs as files, without what cameras add; who is on them, nobody knows",
        "as long as its case; two days when none names it",
        "what the person sent goes, unless another case names the same picture",
    ),
    Copy(
        "uploads", ("*",), "photographs of which a telephone has sent a part so far, as it sends them", "two days",
        "nothing to reach: complete, they become photographs and the parts go",
    ),
    Copy(
        "telephones of staff", ("*",), "unsealed tasks of the holder's unit; his own work that is not sent yet, locked",
        "the tasks until he signs out, twelve hours without a network at most",
        "gone with the next look at the list; erased words are not sent again",
    ),
    Copy(
        "letters to staff", ("*",), "numbers, dates, whose turn, by mail, services and push; categories",
        "with the receiver", "no texts and no people are in them; a sealed case has no category there",
    ),
    Copy("keyring.json", ("*",), "master keys, ids of erased keys", "for ever", "it is what reaches the others"),
    Copy("backups", ("*",), "the database without its keyring", "set by the site", "erased again at every start"),
    Copy("stderr", ("*",), "log lines: ids, counts and refusal codes", "set by the site", "carry no text of people"),
    Copy("exports", ("*",), "lists without people; a file of one's own case", "not kept here", "made anew each time"),
)  # fmt: skip

# Columns of text, JSON or bytes that hold no personal data: codes, hashes, references, the words of rules.
PLAIN: Mapping[str, tuple[str, ...]] = {
    "case_words": ("district",),
    "case_alike": ("district", "category", "place"),
    "case_suggestion": (
        "district", "scene", "category", "category_chance", "unit", "unit_chance", "missing", "final_category",
        "final_unit",
    ),
    "suggest_model": ("district", "scene", "what", "card"),
    # Sensors are things; which rule joined their signal to a case.
    "case_source": ("district", "source", "sensor", "kind", "value", "metres", "basis"),
    "saved_view": ("district", "unit", "query"),
    "micro_scene": ("district", "key", "unit", "body"),
    "micro_version": ("district", "key", "unit", "body"),
    "rulebook_draft": ("district", "scene", "body", "changed_by"),
    "rulebook_reason": ("unit",),
    "subscription": ("district", "ground", "language", "digest", "stage", "last_error"),
    "board_fact": ("district", "scene", "category", "place", "unit"),
    "board_count": ("district", "scene", "category", "place", "unit"),
    "world": ("key", "kind", "district", "drop_record"),
    "unit": ("code", "district", "name", "name_en", "kind", "path", "place", "phone", "parent_id"),
    "post": ("unit_id", "role"),
    "token": ("digest", "name", "scopes"),
    "case_row": (
        "district", "scene", "book", "category", "place", "stage", "desk", "lead", "barred", "verifier", "named",
        "state",
    ),
    "task_row": ("district", "unit", "role", "status"),
    "event": ("district", "kind", "body"),
    "feed": ("leaf",),
    "subtree": ("digest",),
    "head": ("root", "note"),
    "cursor": ("name",),
    "outbox": ("district", "kind"),
    "receipt": ("digest",),
    "answer": ("who", "key", "digest"),
    "vault_item": ("kind",),
    "access_log": ("person", "unit", "what", "outcome", "withheld"),
    "break_glass": ("unit",),
    "photo": ("ref",),
    "webhook": ("district", "unit", "name", "url", "kinds", "secret", "created_by", "ended_why"),
    "webhook_message": ("kind",),
    "notice": ("unit", "kind"),
    "notice_held": ("kind", "to"),
    "notice_way": ("kind", "last_error"),
    "notice_wish": ("language",),
    "notice_letter": ("last_error",),
    "drill": ("district", "plan", "mode", "state", "people", "parts", "history"),
    "drill_line": ("district", "kind"),
    "duty_span": ("district", "unit", "role"),
    "calendar_token": ("digest", "unit"),
    "webhook_try": ("error",),
    "rulebook": ("district", "scene", "version", "basis", "body", "imported_by"),
    "calendar_day": ("country", "note", "basis", "set_by"),
    "calendar_year": ("country", "basis"),
    "setting": ("key", "value"),
    # Sensors are things; who sends is a unit and the name of its token.
    "signal": ("source", "sensor", "kind", "value", "unit", "place", "lon", "lat"),
    "signal_count": ("source",),
    "sensing": ("district", "unit", "kind", "body", "source", "signal_sensor", "signal_kind"),
    "indicator": ("district", "key", "owner", "name", "name_en", "unit", "period", "place"),
    "signal_keep": ("district", "kind"),
    "signal_removed": ("district", "kind"),
    "signal_source": ("district", "source"),
    "signal_fault": ("district", "source", "kind", "code"),
    "signal_rules": ("district", "basis", "body", "imported_by"),
    "signal_state": ("district", "part", "body"),
    "warning_rules": ("district", "basis", "body", "imported_by"),
    "warning": ("district", "grouped", "place", "state", "level", "body", "course", "lon", "lat", "plan", "verdict"),
    "warning_event": ("what", "state", "level", "said_by", "reason"),
    "warning_silence": ("district", "grouped", "place", "weekdays", "reason", "person"),
    "warning_missed": ("district", "grouped", "place", "reason", "person"),
    "finding": ("source", "sensor", "kind", "detector", "value"),
    "imported": ("source", "source_id"),
    "import_run": ("key", "source", "scene"),
    "import_rejected": ("run", "code", "field"),
    "register_row": ("district", "scene", "kind", "key", "name", "name_en", "unit", "place", "facts", "lon", "lat"),
    "register_change": ("unit", "what", "body"),
    "auth_group": ("name",),
    "auth_permission": ("name", "codename"),
    "django_content_type": ("app_label", "model"),
    "axes_accessattemptexpiration": (),
}  # fmt: skip


def empty(cursor: Any, keys: Sequence[UUID]) -> int:  # noqa: ANN401 - Django's cursor is untyped
    """Run what every copy asks for when these keys were erased; returns how many rows and photographs were touched."""
    if not keys:
        return 0
    touched = 0
    for copy in COPIES:
        if copy.empty:
            cursor.execute(copy.empty, [list(keys)])
            touched += max(cursor.rowcount, 0)
    return touched + _remove_photos(cursor, list(keys))


def _remove_photos(cursor: Any, keys: list[UUID]) -> int:  # noqa: ANN401
    """What the erased people photographed, unless a case of somebody else names it: a walk over all cases."""
    cursor.execute(
        "SELECT e.case_id, e.body::json #>> '{data,proof,ref}' FROM event e JOIN vault_key k ON k.case_id = e.case_id"
        " WHERE k.id = ANY(%s::uuid[]) AND e.kind = 'ProofAdded' AND e.body::json ->> 'by' = k.person::text",
        [keys],
    )
    cases_of: dict[str, list[UUID]] = {}
    for case, ref in cursor.fetchall():
        cases_of.setdefault(ref, []).append(case)
    gone = 0
    for ref, cases in cases_of.items():
        cursor.execute(
            "SELECT 1 FROM case_row c WHERE strpos(c.state, %s) > 0 AND c.id <> ALL(%s::uuid[]) AND NOT EXISTS ("
            " SELECT 1 FROM vault_key k"
            " WHERE k.case_id = c.id AND k.person = c.reporter AND k.wrapped IS NULL) LIMIT 1",
            [ref, cases],
        )
        if cursor.fetchone() is None:
            gone += photos.remove_photo(ref)
    return gone
