"""A letter as PDF. The Chinese font is embedded: it looks the same on every machine, and needs none of its fonts."""

from __future__ import annotations

from datetime import UTC
from functools import cache
from importlib.resources import files
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import Align, WrapMode, XPos, YPos

from bihuan.faces.letters.compose import Letter
from bihuan.faces.letters.layout import Line, lines

FONT = "Noto Serif SC"
POINT = 25.4 / 72  # millimetres
SIDES = {"left": Align.L, "centre": Align.C, "right": Align.R}


@cache
def font_file() -> Path:
    """Noto Serif SC, under the SIL Open Font License, from its own package."""
    return Path(str(files("pylopdf_fonts_zh_cn") / "NotoSerifSC-Regular.otf"))


class _Sheet(FPDF):
    def footer(self) -> None:
        self.set_y(-18)
        self.set_font(FONT, size=10)
        self.cell(0, 8, f"— {self.page_no()} —", align=Align.C)


def as_pdf(letter: Letter) -> bytes:
    sheet = _Sheet(format="A4")
    sheet.set_margins(28, 35, 26)
    sheet.set_auto_page_break(auto=True, margin=30)
    sheet.set_title(letter.title)
    sheet.set_author(letter.unit)
    sheet.set_lang("zh-CN")
    sheet.set_creation_date(letter.at.astimezone(UTC))  # the same letter gives the same bytes
    sheet.add_font(FONT, fname=font_file())
    sheet.add_page()
    for line in lines(letter):
        _write(sheet, line)
    return bytes(sheet.output())


def _write(sheet: FPDF, line: Line) -> None:
    sheet.set_font(FONT, size=line.size)
    sheet.ln(line.before * POINT)
    text = f"　　{line.text}" if line.indent else line.text
    sheet.multi_cell(
        0,
        line.size * 1.75 * POINT,
        text,
        align=SIDES[line.side],
        new_x=XPos.LMARGIN,
        new_y=YPos.NEXT,
        wrapmode=WrapMode.CHAR,
    )
