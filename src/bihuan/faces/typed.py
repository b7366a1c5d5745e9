"""What people type: tidied, measured, refused with its place. And bodies in GBK, which old browsers still send."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from urllib.parse import unquote_to_bytes, urlencode

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase

from bihuan.faces.i18n import say

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 1000


class Mistyped(Exception):
    """A field that cannot be taken, and what to do about it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def tidy(value: str, *, most: int, lines: bool = False) -> str:
    """One field as it is kept: NFC, trimmed, without control characters. Raises ``Mistyped``."""
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if "\ufffd" in text:
        where = text.index("\ufffd") + 1
        raise Mistyped(say("第 {n} 个字认不出来，可能是编码不对（应为 UTF-8）。请重新输入。", n=where))
    text = "".join(ch for ch in text if ch == "\n" or unicodedata.category(ch) not in {"Cc", "Cs"})
    if not lines:
        text = " ".join(text.split())
    if len(text) > most:
        raise Mistyped(say("太长了：最多 {most} 个字，现在有 {n} 个。", most=most, n=len(text)))
    return text


def read_gbk(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """A form body that is not UTF-8 but is GB 18030 (GBK, GB 2312) is read as that, before anybody looks at it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method == "POST" and request.content_type == FORM:
            _to_utf8(request)
        return get_response(request)

    return middleware


def _to_utf8(request: HttpRequest) -> None:
    try:
        body = request.body
    except RequestDataTooBig:
        return
    encoding = "utf-8" if _reads_as(body, "utf-8") else "gb18030"
    if (encoding == "utf-8" and request.encoding in {None, "utf-8"}) or not _reads_as(body, encoding):
        return
    pairs = [pair.replace(b"+", b" ").partition(b"=") for pair in body.split(b"&")[:MOST_FIELDS]]
    read = [(unquote_to_bytes(k).decode(encoding), unquote_to_bytes(v).decode(encoding)) for k, _, v in pairs]
    request._body = urlencode(read).encode()  # noqa: SLF001 - Django has no door for this
    request.encoding = "utf-8"


def _reads_as(body: bytes, encoding: str) -> bool:
    try:
        unquote_to_bytes(body).decode(encoding)
    except ValueError:
        return False
    return True
