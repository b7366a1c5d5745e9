"""One form for each move: what it is called and what it asks. The command that it becomes: ``filled``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from bihuan.desk import api as desk
from bihuan.faces import asked
from bihuan.faces.i18n import choose, language, say
from bihuan.kernel.case import Case, Seal
from bihuan.kernel.rules import Rulebook

PICTURES = "photo"
SEALS = {"L0": "L0 公开", "L1": "L1 内部", "L2": "L2 经办组", "L3": "L3 封存"}
# §: who must be told at once when a child is in danger. The officer may choose others.
RED_BASIS = "《未成年人保护法》第十一条"
RED_WORDS = ("公安", "民政", "教育", "police", "civil", "education")


@dataclass(frozen=True)
class Field:
    """``kind``: ``text area choice many check file datetime-local number``. ``id`` is set for each form on the page.

    ``value`` (of ``many`` and ``check``: ``chosen``) is what stands in it at first, or again after a mistake.
    """

    name: str
    label: str
    kind: str = "text"
    required: bool = True
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    value: str = ""
    chosen: tuple[str, ...] = ()
    id: str = ""
    most: int = 2000


@dataclass(frozen=True)
class Setting:
    """What a form may draw its choices from."""

    case: UUID
    state: Case
    book: Rulebook


@dataclass(frozen=True)
class Form:
    label: str
    fields: Callable[[Setting, str], tuple[Field, ...]]
    is_main: bool = False
    is_danger: bool = False


def _none(_setting: Setting, _target: str) -> tuple[Field, ...]:
    return ()


def _reason(_setting: Setting, _target: str) -> tuple[Field, ...]:
    return (Field("reason", say("理由"), "area", hint=say("办这件事的人都看得到，反映人也可能看到。")),)


def _rule(value: str = "") -> Field:
    return Field("rule", say("依据哪条规定"), value=value)


def _units(barred: tuple[str, ...] = ()) -> tuple[tuple[str, str], ...]:
    return tuple((u.code, choose(u.name, u.name_en)) for u in desk.unit_choices() if u.code not in barred)


def _accept(setting: Setting, _target: str) -> tuple[Field, ...]:
    if setting.state.prior_final:
        return (Field("new_fact", say("有什么新的事实"), "area"),)
    if setting.state.category in desk.declared_scene(setting.state.scene).reviews.get("categories", ()):
        return (Field("new_fact", say("有什么新的事实或者迟延的理由（可以不填）"), "area", required=False),)
    return ()


def _recategorise(setting: Setting, target: str) -> tuple[Field, ...]:
    rows = tuple((r.code, choose(r.name, r.name_en)) for r in setting.book.categories.values())
    category = Field("category", say("类别"), "choice", choices=rows, value=setting.state.category)
    return (category, *_reason(setting, target))


def _decline(setting: Setting, target: str) -> tuple[Field, ...]:
    letter = (Field("letter", say("答复书编号")),) if setting.state.prior_final else ()
    route = Field("route", say("应当找谁"), hint=say("写清单位和途径，反映人会看到。"))
    return (*_reason(setting, target), _rule(), route, *letter)


def _dispatch(setting: Setting, _target: str) -> tuple[Field, ...]:
    state = setting.state
    route = setting.book.route(state.category, state.place)
    units = _units(state.barred)
    by_table, hint = "", say("规则表里没有这一行，请手工选择并写理由。")
    if route is not None:
        by_table = route.lead
        if by_table not in dict(units):  # a community that its own scene names
            units = ((by_table, _name(by_table)), *units)
        hint = say("规则表给出：{unit}（{basis}）。改派要写理由。", unit=_name(by_table), basis=route.basis)
    return (
        Field("lead", say("主办单位"), "choice", hint=hint, choices=(("", "—"), *units), value=by_table),
        Field("assists", say("协办单位"), "many", required=False, choices=units),
        Field("reason", say("改派的理由"), "area", required=False),
    )


def _name(code: str) -> str:
    unit = desk.unit_name(code)
    return choose(unit.name, unit.name_en)


def _assist(setting: Setting, _target: str) -> tuple[Field, ...]:
    return (Field("unit", say("协办单位"), "choice", choices=_units(setting.state.barred)),)


def _finish(setting: Setting, target: str) -> tuple[Field, ...]:
    """A file for each proof that the rulebook asks of the lead and that the case does not have yet."""
    task = setting.state.task(int(target)) if target.isdigit() else None
    is_lead = task is not None and task.role == "lead"
    have = {proof.kind for proof in setting.state.proofs}
    kinds = [kind for kind in setting.book.proofs_for(setting.state.category) if kind not in have] if is_lead else []
    files = tuple(Field(f"proof-{kind}", proof_name(kind), "file") for kind in kinds)
    more = (Field(f"proof-{PICTURES}", say("照片（可以不传）"), "file", required=False),) if not files else ()
    text = Field("answer", say("给反映人的答复") if is_lead else say("说明"), "area", required=is_lead)
    return (*files, *more, text)


def _give_back(setting: Setting, target: str) -> tuple[Field, ...]:
    return (*_reason(setting, target), _rule())


def _step(setting: Setting, target: str) -> tuple[Field, ...]:
    """What the rulebook requires of the step, then what the scene asks besides; a field says how it is filled in."""
    step = setting.book.steps.get(target)
    if step is None:
        return ()
    scene = setting.state.scene
    declared = {one.key: one for one in desk.asked_fields(scene, target)}
    keys = dict.fromkeys((*step.requires, *declared))
    return tuple(_of_scene(scene, key, declared.get(key), required=key in step.requires) for key in keys)


def _of_scene(scene: str, key: str, declared: desk.SceneField | None, *, required: bool) -> Field:
    if declared is None:
        return Field(f"data-{key}", desk.scene_word("fields", key, language()), required=required)
    one = asked.show(scene, declared)
    return Field(f"data-{key}", one.label, one.kind, required, one.hint, one.choices, most=one.most)


def _verify(setting: Setting, _target: str) -> tuple[Field, ...]:
    rows = tuple((one, desk.scene_word("outcomes", one, language())) for one in setting.book.outcomes)
    return (Field("outcome", say("结果"), "choice", choices=rows),) if rows else ()


def _follow(setting: Setting, target: str) -> tuple[Field, ...]:
    rows = (("1", say("问题没有再出现")), ("0", say("问题还在")))
    reason = replace(_reason(setting, target)[0], required=False)
    return (Field("settled", say("回访结果"), "choice", choices=rows), reason)


def _pause(setting: Setting, target: str) -> tuple[Field, ...]:
    return (Field("until", say("暂停到"), "datetime-local"), *_reason(setting, target))


def _extend(setting: Setting, target: str) -> tuple[Field, ...]:
    clock = setting.state.clock(target)
    most = clock.extend if clock is not None else 0
    amount = Field("amount", say("延长多少（最多 {n}，单位同原时限）", n=most), "number", value=str(most))
    return (amount, *_reason(setting, target))


def _merge(_setting: Setting, _target: str) -> tuple[Field, ...]:
    return (Field("number", say("并入哪一件（编号）"), "text"),)


def _champion(setting: Setting, _target: str) -> tuple[Field, ...]:
    people = (
        (one.person, f"{one.name} · {choose(one.unit.name, one.unit.name_en)}") for one in desk.leaders(setting.case)
    )
    hint = say("单位负责人。包案不改变主办单位；他看得到全部内容。")
    return (
        Field(
            "person", say("包案领导"), "choice", hint=hint, choices=(("", "—"), *people), value=setting.state.champion
        ),
    )


def _split(setting: Setting, target: str) -> tuple[Field, ...]:
    """One part at a time. Left empty, the place is that of the whole."""
    below = [place for _, places in desk.place_choices() for place in places]
    places = (("", say("与原件相同")), *((one.place, choose(one.name, one.name_en)) for one in below))
    hint = say("分出的一件单独计时、单独办结；它没有办结，原件不能办完。要分几件就提交几次。")
    return (
        _recategorise(setting, target)[0],
        Field("place", say("地点"), "choice", required=False, choices=places),
        Field("text", say("分出的是什么事"), "area", hint=hint),
    )


HELD = {"*": "全部任务，也不能结案", "handle": "只停处置任务"}


def _lay_hold(setting: Setting, target: str) -> tuple[Field, ...]:
    kinds = tuple((key, say(text)) for key, text in HELD.items())
    return (
        Field(
            "number", say("暂缓哪一件（编号）"), hint=say("在本件有结果以前，那一件不能往下办。只有您的单位能解除。")
        ),
        Field("on", say("停到什么程度"), "choice", choices=kinds),
        *_reason(setting, target),
        _rule(),
    )


def _seal(setting: Setting, _target: str) -> tuple[Field, ...]:
    levels = tuple((s.value, say(SEALS[s])) for s in Seal if s > setting.state.seal)
    return (Field("seal", say("封存到"), "choice", choices=levels), _rule())


def _unseal(setting: Setting, target: str) -> tuple[Field, ...]:
    levels = tuple((s.value, say(SEALS[s])) for s in Seal if s < setting.state.seal)
    return (Field("seal", say("降到"), "choice", choices=levels), *_reason(setting, target))


def _note(_setting: Setting, _target: str) -> tuple[Field, ...]:
    kinds = (("work", say("给经办的人看")), ("answer", say("答复反映人")))
    return (Field("kind", say("写给谁"), "choice", choices=kinds), Field("text", say("内容"), "area"))


def _red(_setting: Setting, _target: str) -> tuple[Field, ...]:
    return red_fields()


def red_fields() -> tuple[Field, ...]:
    """What the red button asks, also where nothing of the case may be shown: to whom, on what ground."""
    units = _units()
    likely = [code for code, name in units if any(word in name.lower() for word in RED_WORDS)]
    return (
        Field("to", say("报告给"), "choice", choices=units, value=likely[0] if likely else ""),
        Field("also", say("同时报告给"), "many", required=False, choices=units),
        _rule(RED_BASIS),
        Field("text", say("情况（可以先不写，先报）"), "area", required=False),
    )


FORMS: Mapping[str, Form] = {
    "accept": Form("受理", _accept, is_main=True),
    "dispatch": Form("派遣", _dispatch, is_main=True),
    "take": Form("接单", _none, is_main=True),
    "arrive": Form("已到现场", _none, is_main=True),
    "finish": Form("办完了", _finish, is_main=True),
    "send-to-verify": Form("送核查", _assist, is_main=True),
    "verify": Form("核查通过", _verify, is_main=True),
    "sample": Form("免于现场核查，结案", _verify, is_main=True),
    "reject": Form("核查不通过", _reason, is_danger=True),
    "grant": Form("同意申请", _none, is_main=True),
    "deny": Form("不同意申请", _reason, is_danger=True),
    "follow-up": Form("登记回访", _follow, is_main=True),
    "step": Form("办理步骤", _step, is_main=True),
    "decline": Form("不予受理", _decline),
    "recategorise": Form("改类别", _recategorise),
    "assist": Form("加协办单位", _assist),
    "return": Form("退回", _give_back),
    "release": Form("放手", _reason),
    "cancel": Form("取消协办", _reason),
    "pause": Form("申请暂停", _pause),
    "extend": Form("申请延期", _extend),
    "resume": Form("恢复计时", _reason),
    "merge": Form("并案", _merge),
    "unmerge": Form("撤销并案", _reason),
    "split": Form("分出一件", _split),
    "lay-hold": Form("暂缓另一件", _lay_hold),
    "lift-hold": Form("解除暂缓", _reason),
    "champion": Form("指定包案领导", _champion),
    "note": Form("写记录", _note),
    "remind": Form("催办", _reason),
    "oversee": Form("督办", _reason),
    "dispute": Form("代为提出异议", _reason),
    "archive": Form("归档", _none),
    "raise-seal": Form("提高封存级别", _seal),
    "lower-seal": Form("申请降低封存级别", _unseal),
    "red-button": Form("紧急法定报告", _red, is_danger=True),
}
PROOFS = {
    "photo": "照片",
    "photo_before": "处置前照片",
    "photo_after": "处置后照片",
    "photo_site": "现场照片",
    "voice": "语音记录",
    "letter": "答复书（照片）",
    "agreement": "协议书（照片）",
}


def proof_name(kind: str) -> str:
    return say(PROOFS[kind]) if kind in PROOFS else desk.scene_word("proofs", kind, language())
