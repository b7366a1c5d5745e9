"""Pressing the buttons of the console without a browser: find the form on the page, fill it, send it."""

import re
import zlib
from itertools import count
from struct import pack

from django.core.files.uploadedfile import SimpleUploadedFile

FORM = re.compile(r'<form method="post" action="/console/case/[^"]+/do".*?</form>', re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
ADDRESS = re.compile(r"/console/case/[0-9a-f-]{36}")
numbers = count()


def png(note=b""):
    """A real picture of one point; ``note`` goes into a text chunk."""

    def chunk(name, data):
        return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(name + data))

    text = chunk(b"tEXt", b"Comment\0" + note) if note else b""
    head = chunk(b"IHDR", pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + text + chunk(b"IDAT", zlib.compress(b"\0\xff")) + chunk(b"IEND", b"")


def photo(name="after.png"):
    return SimpleUploadedFile(name, png(), content_type="image/png")


def moves(browser, case):
    """Every form on the page of a case: (move, target) to its hidden fields."""
    page = browser.get(case).content.decode()
    forms = [dict(HIDDEN.findall(form)) for form in FORM.findall(page)]
    return {(form["move"], form["target"]): form for form in forms}


def press(browser, case, move, target="", **fields):
    """Send the form of a move; it must be on the page."""
    form = moves(browser, case)[(move, target)]
    return browser.post(f"{case}/do", form | fields)


def first_case(browser, tab):
    return ADDRESS.search(browser.get(f"/console/?tab={tab}").content.decode())[0]


def number(browser, case):
    """The number that people call a case by."""
    return re.search(r"编号 (\d+)", browser.get(case).content.decode())[1]


def report(district, text="井盖松了，车一压就响", category="manhole", **more):
    """A report through the page; its tracking address."""
    key = f"{next(numbers):032x}"
    fields = {"key": key, "step": "3", "text": text, "category": category, "place": district.PLACE, "address": "巷口"}
    answer = district.client().post("/report", fields | more)
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"].partition("?")[0]
