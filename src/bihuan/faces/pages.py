"""What all pages share: the language switch, refusals in words, pages that say what went wrong."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from bihuan.desk import api as desk
from bihuan.faces import i18n
from bihuan.faces.i18n import say
from bihuan.kernel.refused import Refused

A_YEAR = 365 * 24 * 3600
EXERCISE = "演练 EXERCISE"  # in both languages, always: nobody may take a drill for real


@dataclass(frozen=True)
class Explained:
    """A refusal as people read it: what, and the law or rule it rests on."""

    text: str
    law: str = ""


def explain_refusal(refused: Refused) -> Explained:
    facts = {name: _named(str(value)) for name, value in refused.facts.items()}
    text = i18n.choose(*desk.words_of(Refused(refused.code, law=refused.law, rule=refused.rule, **facts)))
    if refused.law is None:
        return Explained(text, refused.rule)
    return Explained(
        text, say("依据：闭环第 {n} 律“{name}”", n=refused.law, name=i18n.choose(*desk.LAW_WORDS[refused.law]))
    )


def _named(value: str) -> str:
    """Codes of units and kinds of proof among the facts, as people call them. A name is kept together."""
    words = []
    for part in value.split(" "):
        unit = desk.unit_name(part)
        word = desk.scene_word("proofs", part, i18n.language())
        words.append(i18n.choose(unit.name, unit.name_en) if unit.kind else word)
    return " ".join(word.replace(" ", "\u00a0") for word in words)


def context(request: HttpRequest) -> dict[str, object]:
    """For every template: the language of the page, the other one to switch to, and the pages of scenes."""
    is_english = i18n.language() == "en"
    return {
        "html_lang": "en" if is_english else "zh-Hans",
        "other_language": "zh-hans" if is_english else "en",
        "other_language_name": "中文" if is_english else "English",
        "inside": getattr(request, "inside", None),
        "exercise": EXERCISE,
        "large": request.COOKIES.get("large") == "1",
        "light": is_light(request),
        "scene_pages": [
            (told["home"], told["name"][i18n.language()])
            for told in (desk.declared_scene(key).page for key in settings.SCENES)
            if told
        ],
    }


def is_light(request: HttpRequest) -> bool:
    """Few bytes: no pictures, no comforts of scripts. As the reader chose, or as his browser asks (Save-Data)."""
    chosen = request.COOKIES.get("light")
    return chosen == "1" or (chosen is None and request.headers.get("Save-Data", "") == "on")


@require_POST
def reading(request: HttpRequest) -> HttpResponse:
    """Large print, few bytes: kept in a cookie of this browser, for a year."""
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    answer = HttpResponseRedirect(back if safe else "/")
    for mode in ("large", "light"):
        if request.POST.get(mode) in {"0", "1"}:
            answer.set_cookie(mode, request.POST[mode], max_age=A_YEAR, samesite="Lax", secure=request.is_secure())
    return answer


@require_GET
def components(request: HttpRequest) -> HttpResponse:
    """Every piece that pages are made of: for whoever makes a page or changes the sheet."""
    return render(request, "components.html", {"at": desk.now()})


def problem_page(
    request: HttpRequest, title: str, text: str, *, law: str = "", back: str = "/", status: int = 400
) -> HttpResponse:
    problem = {"title": title, "text": text, "law": law, "back": back, "back_text": say("回到首页")}
    return render(request, "problem.html", {"problem": problem}, status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The same words for what is not there and for what is not for this reader."""
    text = say("没有这一页，或者它不是给您看的。请核对网址或查询码。")
    return problem_page(request, say("找不到"), text, status=404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    text = say("请求读不懂：可能太大、编码不对（应为 UTF-8）或者不完整。没有保存任何内容。")
    return problem_page(request, say("请求有问题"), text, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return problem_page(request, say("不允许"), say("您不能做这个操作。"), status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    text = say("这张表放得太久，或者浏览器不接受 Cookie。请返回上一页，刷新后再提交；已写的内容请先复制。")
    return problem_page(request, say("请再提交一次"), text, status=403)


def locked(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """Too many wrong passwords from one address: for one account, or over many."""
    text = say("从这里连续输错密码太多次，一小时内不能登录。急用请找管理员。")
    return problem_page(request, say("暂时不能登录"), text, status=429)


def unavailable(request: HttpRequest) -> HttpResponse:
    """The database is away. A report may be sent again: its form carries the key under which it is registered once."""
    text = say("数据库正在恢复，请过几秒刷新。刚才的反映再提交一次也只算一件；别的操作，请先看看是否已经记上。")
    answer = problem_page(request, say("请稍等"), text, status=503)
    answer["Retry-After"] = "5"
    return answer


def broken(request: HttpRequest) -> HttpResponse:
    text = say("是我们的问题，已记录。没有保存一半的内容；请过一会儿再试。")
    return problem_page(request, say("出了故障"), text, status=500)
