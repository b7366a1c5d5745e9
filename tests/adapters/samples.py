"""One small table in every kind and encoding, and files that mean harm."""

import gzip
import io
import json
import zipfile

import xlsxwriter

HEADER = ["编号", "登记时间", "结案时间", "类别", "地址"]
ROWS = [[f"K-{n}", "2024-03-04", "2024-03-06" if n % 3 else "", "manhole", f"和平路{n}号"] for n in range(1, 8)]


def csv_text(lines=ROWS, header=HEADER):
    return "\n".join(",".join(row) for row in [header, *lines]) + "\n"


def json_text(lines=ROWS, *, is_array=False):
    objects = [dict(zip(HEADER, row, strict=True)) for row in lines]
    return json.dumps(objects, indent=1) if is_array else "\n".join(json.dumps(o, ensure_ascii=False) for o in objects)


def workbook(lines=ROWS, header=HEADER, change=lambda _sheet, _book: None, before=""):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet(before or None)
        for number, row in enumerate([header, *lines]):
            sheet.write_row(number, 0, row)
        change(sheet, book)
    return out.getvalue()


FILES = {
    "a.csv": csv_text().encode(),
    "bom.csv": b"\xef\xbb\xbf" + csv_text().encode(),
    "gbk.csv": csv_text().encode("gbk"),
    "gb18030.csv": csv_text([*ROWS[:6], [*ROWS[6][:4], "和平路7号"]]).encode("gb18030"),
    "utf16.csv": csv_text().encode("utf-16"),
    "windows.csv": csv_text().replace("\n", "\r\n").encode(),
    "tab.tsv": csv_text().replace(",", "\t").encode(),
    "bar.txt": csv_text().replace(",", "|").encode(),
    "packed.csv.gz": gzip.compress(csv_text().encode("gbk")),
    "a.jsonl": json_text().encode(),
    "packed.jsonl.gz": gzip.compress(json_text().encode()),
    "array.json": json_text(is_array=True).encode(),
    "packed.json.gz": gzip.compress(json_text(is_array=True).encode()),
    "a.xlsx": workbook(),
    "packed.xlsx.gz": gzip.compress(workbook()),
}


def gzip_bomb():
    return gzip.compress(b"a,b\n" + b"0," * (40 << 20))


def zip_bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * (600 << 20))
    return out.getvalue()


def far_cell():
    """5 kB on disk, 500 GB in the memory of who believes it."""
    return workbook(change=lambda sheet, _book: sheet.write(1_048_575, 16_383, "x"))


def write(folder, name, content):
    from bihuan.adapters.importing.sources import look

    (folder / name).write_bytes(content)
    return look(folder / name)
