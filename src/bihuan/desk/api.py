"""The door of the desk: everything outside imports only this and ``desk.ports``."""

from __future__ import annotations

from bihuan.desk import (
    boards,
    calendar_tokens,
    drills,
    equal,
    fusing,
    here,
    imports,
    indicators,
    micro,
    notices,
    organisation,
    registers,
    roster,
    rulebook_drafts,
    saved_views,
    search,
    signal_keeping,
    signal_rules,
    signal_sources,
    signals,
    subscriptions,
    suggestions,
    things,
    upkeep,
    uploads,
    virtual,
    warning_scores,
    warning_silences,
    warnings,
    webhooks,
)
from bihuan.desk import instant as _instant
from bihuan.desk import intake as _intake
from bihuan.desk import lists as _lists
from bihuan.desk import moves as _moves
from bihuan.desk import reads as _reads
from bihuan.desk import staff as _staff
from bihuan.desk import submit as _submit
from bihuan.desk.actor import ANONYMOUS, SYSTEM, Actor, reporter
from bihuan.desk.answers import KeyReused, Outcome
from bihuan.desk.audit import Findings, audit
from bihuan.desk.breakglass import Glass
from bihuan.desk.catalogue import (
    book_in_force,
    books_in_force,
    category_choices,
    common_choices,
    grouped_choices,
    likely_choices,
    own_scene_choices,
    place_choices,
    provable_receipt,
    scene_choices,
    scenes_on,
    unit_choices,
)
from bihuan.desk.codec import to_plain
from bihuan.desk.counts import check_question, count_cases, refuse_question
from bihuan.desk.explain import Explanation, explain
from bihuan.desk.history import events_of
from bihuan.desk.identity import phone_key, show_code, tidy_code
from bihuan.desk.intake import Intake, report_many
from bihuan.desk.keyring import KeyringError
from bihuan.desk.lists import TABS, Filters, Line, Page, category_of, step_name
from bihuan.desk.looks import Look
from bihuan.desk.missing import question as ask_for
from bihuan.desk.moves import Move
from bihuan.desk.names import UnitName
from bihuan.desk.names import place as place_name
from bihuan.desk.names import staff as staff_names
from bihuan.desk.names import unit as unit_name
from bihuan.desk.photos import MOST_BYTES as MOST_PHOTO_BYTES
from bihuan.desk.photos import keep_photo, read_photo
from bihuan.desk.places import Area, areas, import_areas, place_of, to_wgs84
from bihuan.desk.public_cases import MOST as MOST_PUBLIC
from bihuan.desk.public_cases import PublicCase, PublicFilters, public_cases, tracked_case
from bihuan.desk.published import health, ledger_consistency, ledger_head, list_rulebooks, read_rulebook
from bihuan.desk.reads import CaseView, Text, TrackView, Turn, looks_by_receipt, track
from bihuan.desk.redaction import NotWritten, black_out
from bihuan.desk.scene_fields import Declared, SceneField
from bihuan.desk.scene_fields import asked as asked_fields
from bihuan.desk.scene_fields import check as check_fields
from bihuan.desk.scene_fields import declared as declared_scene
from bihuan.desk.scene_fields import shown as shown_field
from bihuan.desk.scene_fields import tell as tell_scene
from bihuan.desk.scene_rules import refusal as refused_by_scene
from bihuan.desk.scene_rules import tell as tell_rules
from bihuan.desk.scene_words import scene_group, scene_word
from bihuan.desk.scene_words import tell as tell_words
from bihuan.desk.seals import Level
from bihuan.desk.staff import Leader, Staff, staff_of
from bihuan.desk.submit import NotFound, Stale
from bihuan.desk.tokens import (
    SCOPES,
    Caller,
    find_caller,
    issue_token,
    post_of,
    replay_for,
    report_for,
    revoke_token,
)
from bihuan.desk.words import COMMANDS as COMMAND_WORDS
from bihuan.desk.words import EVENTS as EVENT_WORDS
from bihuan.desk.words import LAWS as LAW_WORDS
from bihuan.desk.words import ROLES as ROLE_WORDS
from bihuan.desk.words import refusal as words_of

# Each of these opens in the world that the caller is in (``here``), unless he names one.
now = here.placed(_instant.now)
report = here.placed(_intake.report)
list_cases = here.placed(_lists.list_cases)
points = here.placed(_lists.points)
allowed = here.placed(_moves.allowed)
looks_at = here.placed(_reads.looks_at)
read_case = here.placed(_reads.read_case)
ask_glass = here.placed(_staff.ask_glass)
case_by_number = here.placed(_staff.case_by_number)
end_glass = here.placed(_staff.end_glass)
grant_glass = here.placed(_staff.grant_glass)
leaders = here.placed(_staff.leaders)
number_of = here.placed(_staff.number_of)
numbers_of = here.placed(_staff.numbers_of)
review_glass = here.placed(_staff.review_glass)
waiting_glass = here.placed(_staff.waiting_glass)
merge = here.placed(_submit.merge)
split = here.placed(_submit.split)
submit = here.placed(_submit.submit)
submit_many = here.placed(_submit.submit_many)
unmerge = here.placed(_submit.unmerge)

__all__ = [
    "ANONYMOUS",
    "COMMAND_WORDS",
    "EVENT_WORDS",
    "LAW_WORDS",
    "MOST_PHOTO_BYTES",
    "MOST_PUBLIC",
    "ROLE_WORDS",
    "SCOPES",
    "SYSTEM",
    "TABS",
    "Actor",
    "Area",
    "Caller",
    "CaseView",
    "Declared",
    "Explanation",
    "Filters",
    "Findings",
    "Glass",
    "Intake",
    "KeyReused",
    "KeyringError",
    "Leader",
    "Level",
    "Line",
    "Look",
    "Move",
    "NotFound",
    "NotWritten",
    "Outcome",
    "Page",
    "PublicCase",
    "PublicFilters",
    "SceneField",
    "Staff",
    "Stale",
    "Text",
    "TrackView",
    "Turn",
    "UnitName",
    "allowed",
    "areas",
    "ask_for",
    "ask_glass",
    "asked_fields",
    "audit",
    "black_out",
    "boards",
    "book_in_force",
    "books_in_force",
    "calendar_tokens",
    "case_by_number",
    "category_choices",
    "category_of",
    "check_fields",
    "check_question",
    "common_choices",
    "count_cases",
    "declared_scene",
    "drills",
    "end_glass",
    "equal",
    "events_of",
    "explain",
    "find_caller",
    "fusing",
    "grant_glass",
    "grouped_choices",
    "health",
    "here",
    "import_areas",
    "imports",
    "indicators",
    "issue_token",
    "keep_photo",
    "leaders",
    "ledger_consistency",
    "ledger_head",
    "likely_choices",
    "list_cases",
    "list_rulebooks",
    "looks_at",
    "looks_by_receipt",
    "merge",
    "micro",
    "notices",
    "now",
    "number_of",
    "numbers_of",
    "organisation",
    "own_scene_choices",
    "phone_key",
    "place_choices",
    "place_name",
    "place_of",
    "points",
    "post_of",
    "provable_receipt",
    "public_cases",
    "read_case",
    "read_photo",
    "read_rulebook",
    "refuse_question",
    "refused_by_scene",
    "registers",
    "replay_for",
    "report",
    "report_for",
    "report_many",
    "reporter",
    "review_glass",
    "revoke_token",
    "roster",
    "rulebook_drafts",
    "saved_views",
    "scene_choices",
    "scene_group",
    "scene_word",
    "scenes_on",
    "search",
    "show_code",
    "shown_field",
    "signal_keeping",
    "signal_rules",
    "signal_sources",
    "signals",
    "split",
    "staff_names",
    "staff_of",
    "step_name",
    "submit",
    "submit_many",
    "subscriptions",
    "suggestions",
    "tell_rules",
    "tell_scene",
    "tell_words",
    "things",
    "tidy_code",
    "to_plain",
    "to_wgs84",
    "track",
    "tracked_case",
    "unit_choices",
    "unit_name",
    "unmerge",
    "upkeep",
    "uploads",
    "virtual",
    "waiting_glass",
    "warning_scores",
    "warning_silences",
    "warnings",
    "webhooks",
    "words_of",
]
