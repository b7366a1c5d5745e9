"""What is wrong with a micro-scene, each with its table, row and column, and what to do. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from bihuan.desk.micro.draft import (
    HEAD,
    LONG,
    LONGEST,
    LONGEST_LONG,
    MOST,
    STAGE_CLOCKS,
    TABLES,
    Draft,
    Row,
    key_pattern,
    options_of,
)
from bihuan.desk.rulebook_columns import UNITS

KINDS = ("text", "choice", "number", "date", "yes_no", "place")
POSTS = ("handler", "triage", "verifier", "head")
STAGES = ("work", "triage")
GROUNDS = ("house", "law")
SEALS = ("L0", "L1", "L2")
FLAGS = ("", "yes")
MOST_OPTIONS = 20
LARGEST = 8760
# Law 9, in the words that people use: what scores, ranks, marks or follows a person is asked by no scene.
OF_PEOPLE = (
    "积分", "评分", "打分", "得分", "排名", "信用分", "评级", "黑名单", "红黑榜", "人脸", "指纹", "声纹", "虹膜",
    "考勤", "打卡", "行踪", "轨迹", "宗教", "政治面貌", "党员身份", "score", "rank", "rating", "blacklist", "watchlist",
    "fingerprint", "biometric", "attendance", "religion",
)  # fmt: skip


@dataclass(frozen=True)
class Wrong:
    """``table`` is empty for the head; ``row`` counts from 1, 0: the whole table. ``what``: Chinese / English."""

    table: str
    row: int
    column: str
    what: str


@dataclass(frozen=True)
class Choices:
    """What the tables may name: units that may lead, desks, verifying units, places."""

    leads: Collection[str] = ()
    desks: Collection[str] = ()
    verifiers: Collection[str] = ()
    places: Collection[str] = ()
    published: tuple[Draft, ...] = field(default=())


def wrong(draft: Draft, choices: Choices) -> list[Wrong]:
    return [*_head(draft, choices), *_texts(draft), *_keys(draft), *_rows(draft, choices), *_against(draft, choices)]


def _head(draft: Draft, choices: Choices) -> Iterator[Wrong]:
    needed = {"name": "叫什么 / write what it is called", "basis": "写明凭什么这样办 / write what it rests on"}
    for column, what in needed.items():
        if not getattr(draft, column):
            yield Wrong("", 0, column, what)
    if draft.seal not in SEALS:
        yield Wrong("", 0, "seal", f"只能选 / choose one of {', '.join(SEALS)}")
    if draft.seal == "L2" and not draft.seal_note:
        yield Wrong("", 0, "seal_note", "封存的事，写明谁看得到 / it is sealed: say who may see it")
    if draft.desk not in choices.desks:
        yield Wrong("", 0, "desk", "选一个受理的单位 / choose the unit that takes reports in")
    if draft.verifier not in choices.verifiers:
        yield Wrong("", 0, "verifier", "选一个核查的单位 / choose the unit that verifies")
    for column in ("straight", "public"):
        if getattr(draft, column) not in FLAGS:
            yield Wrong("", 0, column, "只能是或否 / yes or no")


def _texts(draft: Draft) -> Iterator[Wrong]:
    for column in HEAD:
        yield from _text("", 0, column, getattr(draft, column))
    for table, columns in TABLES.items():
        if len(draft.table(table)) > MOST[table]:
            yield Wrong(table, MOST[table] + 1, "", f"最多 {MOST[table]} 行 / at most {MOST[table]} rows")
        for number, row in enumerate(draft.table(table), 1):
            if set(row) != set(columns):
                yield Wrong(table, number, "", "列不对 / these are not its columns")
            for column, text in row.items():
                yield from _text(table, number, column, text)


def _text(table: str, row: int, column: str, text: str) -> Iterator[Wrong]:
    most = LONGEST_LONG if column in LONG else LONGEST
    if len(text) > most:
        yield Wrong(table, row, column, f"最多 {most} 个字 / at most {most} characters")
    if any(unicodedata.category(ch) in {"Cc", "Cs"} for ch in text):
        yield Wrong(table, row, column, "有看不见的控制字符，请重新输入 / holds control characters: type it again")


def _keys(draft: Draft) -> Iterator[Wrong]:
    for table in ("categories", "proofs", "steps", "fields"):
        seen: set[str] = set()
        names: set[str] = set()
        for number, row in enumerate(draft.table(table), 1):
            if not key_pattern(draft.key, table).fullmatch(row["key"]) or row["key"] in seen:
                yield Wrong(table, number, "key", "编号由系统给，不能改 / keys are made by the program")
            if not row["name"]:
                yield Wrong(table, number, "name", "写名称 / write its name")
            elif row["name"] in names:
                yield Wrong(table, number, "name", "名称重复 / this name stands twice")
            seen.add(row["key"])
            names.add(row["name"])
    for table in ("categories", "proofs"):
        if not draft.table(table):
            yield Wrong(table, 0, "", "至少一行 / at least one row")


def _rows(draft: Draft, choices: Choices) -> Iterator[Wrong]:
    for number, row in enumerate(draft.table("steps"), 1):
        yield from _step(number, row, draft)
    for number, row in enumerate(draft.table("fields"), 1):
        yield from _field(number, row, draft)
    yield from _clocks(draft)
    yield from _routes(draft, choices)


def _one_of(table: str, number: int, row: Row, allowed: Mapping[str, Collection[str]]) -> Iterator[Wrong]:
    for column, values in allowed.items():
        if row[column] not in values:
            yield Wrong(table, number, column, "从列出的里面选 / choose one of those listed")


def _step(number: int, row: Row, draft: Draft) -> Iterator[Wrong]:
    before = draft.keys("steps")[: number - 1]
    yield from _one_of("steps", number, row, {"by": POSTS, "stage": STAGES, "after": ("", *before)})


def _field(number: int, row: Row, draft: Draft) -> Iterator[Wrong]:
    asked = ("report", *draft.keys("steps"))
    allowed = {"kind": KINDS, "ask": asked, "required": FLAGS, "personal": FLAGS}
    yield from _one_of("fields", number, row, allowed)
    options = options_of(row)
    if row["kind"] == "choice" and not 2 <= len(options) <= MOST_OPTIONS:
        what = f"写 2 至 {MOST_OPTIONS} 个选项，用分号隔开 / write 2 to {MOST_OPTIONS} options, with semicolons between"
        yield Wrong("fields", number, "options", what)
    if row["kind"] != "choice" and options:
        yield Wrong("fields", number, "options", "只有“选一项”有选项 / only a choice has options")
    if row["personal"] and row["ask"] != "report":
        what = "个人信息只在反映时问本人 / what is personal is asked of the reporter himself"
        yield Wrong("fields", number, "personal", what)
    if row["personal"] and draft.seal == "L0":
        what = "问了个人信息，就不能公开：密级选内部 / it asks for personal data, so it cannot be public: choose L1"
        yield Wrong("fields", number, "personal", what)
    said = " ".join((row["name"], row["name_en"], *options)).lower()
    if any(word in said for word in OF_PEOPLE):
        what = "第9条：不给人打分、排名、贴标签，也不记行踪考勤，去掉这一栏 / law 9: people are not scored; drop it"
        yield Wrong("fields", number, "name", what)


def _clocks(draft: Draft) -> Iterator[Wrong]:
    kinds, categories = (*STAGE_CLOCKS, *draft.keys("steps")), ("", *draft.keys("categories"))
    allowed = {"which": kinds, "category": categories, "unit": UNITS, "ground": GROUNDS}
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(draft.table("clocks"), 1):
        yield from _one_of("clocks", number, row, allowed)
        amount = row["amount"]
        if not (amount.isascii() and amount.isdigit() and 1 <= int(amount[:6]) <= LARGEST):
            yield Wrong("clocks", number, "amount", f"填 1 至 {LARGEST} 的整数 / a whole number from 1 to {LARGEST}")
        if not row["basis"]:
            yield Wrong("clocks", number, "basis", "写明文号，或自定规则的名称 / name the document, or the house rule")
        if (row["which"], row["category"]) in seen:
            yield Wrong("clocks", number, "which", "重复，留一行 / stands twice: keep one")
        seen.add((row["which"], row["category"]))
    if missing := [one for one in STAGE_CLOCKS if (one, "") not in seen]:
        names = {"accept": "受理", "dispatch": "派遣", "handle": "办理", "verify": "核查"}
        zh, en = "、".join(names[one] for one in missing), ", ".join(missing)
        yield Wrong("clocks", 0, "which", f"缺少通用时限：{zh} / the general limits are missing: {en} (law 3)")


def _routes(draft: Draft, choices: Choices) -> Iterator[Wrong]:
    allowed = {
        "category": ("", *draft.keys("categories")), "place": ("", *choices.places), "lead": choices.leads,
        "assist": ("", *choices.leads),
    }  # fmt: skip
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(draft.table("routes"), 1):
        yield from _one_of("routes", number, row, allowed)
        if row["lead"] == row["assist"]:
            yield Wrong("routes", number, "assist", "协办要是另一个单位 / the assisting unit must be another one")
        if draft.verifier in {row["lead"], row["assist"]}:
            what = "办的单位不能核查自己（第4条） / whoever does the work cannot verify it (law 4)"
            yield Wrong("routes", number, "lead", what)
        if (row["category"], row["place"]) in seen:
            yield Wrong("routes", number, "category", "重复，留一行 / stands twice: keep one")
        seen.add((row["category"], row["place"]))
    if ("", "") not in seen:
        what = "加一行“全部类别、全部地点”兜底 / add a row for all matters and all places, so that nothing is left over"
        yield Wrong("routes", 0, "", what)


def _against(draft: Draft, choices: Choices) -> Iterator[Wrong]:
    """What was published must still be read: kinds stay, and a seal is never lowered."""
    kinds = {row["key"]: row["kind"] for one in choices.published for row in one.table("fields")}
    for number, row in enumerate(draft.table("fields"), 1):
        if kinds.get(row["key"], row["kind"]) != row["kind"]:
            what = "发布过的栏不能换类型：删掉，另加一栏 / a published field keeps its kind: drop it and add another"
            yield Wrong("fields", number, "kind", what)
    highest = max((one.seal for one in choices.published), default="L0")
    if draft.seal < highest:
        yield Wrong("", 0, "seal", f"不能比已发布的 {highest} 低 / not lower than {highest}, which was published")
