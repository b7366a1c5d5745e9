"""A scene in plain words: who sees it, how it goes, how long it may take, where it goes, what closes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Seal, Stage
from bihuan.kernel.rules import ClockRule, Rulebook
from bihuan.scenes.manifest import REPORT, SceneInfo

Language = Literal["zh", "en"]
Name = Callable[[str], str]
STAGES = {
    Stage.REGISTERED: ("登记", "Registered", "accept"), Stage.ACCEPTED: ("立案", "Accepted", "dispatch"),
    Stage.DISPATCHED: ("派遣", "Dispatched", "handle"), Stage.WORKING: ("处置", "Worked on", "handle"),
    Stage.ANSWERED: ("反馈", "Answered", "verify"), Stage.VERIFYING: ("核查", "Verified", "verify"),
    Stage.CLOSED: ("结案", "Closed", ""),
}  # fmt: skip
UNITS = {
    Unit.CALENDAR_DAY: ("日", "calendar days"), Unit.WORKING_DAY: ("个工作日", "working days"),
    Unit.OFFICE_HOUR: ("个工作时", "office hours"), Unit.HOUR: ("小时", "hours"),
    Unit.MINUTE: ("分钟", "minutes"),
}  # fmt: skip
SEALS = {
    Seal.L0: ("公开:谁都能看到有这件事", "public: anybody may know of it"),
    Seal.L1: ("内部:经办单位和上级能看", "internal: the units at work and those above them"),
    Seal.L2: ("专案:只有经办的单位能看,每次写明目的", "case team: the units at work alone, each time for a purpose"),
    Seal.L3: ("封存:只有受理台和点名的人能看", "sealed: the desk and those named alone"),
}  # fmt: skip
MOMENTS = {
    "registered": ("登记", "registration"), "accepted": ("立案", "acceptance"), "dispatched": ("派遣", "dispatch"),
    "returned": ("退回", "a return"), "objected": ("提出异议", "an objection"), "working": ("接单", "the first hand"),
    "answered": ("报办结", "the answer"), "reworked": ("返工", "rework"), "reopened": ("重开", "reopening"),
    "closed": ("结案", "closing"), "declined": ("不予受理", "declining"),
}  # fmt: skip
ROLES = {
    "triage": ("受理人", "triage"), "dispatcher": ("派遣人", "dispatcher"), "handler": ("经办人", "handler"),
    "verifier": ("核查人", "verifier"), "head": ("负责人", "head"), "arbiter": ("裁定人", "arbiter"),
    "oversight": ("督查", "oversight"), "volunteer": ("志愿者", "volunteer"),
}  # fmt: skip
KINDS = {
    "text": ("文字", "text"), "choice": ("选一项", "one of"), "number": ("数字", "number"), "date": ("日期", "date"),
    "due": ("承诺日期", "promised date"),
    "yes_no": ("是否", "yes or no"), "place": ("地点", "place"), "register": ("台账", "register"),
    "case": ("以前的一件", "an earlier case"),
    "accused": ("被反映的单位", "an accused unit"),
}  # fmt: skip
MOST_ROUTES = 12


@dataclass(frozen=True)
class Part:
    title: str
    lines: tuple[str, ...]


def explain(info: SceneInfo, book: Rulebook, language: Language = "zh", unit: Name = str) -> list[Part]:
    """The scene in parts. ``unit`` gives a unit's name for its code."""
    return list(_Told(info, book, language, unit).parts())


class _Told:
    def __init__(self, info: SceneInfo, book: Rulebook, language: Language, unit: Name) -> None:
        self.info, self.book, self.language, self.unit = info, book, language, unit

    def _t(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    def _of(self, pair: tuple[str, str]) -> str:
        return self._t(*pair)

    def _word(self, group: str, key: str) -> str:
        return self.info.word(group, key, self.language)

    def _units(self, codes: tuple[str, ...]) -> str:
        return self._t("、", ", ").join(self.unit(code) for code in codes)

    def parts(self) -> Iterator[Part]:
        info, book = self.info, self.book
        head = [self._t(info.summary, info.summary_en)] if info.summary else []
        head.append(f"{self._t('依据', 'Basis')}: {book.basis} · {book.version}, {book.effective:%Y-%m-%d}")
        yield Part(self._t(info.name, info.name_en), tuple(head))
        yield Part(self._t("谁看得到", "Who may see it"), tuple(self._seal()))
        yield Part(self._t("怎么走", "How it goes"), tuple(self._stages()))
        yield Part(self._t("步骤", "Steps"), tuple(self._steps()))
        yield Part(self._t("时限", "Clocks"), tuple(self._clocks()))
        yield Part(self._t("交给谁", "Where it goes"), tuple(self._routes()))
        yield Part(self._t("怎样算办完", "What closes it"), tuple(self._closing()))
        if asked := tuple(self._fields()):
            yield Part(self._t("要填什么", "What is asked"), asked)
        if info.letters:
            letters = (f"{one['title'][self.language]}: {self._parts(one['parts'])}" for one in info.letters.values())
            yield Part(self._t("文书", "Letters"), tuple(letters))
        if info.indicators:
            rows = (one["label"][self.language] for one in info.indicators.values())
            yield Part(self._t("指标", "Indicators"), tuple(rows))

    def _parts(self, keys: list[str]) -> str:
        return self._t("、", ", ").join(self._word("fields", key) for key in keys)

    def _seal(self) -> Iterator[str]:
        yield self._of(SEALS[self.book.seal])
        higher = [row for row in self.book.categories.values() if row.seal is not None and row.seal > self.book.seal]
        for row in higher:
            yield f"{self._t(row.name, row.name_en)}: {self._of(SEALS[row.seal or self.book.seal])}"
        if self.info.seal_note:
            yield self.info.seal_note[self.language]

    def _stages(self) -> Iterator[str]:
        book, desk = self.book, self._units(self.book.desks[:1])
        verifier = (
            self.unit(book.verifier) if book.verifier else self._t("受理台选定的单位", "a unit that the desk names")
        )
        who = {
            Stage.REGISTERED: desk, Stage.ACCEPTED: desk, Stage.ANSWERED: verifier, Stage.VERIFYING: verifier,
        }  # fmt: skip
        for number, (stage, (zh, en, clock)) in enumerate(STAGES.items(), 1):
            owner = who.get(stage, self._t("主办单位", "the lead unit"))
            line = f"{number}. {self._t(zh, en)}" + ("" if stage is Stage.CLOSED else f" · {owner}")
            if rule := next((rule for rule in book.clocks if rule.key == clock), None):
                line += f" · {self._amount(rule)}"
            yield line

    def _amount(self, rule: ClockRule) -> str:
        zh, en = UNITS[rule.unit]
        return self._t(f"{rule.amount} {zh}", f"{rule.amount} {en.removesuffix('s') if rule.amount == 1 else en}")

    def _moment(self, moment: str) -> str:
        if moment.startswith("step:"):
            return self._t("“{}”", "'{}'").format(self._word("steps", moment[5:]))
        return self._of(MOMENTS[moment])

    def _steps(self) -> Iterator[str]:
        for step in self.book.steps.values():
            stages = "/".join(self._t(*STAGES[stage][:2]) for stage in step.stages)
            line = f"{self._word('steps', step.key)} ({stages}, {self._of(ROLES.get(step.by, (step.by, step.by)))})"
            if step.needs:
                line += self._t("; 先要办 ", "; after ") + ", ".join(self._word("steps", key) for key in step.needs)
            if step.requires:
                line += self._t("; 须填 ", "; asks for ") + self._parts(list(step.requires))
            if step.ends:
                line += self._t("; 办了就结束,并告知途径", "; it ends the case and tells the way to go")
            if step.key in self.info.told:
                line += self._t("; 反映人看得到", "; the reporter is told")
            yield line
        if not self.book.steps:
            yield self._t("没有自己的步骤", "none of its own")

    def _clocks(self) -> Iterator[str]:
        for rule in self.book.clocks:
            yield self._clock(rule)
        own: Counter[str] = Counter()
        for row in self.book.categories.values():
            own.update(self._clock(rule) for rule in row.clocks)
        for line, count in own.items():
            yield f"{line} · {self._t(f'{count} 个类别', f'{count} categories')}"

    def _clock(self, rule: ClockRule) -> str:
        stops = self._t("或", " or ").join(self._moment(stop) for stop in rule.stops)
        start = self._moment(rule.starts)
        span = self._t(f"从{start}到{stops}", f"from {start} to {stops}")
        line = f"{self._word('clocks', rule.key)}: {self._amount(rule)}, {span}"
        if rule.extend:
            line += self._t(f"; 经批准可延 {rule.extend} 一次", f"; {rule.extend} more once, with approval")
        if rule.statutory:
            line += self._t("; 法定", "; by law")
        if rule.reminds:
            line += self._t("; 只提醒", "; it only reminds")
        return f"{line} · {rule.basis}"

    def _routes(self) -> Iterator[str]:
        book = self.book
        for route in book.routes[:MOST_ROUTES]:
            what = route.category + "*" if route.category else self._t("所有类别", "everything")
            place = f" @ {route.place}*" if route.place else ""
            line = f"{what}{place} → {self.unit(route.lead)}"
            yield line + (f" + {self._units(route.assists)}" if route.assists else "")
        if len(book.routes) > MOST_ROUTES:
            yield self._t(f"……共 {len(book.routes)} 行", f"… {len(book.routes)} rows in all")
        yield self._t("没有规则的,手工派遣并写明理由", "without a row: dispatched by hand, with the reason")

    def _closing(self) -> Iterator[str]:
        book = self.book
        proofs = {proof for code in book.categories for proof in book.proofs_for(code)}
        by = {"unit": ("另一个单位", "another unit"), "person": ("另一个人", "another person")}[book.verify_by]
        yield self._t(f"由{by[0]}核查", f"accepted by {by[1]}")
        if proofs:
            yield self._t("凭证: ", "Proof: ") + ", ".join(self._word("proofs", key) for key in sorted(proofs))
        if book.outcomes:
            yield self._t("结果: ", "Outcome: ") + ", ".join(self._word("outcomes", key) for key in book.outcomes)
        if book.followups:
            days = ", ".join(map(str, book.followups))
            yield self._t(f"结案后第 {days} 天回访", f"asked again {days} days after closing")

    def _fields(self) -> Iterator[str]:
        for field in self.info.fields.values():
            places = [self._t("登记", "report") if one == REPORT else self._word("steps", one) for one in field["ask"]]
            marks = [self._of(KINDS[field["kind"]])]
            marks += [self._t("必填", "required")] if field["required"] else []
            marks += [self._t("个人信息", "personal")] if field["personal"] else []
            yield f"{field['label'][self.language]} ({', '.join(marks)}) · {', '.join(places)}"
