"""A case as plain values for its page: first screen, moves with their forms, timeline, clocks, tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from bihuan.desk import api as desk
from bihuan.faces import asked, shown
from bihuan.faces.console import forms, papers, story
from bihuan.faces.i18n import choose, language, say
from bihuan.faces.pages import explain_refusal
from bihuan.faces.templatetags.words import day, local
from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Case, Hold
from bihuan.kernel.events import ImportedCase

TEXTS = {
    "text": "反映内容",
    "address": "具体位置",
    "like": "报告人说与这个编号是同一件",
    "contact": "联系方式",
    "answer": "给反映人的答复",
    "rating": "反映人的评分",
    "work": "工作记录",
    "dispute": "异议说明",
    "statutory": "法定报告内容",
    "origin": "导入来源",
}
GONE = {"erased": "内容已按规定删除", "damaged": "内容打不开，已记录，请报告管理员"}
WHY_SEEN = {
    "desk": "您的单位是受理台",
    "lead": "您的单位主办",
    "assist": "您的单位协办",
    "verifier": "您的单位核查",
    "named": "您是经办人",
    "above": "您负责的单位在办",
    "area": "事情在您负责的地方",
    "oversight": "您负责监督",
    "break_glass": "已破封查阅",
    "staff": "公开件，工作人员可看",
    "anyone": "公开件",
    "reporter": "是您反映的",
}


HOTKEYS = {
    "accept": "a",
    "dispatch": "d",
    "recategorise": "c",
    "decline": "x",
    "merge": "m",
    "take": "t",
    "arrive": "v",
    "finish": "f",
    "return": "r",
    "send-to-verify": "s",
    "verify": "y",
    "reject": "n",
    "grant": "y",
    "deny": "n",
    "note": "w",
}


@dataclass(frozen=True)
class ShownMove:
    key: str
    target: str
    label: str
    fields: tuple[forms.Field, ...]
    is_main: bool
    is_danger: bool
    has_files: bool
    is_open: bool = False

    @property
    def hotkey(self) -> str:
        """The key that presses it where cases are worked through one after the other."""
        return HOTKEYS.get(self.key, "")


@dataclass(frozen=True)
class Wait:
    label: str
    why: str


Typed = Mapping[str, Sequence[str]]


def values(
    view: desk.CaseView,
    by: desk.Actor,
    *,
    purpose: str,
    since: int = 0,
    opened: str = "",
    typed: Typed | None = None,
) -> dict[str, object]:
    """Everything that ``console/case.html`` shows.

    ``opened``: the move whose form stands open after a mistake, with what was ``typed`` (field to values).
    """
    state, rule = view.state, view.rule
    shown_first = {
        "view": view,
        "state": state,
        "case_id": view.id,
        "version": state.version,
        "form_key": uuid4().hex,
        "opened_day": _opened_day(view),
        "title": choose(view.category.name, view.category.name_en) or say(_untitled(view)),
        "stage": shown.stage(state.stage),
        "seal": say(forms.SEALS[state.seal]),
        "is_sealed": state.seal >= "L2",
        "lead": desk.unit_name(state.lead),
        "champion": view.people.get(state.champion, ""),
        "verifier": story.unit_text(state.verifier_unit) if state.verifier_unit else "",
        "close_if": rule.close_if if rule else "",
        "proofs_needed": "、".join(forms.proof_name(kind) for kind in view.book.proofs_for(state.category)),
        "texts": list(_texts(view)),
        "photos": list(_photos(view)),
        "letters": papers.shown(view),
        "own_page": desk.declared_scene(state.scene).page,
        "own_label": desk.declared_scene(state.scene).page.get("label", {}).get(language(), ""),
        "story": story.tell(view, since),
        "since": since,
        "tasks": story.task_rows(view),
        "requests": story.request_rows(view),
        "why_seen": say(WHY_SEEN[view.verdict.why]) if view.verdict.why in WHY_SEEN else view.verdict.why,
        "purpose": purpose,
    }
    return shown_first | _turn(view) | _moves(view, opened, typed) | _others_of(view, by)


def _turn(view: desk.CaseView) -> dict[str, object]:
    """Whose turn it is to do what, and every promise that runs."""
    return {
        "turn_words": say(shown.TURNS[view.turn.what]) if view.turn.what in shown.TURNS else "",
        "clock": shown.show_clock(view.turn.clock, view.at) if view.turn.clock else None,
        "clocks": shown.show_clocks(view.state, view.at),
    }


def _others_of(view: desk.CaseView, by: desk.Actor) -> dict[str, object]:
    """The cases that this one is tied to, with a link where the viewer may follow it."""
    state, known = view.state, desk.numbers_of(by, _others(view.state))
    return {
        "linked": list(_linked(view, known)),
        "holds": [_hold(hold, known) for hold in state.holds],
        "lead_case": known.get(UUID(state.merged_into)) if state.merged_into else None,
    }


def _moves(view: desk.CaseView, opened: str, typed: Typed | None) -> dict[str, object]:
    """What may be done now, the usual first; and what could be, with what it waits for."""
    shown_moves = [shown_move(m, view, opened, typed) for m in view.moves if m.waits is None and m.key in forms.FORMS]
    return {
        "main_moves": [move for move in shown_moves if move.is_main or move.key in {"reject", "deny"}],
        "more_moves": [move for move in shown_moves if not (move.is_main or move.key in {"reject", "deny"})],
        "waits": [Wait(label(m, view), explain_refusal(m.waits).text) for m in view.moves if m.waits],
    }


def _opened_day(view: desk.CaseView) -> str:
    """The day, where it came from elsewhere without an hour: then none is shown."""
    first = view.history[0].event if view.history else None
    return day(first.opened) if isinstance(first, ImportedCase) and first.days_only else ""


def _untitled(view: desk.CaseView) -> str:
    """A case has no category before triage, and shows none to whoever may only know that it is there."""
    return "未分类" if view.verdict.level > desk.Level.EXISTENCE or view.state.seal < "L2" else "封存件"


def shown_move(move: desk.Move, view: desk.CaseView, opened: str = "", typed: Typed | None = None) -> ShownMove:
    form = forms.FORMS[move.key]
    is_open = opened == f"{move.key}{move.target}"
    fields = form.fields(forms.Setting(view.id, view.state, view.book), move.target)
    if is_open and typed:
        fields = tuple(_again(field, typed) for field in fields)
    numbered = tuple(replace(f, id=f"{move.key}{move.target}-{f.name}".replace(":", "-")) for f in fields)
    return ShownMove(
        key=move.key,
        target=move.target,
        label=label(move, view),
        fields=numbered,
        is_main=form.is_main and not _is_aside(move, view),
        is_danger=form.is_danger,
        has_files=any(field.kind == "file" for field in fields),
        is_open=is_open,
    )


def _is_aside(move: desk.Move, view: desk.CaseView) -> bool:
    """What was done may be done again, and to step back is open at any time: neither is what comes next."""
    aside = {*view.state.steps, *desk.declared_scene(view.state.scene).recusal}
    return move.key == "step" and move.target in aside


def _again(field: forms.Field, typed: Typed) -> forms.Field:
    """The field with what was typed into it. A file must be chosen again: browsers allow nothing else."""
    said = tuple(one[: field.most] for one in typed.get(field.name, ()))
    return replace(field, value=said[0] if said else "", chosen=said)


def label(move: desk.Move, view: desk.CaseView) -> str:
    """A move about one of several tasks, clocks or requests says which."""
    words = say(forms.FORMS[move.key].label)
    if move.key == "step":
        step = view.book.steps.get(move.target)
        return step_name(step.key, step.name) if step else words
    if move.key in {"pause", "extend", "resume", "follow-up"}:
        clock = view.state.clock(move.target)
        return f"{words}：{shown.clock_name(clock.key)}" if clock else words
    if move.key == "lift-hold":
        basis = next((hold.basis for hold in view.state.holds if hold.by_case == move.target), "")
        return say("解除暂缓（{basis}）", basis=basis) if basis else words
    if move.key in {"grant", "deny"}:
        asked = next((r for r in view.state.requests if str(r.id) == move.target), None)
        kinds = {"pause": "暂停", "extend": "延期", "return": "退回", "seal": "降低封存级别"}
        return f"{words}：{say(kinds[asked.kind])}" if asked and asked.kind in kinds else words
    if move.key in {"take", "arrive", "finish", "return", "release", "cancel"}:
        task = view.state.task(int(move.target))
        is_one = len([t for t in view.state.tasks if t.is_open]) == 1
        return f"{words}：{story.unit_text(task.unit)}" if task and not is_one else words
    return words


def step_name(key: str, name: str) -> str:
    word = desk.scene_word("steps", key, language())
    return name if word == key else word


def red_move() -> ShownMove:
    """The red button outside a case page, where nothing of the case may be shown yet."""
    fields = tuple(replace(f, id=f"red-{f.name}") for f in forms.red_fields())
    form = forms.FORMS["red-button"]
    return ShownMove("red-button", "", say(form.label), fields, form.is_main, form.is_danger, has_files=False)


def _texts(view: desk.CaseView) -> Iterator[dict[str, object]]:
    for text in view.texts.values():
        yield {
            "kind": _kind_of(view.state.scene, text.kind),
            "who": story.actor_name(view, text.by, text.unit),
            "at": text.at,
            "text": desk.shown_field(view.state.scene, text.kind, text.text, language()),
            "gone": say(GONE[text.gone]) if text.gone else "",
        }


def _kind_of(scene: str, kind: str) -> str:
    if kind in TEXTS:
        return say(TEXTS[kind])
    return next((asked.word(one.label) for one in desk.asked_fields(scene) if one.key == kind), kind)


def _photos(view: desk.CaseView) -> Iterator[dict[str, object]]:
    for proof in view.state.proofs:
        what, _, name = proof.ref.partition(":")
        address = f"/console/case/{view.id}/{what}/{name}" if what in {"photo", "voice"} else ""
        yield {
            "name": forms.proof_name(proof.kind), "address": address,
            "is_picture": what == "photo", "is_voice": what == "voice",
        }  # fmt: skip


def _others(state: Case) -> set[UUID]:
    """Every other case that this one names. Over the API a hold may name what is no case of ours."""
    named = [state.parent, state.merged_into, *state.children, *state.absorbed, *(hold.by_case for hold in state.holds)]
    return {UUID(one) for one in named if IS_ID.fullmatch(one)}


IS_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _hold(hold: Hold, known: Mapping[UUID, int]) -> dict[str, object]:
    number = known.get(UUID(hold.by_case)) if IS_ID.fullmatch(hold.by_case) else None
    return {"reason": hold.reason, "basis": hold.basis, "id": hold.by_case, "number": number}


def _linked(view: desk.CaseView, known: Mapping[UUID, int]) -> Iterator[dict[str, object]]:
    pairs = [(view.state.parent, "上级件"), *((c, "子件") for c in view.state.children)]
    pairs += [(c, "并进来的件") for c in view.state.absorbed]
    for case, what in pairs:
        if case:
            yield {"id": UUID(case), "what": say(what), "number": known.get(UUID(case))}


def why(view: desk.CaseView) -> dict[str, object]:
    """Why this unit, why this date: from the history alone."""
    explained = desk.explain(view.history)
    rules = {"desk": say("首先登记的受理台"), "by hand": say("手工派遣")}
    return {
        "view": view,
        "number": view.state.number,
        "owners": [
            {
                "since": owner.since,
                "unit": desk.unit_name(owner.unit),
                "rule": rules.get(owner.rule) or say("按规则表“{rule}”行", rule=owner.rule),
                "basis": owner.basis,
                "book": owner.book,
            }
            for owner in explained.owners
        ],
        "promises": [
            {
                "name": shown.clock_name(promise.key),
                "span": say(shown.SPANS[Unit(promise.unit)], n=promise.amount),
                **{n: getattr(promise, n) for n in ("started", "due", "basis", "book", "calendar", "broken")},
                "steps": [(at, say(STEPS[what]) if what in STEPS else what, due) for at, what, due in promise.steps],
            }
            for promise in explained.promises
        ],
        "objections": [(at, desk.unit_name(unit), reason, rule) for at, unit, reason, rule in explained.objections],
    }


OUTCOMES = {
    "ok": "看了",
    "refused": "被拒绝",
    "break_glass": "破封查阅",
    "asked": "申请破封",
    "granted": "同意破封",
    "reviewed": "复核破封",
    "ended": "结束破封",
}
STEPS = {
    "ClockPaused": "暂停",
    "ClockResumed": "恢复计时，已用时间保留",
    "ClockExtended": "经批准延长",
    "ClockTightened": "并案后取更早的期限",
    "ClockRecomputed": "日历公布后重算",
    "Promised": "按承诺的日期",
}


def looks(found: tuple[desk.Look, ...]) -> list[dict[str, object]]:
    names = desk.staff_names(look.person for look in found)
    return [
        {
            "at": look.at,
            "who": names.get(look.person, say("系统") if look.person == "system" else "—"),
            "unit": desk.unit_name(look.unit),
            "what": look.what,
            "purpose": look.purpose,
            "outcome": say(OUTCOMES[look.outcome]) if look.outcome in OUTCOMES else look.outcome,
        }
        for look in found
    ]


def glasses(found: tuple[desk.Glass, ...]) -> list[dict[str, object]]:
    """Openings asked for, open and over. What is still open is ended or runs out before it is reviewed."""
    at = desk.now()
    names = desk.staff_names(str(glass.person) for glass in found)
    shown = [
        {
            "id": glass.id,
            "number": desk.number_of(glass.case),
            "who": names.get(str(glass.person), "—"),
            "unit": desk.unit_name(glass.unit),
            "asked": glass.asked,
            "reason": glass.reason,
            "until_text": local(glass.expires) if glass.expires is not None else "",
            "is_open": glass.expires is not None and glass.expires > at,
            "review_text": local(glass.review_by) if glass.review_by is not None else "",
            "is_overdue": glass.review_by is not None and glass.review_by < at,
        }
        for glass in found
    ]
    return sorted(shown, key=lambda one: not one["is_overdue"])
