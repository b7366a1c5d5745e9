"""A new scene that works at once: a manifest, tables and a field, for its author to change."""

from __future__ import annotations

import re
import tempfile
from datetime import date
from pathlib import Path

from bihuan.desk import api
from bihuan.kernel.calendar import Unit
from bihuan.kernel.case import Stage
from bihuan.kernel.rules import Category, ClockRule, LadderStep, Route, Rulebook, Step, complete

KEY = re.compile(r"[a-z][a-z0-9_]{1,23}")
BASIS = "样例:写明依据的文件和条款 (name the document and the article)"


class CannotMake(ValueError):
    """Why no scene was made, and what to do."""


def scaffold(folder: Path, name: str, name_en: str, *, desk: str, lead: str, verifier: str) -> list[Path]:
    """Make the scene ``folder.name``; returns its files. Nothing is left behind when it cannot be made."""
    key = folder.name
    if not KEY.fullmatch(key):
        raise CannotMake(f"{key}: 小写字母开头,2 至 24 个小写字母、数字、下划线 / 2 to 24 small letters, digits and _")
    if folder.exists():
        raise CannotMake(f"{folder} 已存在 / exists already: choose another key, or change what is there")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as draft:
        made = Path(draft) / key
        made.mkdir()
        (made / "__init__.py").touch()
        (made / "manifest.toml").write_text(_manifest(key, name, name_en), encoding="utf-8")
        api.upkeep.write_book(_book(key, desk, lead, verifier), made / "tables")
        made.rename(folder)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _book(key: str, desk: str, lead: str, verifier: str) -> Rulebook:
    day = Unit.WORKING_DAY
    clocks = [complete(ClockRule(name, n, day, BASIS)) for name, n in (("accept", 1), ("dispatch", 1), ("verify", 2))]
    handle = complete(ClockRule("handle", 5, day, BASIS, extend=3))
    looked = ClockRule("look", 2, day, BASIS, "dispatched", ("step:looked", "answered", "declined"))
    row = Category("A01", "第一类事项", "First kind of matter", "属于本场景的事项", "办完并有凭证", BASIS, ("record",))
    stages = (Stage.DISPATCHED, Stage.WORKING)
    step = Step("looked", "到场查看", stages, "handler", requires=("found",), basis=BASIS)
    return Rulebook(
        scene=key,
        version=f"{date.today().year}.1",  # noqa: DTZ011 - a name; the author changes it
        effective=date(2020, 1, 1),
        basis=BASIS,
        desks=(desk,),
        clocks=(*clocks, handle, looked),
        categories={row.code: row},
        routes=(Route("all", "", "", lead, basis=BASIS),),
        steps={step.key: step},
        ladder=(LadderStep(75, "warn", "lead"), LadderStep(120, "remind", "head")),
        verifier=verifier,
    )


def _manifest(key: str, name: str, name_en: str) -> str:
    return MANIFEST.format(key=key, name=_quoted(name or key), name_en=_quoted(name_en or key))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


MANIFEST = """# Facts about the scene. What officers change (limits, routes, proofs) is in tables/.
# Everything here is explained in docs/reference/scenes.md. After each change: bihuan scene check {key}
key = "{key}"
name = {name}
name_en = {name_en}
summary = "一句话:这个场景管什么。"
summary_en = "One sentence: what this scene is for."
kernel_api = 1
owners = ["@you"]
level = "draft"
personal_data = ["reporter.name", "reporter.phone", "note"]
keeps_for = "P3Y"
uses = ["photos"]

# What the form of a report asks beyond "what" and "where", and what a step asks of those who take it.
[fields.since]
label = {{ zh = "什么时候开始的", en = "Since when" }}
kind = "date"

[fields.found]
label = {{ zh = "看到的情况", en = "What was found" }}
kind = "choice"
ask = ["looked"]
required = true

[fields.found.options]
true_so = {{ zh = "属实", en = "As reported" }}
not_so = {{ zh = "不属实", en = "Not as reported" }}

[indicators.on_time]
label = {{ zh = "按期办结率", en = "Answered in time" }}
measure = "on_time"
clock = "handle"

[words.steps]
looked = {{ zh = "到场查看", en = "Looked at on the spot" }}

[words.groups]
A = {{ zh = "全部", en = "Everything" }}

[words.common]
A01 = {{ zh = "第一类事项", en = "First kind of matter" }}

[words.clocks]
accept = {{ zh = "受理", en = "Accept" }}
dispatch = {{ zh = "派遣", en = "Dispatch" }}
handle = {{ zh = "办理", en = "Handle" }}
verify = {{ zh = "核查", en = "Verify" }}
look = {{ zh = "到场查看", en = "Look on the spot" }}

[words.proofs]
record = {{ zh = "办理记录", en = "Record of the work" }}
"""
