"""A notice as PDF, DOCX and XLSX, and lists of cases as XLSX; each number stays a link to its cases."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse

from bihuan.desk import api as desk
from bihuan.faces.i18n import choose, say
from bihuan.faces.screen import shown
from bihuan.faces.shown import stage
from bihuan.faces.templatetags.words import local

if TYPE_CHECKING:
    from bihuan.faces.screen.monthly import Notice

KINDS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def answer(data: bytes, kind: str, name: str) -> HttpResponse:
    made = HttpResponse(data, content_type=KINDS[kind])
    made["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    made["Cache-Control"] = "no-store"
    return made


def write(notice: Notice, kind: str) -> bytes:
    return {"pdf": _as_pdf, "docx": _as_docx, "xlsx": _as_xlsx}[kind](notice)


def _as_pdf(notice: Notice) -> bytes:
    from fpdf import FPDF  # noqa: PLC0415 - heavy, and seldom asked for
    from fpdf.enums import Align, WrapMode, XPos, YPos  # noqa: PLC0415
    from fpdf.fonts import FontFace  # noqa: PLC0415

    from bihuan.faces.letters.pdf import FONT, font_file  # noqa: PLC0415

    sheet = FPDF(orientation="landscape", format="A4")
    sheet.set_title(notice.title)
    sheet.set_lang("zh-CN")
    sheet.add_font(FONT, fname=font_file())
    sheet.add_page()

    def say_line(text: str, size: float, align: Align = Align.L, link: str = "") -> None:
        sheet.set_font(FONT, size=size)
        sheet.multi_cell(
            0, size * 0.62, text, align=align, link=link, new_x=XPos.LMARGIN, new_y=YPos.NEXT, wrapmode=WrapMode.CHAR
        )

    say_line(notice.title, 20, Align.C)
    for line in notice.lines:
        say_line(line.text, 12, link=line.link)
    for part in notice.sheets:
        sheet.ln(4)
        say_line(part.title, 14)
        sheet.set_font(FONT, size=9)
        with sheet.table(headings_style=FontFace(fill_color=(228, 236, 238)), wrapmode=WrapMode.CHAR) as table:
            head = table.row()
            for name in part.head:
                head.cell(name)
            for cells in part.rows:
                row = table.row()
                for cell in cells:
                    row.cell(cell.text, link=cell.link or None)
    for note in notice.notes:
        say_line(note, 9)
    return bytes(sheet.output())


def _as_docx(notice: Notice) -> bytes:
    from docx import Document  # noqa: PLC0415 - as fpdf
    from docx.enum.section import WD_ORIENT  # noqa: PLC0415

    document = Document()
    page = document.sections[0]
    page.orientation, page.page_width, page.page_height = WD_ORIENT.LANDSCAPE, page.page_height, page.page_width
    document.core_properties.title = notice.title
    document.add_heading(notice.title, 0)
    for line in notice.lines:
        _linked(document.add_paragraph(), line.text, line.link)
    for part in notice.sheets:
        document.add_heading(part.title, 1)
        table = document.add_table(rows=1, cols=len(part.head), style="Light Grid Accent 1")
        for cell, name in zip(table.rows[0].cells, part.head, strict=True):
            cell.text = name
        for cells in part.rows:
            for place, one in zip(table.add_row().cells, cells, strict=True):
                _linked(place.paragraphs[0], one.text, one.link)
    for note in notice.notes:
        document.add_paragraph(note)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _linked(paragraph: Any, text: str, link: str) -> None:  # noqa: ANN401 - the library has no types for it
    from docx.opc.constants import RELATIONSHIP_TYPE  # noqa: PLC0415
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    run = paragraph.add_run(text)
    if link:
        hyperlink = OxmlElement("w:hyperlink")
        hyperlink.set(qn("r:id"), paragraph.part.relate_to(link, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
        hyperlink.append(run._r)  # noqa: SLF001 - its own way
        paragraph._p.append(hyperlink)  # noqa: SLF001 - as above


def _as_xlsx(notice: Notice) -> bytes:
    sheets = [
        (part.title, part.head, [[(one.text, one.link) for one in row] for row in part.rows]) for part in notice.sheets
    ]
    notes = [*((line.text, line.link) for line in notice.lines), *((note, "") for note in notice.notes)]
    return _workbook([*sheets, (say("说明"), (notice.title,), [[one] for one in notes])])


def _workbook(sheets: list[tuple[str, tuple[str, ...], list[list[tuple[str, str]]]]]) -> bytes:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # noqa: PLC0415 - as fpdf

    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True})
    bold = book.add_format({"bold": True})
    for title, head, rows in sheets:
        sheet = book.add_worksheet(title[:31])
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, len(head) - 1, 18)
        for column, name in enumerate(head):
            sheet.write_string(0, column, name, bold)
        for number, cells in enumerate(rows, 1):
            for column, (text, link) in enumerate(cells):
                if link:
                    sheet.write_url(number, column, link, string=text)
                else:
                    sheet.write_string(number, column, text)  # never a formula, whatever a name begins with
    book.close()
    return out.getvalue()


def list_of(title: str, page: desk.Page, request: HttpRequest) -> bytes:
    head = tuple(say(name) for name in ("编号", "类别", "地点", "阶段", "主办单位", "登记时间", "应办结时间"))
    rows = [
        [
            (str(line.number), request.build_absolute_uri(f"/console/case/{line.id}")),
            (shown.named(line.category_name), ""),
            (choose(line.place.name, line.place.name_en), ""),
            (stage(line.stage), ""),
            (choose(line.turn.name, line.turn.name_en), ""),
            (local(line.opened), ""),
            (local(line.due) if line.due else "", ""),
        ]
        for line in page.lines
    ]
    return _workbook([(title, head, rows)])
