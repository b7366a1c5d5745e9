"""The after-action report as PDF, marked as an exercise on every page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos
from fpdf.fonts import FontFace

from bihuan.desk import api as desk
from bihuan.faces.console import drills_shown
from bihuan.faces.drilling import MARK
from bihuan.faces.i18n import choose, say
from bihuan.faces.letters.pdf import FONT, font_file
from bihuan.faces.templatetags.words import local

MOST_ROWS = 60


class _Sheet(FPDF):
    def header(self) -> None:
        self.set_font(FONT, size=11)
        self.set_fill_color(255, 212, 0)
        self.cell(0, 8, MARK, align=Align.C, fill=True, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(3)

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font(FONT, size=9)
        self.cell(0, 8, f"{MARK} — {self.page_no()}", align=Align.C)


def as_pdf(drill: desk.drills.Drill) -> bytes:
    report = drill.report or {}
    shown: dict[str, Any] = drills_shown.of_report(report)
    sheet = _Sheet(format="A4")
    sheet.set_margins(18, 14, 18)
    sheet.set_auto_page_break(auto=True, margin=20)
    title = choose(report["title"], report.get("title_en", ""))
    sheet.set_title(f"{MARK} {title}")
    sheet.set_lang("zh-CN")
    sheet.set_creation_date((drill.ended or drill.planned).astimezone(UTC))  # the same report gives the same bytes
    sheet.add_font(FONT, fname=font_file())
    sheet.add_page()
    _line(sheet, f"{say('复盘报告')} · {title}", 18)
    _line(
        sheet,
        f"{_when(report['starts'])} — {_when(report['ends'])} · {say('种子')} {report['seed']} · {shown['met_words']}",
        10,
    )
    _line(sheet, " · ".join(f"{word} {count}" for word, count in shown["counts"]), 10)
    _scores(sheet, shown)
    _heading(sheet, say("各步用时（中位）"))
    _table(sheet, (say("从哪步到哪步"), say("用时")), [list(pair) for pair in shown["times"]], (60, 40))
    _heading(sheet, say("计划与实际"))
    rows = [
        [_hour(row["planned"]), _hour(row["at"]), row["kind"], row["text"]] for row in shown["timeline"][:MOST_ROWS]
    ]
    _table(sheet, (say("计划"), say("实际"), say("是什么"), say("内容")), rows, (16, 16, 20, 80))
    _heading(sheet, say("教训"))
    rows = [
        [one["title"], one["owner"].name if one["owner"] else "", f"{one['late']} / {one['of']}", one["why"]]
        for one in shown["lessons"]
    ]
    _table(sheet, (say("没有达到的"), say("由谁改"), say("超时"), say("为什么")), rows, (60, 30, 18, 40))
    _line(sheet, f"history_sha256 {drill.history}", 8)
    return bytes(sheet.output())


def _scores(sheet: FPDF, shown: dict[str, Any]) -> None:
    _heading(sheet, say("期望与结果"))
    rows = [
        [
            one["title"],
            one["limit"],
            f"{one['done']} / {one['of']}",
            one["middle_words"],
            say("达到") if one["met"] else say("没有达到"),
        ]
        for one in shown["scores"]
    ]
    _table(sheet, (say("期望"), say("限度"), say("做到"), say("中位"), say("结果")), rows, (70, 30, 18, 25, 25))
    late = [
        [one["title"], str(each["case"] or ""), each["unit"].name if each["unit"] else "", each["over"], each["why"]]
        for one in shown["scores"]
        for each in one["late_words"][:5]
    ]
    if late:
        _heading(sheet, say("哪些晚了，为什么"))
        _table(sheet, (say("期望"), say("编号"), say("单位"), say("超出"), say("为什么")), late, (45, 14, 30, 25, 55))


def _heading(sheet: FPDF, text: str) -> None:
    sheet.ln(4)
    _line(sheet, text, 13)


def _line(sheet: FPDF, text: str, size: int) -> None:
    sheet.set_font(FONT, size=size)
    sheet.multi_cell(0, size * 0.55, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    sheet.ln(1)


def _table(sheet: FPDF, head: tuple[str, ...], rows: list[list[str]], widths: tuple[int, ...]) -> None:
    sheet.set_font(FONT, size=9)
    plain = FontFace(fill_color=(235, 238, 240), emphasis="")
    with sheet.table(col_widths=widths, line_height=5, headings_style=plain) as table:
        for row in [list(head), *rows]:
            cells = table.row()
            for text in row:
                cells.cell(text or "–")


def _when(text: str) -> str:
    return local(datetime.fromisoformat(text)) if text else ""


def _hour(at: Any) -> str:  # noqa: ANN401 - an instant or nothing
    return f"{at.astimezone(ZoneInfo(settings.ZONE)):%H:%M}" if at is not None else "–"
