"""A letter as DOCX, for those who still have to change a word before it is signed."""

from __future__ import annotations

import io
from datetime import UTC

from docx import Document
from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.text.run import Run

from bihuan.faces.letters.compose import Letter
from bihuan.faces.letters.layout import BODY, DRAFT, TITLE, Line, lines

# Fonts that Chinese offices have; a machine without them takes its own.
TITLE_FONT, BODY_FONT = "方正小标宋简体", "仿宋"
SIDES = {"left": WD_ALIGN_PARAGRAPH.LEFT, "centre": WD_ALIGN_PARAGRAPH.CENTER, "right": WD_ALIGN_PARAGRAPH.RIGHT}


def as_docx(letter: Letter) -> bytes:
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    _properties(document, letter)
    for line in lines(letter):
        _write(document, line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _properties(document: Doc, letter: Letter) -> None:
    core = document.core_properties
    core.title, core.author, core.comments = letter.title, letter.unit, ""
    core.created = core.modified = letter.at.astimezone(UTC).replace(tzinfo=None)


def _write(document: Doc, line: Line) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = SIDES[line.side]
    form = paragraph.paragraph_format
    form.space_before, form.space_after = Pt(line.before), Pt(0)
    form.line_spacing = Pt(line.size * 1.75)
    if line.indent:
        form.first_line_indent = Pt(line.size * 2)
    _set_font(paragraph.add_run(line.text), TITLE_FONT if line.kind in {TITLE, DRAFT} else BODY_FONT, line)


def _set_font(run: Run, name: str, line: Line) -> None:
    run.font.size, run.font.name = Pt(line.size), name
    run.font.bold = line.kind not in {BODY, DRAFT}
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)  # noqa: SLF001 - its own way
