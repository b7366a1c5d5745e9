"""Letters to residents in words: the question whether they are wanted, what is new in a place, how a case stands."""

from __future__ import annotations

from collections.abc import Iterator

from bihuan.desk.ports import Bulletin, BulletinLine
from bihuan.faces import shown
from bihuan.faces.i18n import choose, say


def link(bulletin: Bulletin, site: str) -> str:
    """The page where it is confirmed or stopped."""
    return f"{site}/mail/{bulletin.token}"


def _where(bulletin: Bulletin) -> str:
    return choose(bulletin.ground.name, bulletin.ground.name_en) if bulletin.ground.code else say("全区")


def title(bulletin: Bulletin) -> str:
    if bulletin.asks:
        return say("请确认：要不要收闭环的邮件")
    if bulletin.lines and bulletin.lines[0].category is None:
        return say("您的事项 {n} 有进展", n=bulletin.lines[0].number)
    return say("{place}：新公开的事项 {n} 件", place=_where(bulletin), n=bulletin.count)


def text(bulletin: Bulletin, site: str) -> str:
    return "\n".join(_lines(bulletin, site)) + "\n"


def _lines(bulletin: Bulletin, site: str) -> Iterator[str]:
    if bulletin.asks:
        yield say("有人（应当是您）请我们往这个邮箱发信。点开下面的网址确认；不是您，不用理会，不会再来信。")
    for line in bulletin.lines:
        yield _line(line, site)
    if bulletin.count > len(bulletin.lines) > 0:
        yield say("……共 {n} 件，都在 {address}", n=bulletin.count, address=f"{site}/cases")
    yield ""
    yield (say("确认：{address}") if bulletin.asks else say("不想再收：{address}")).format(address=link(bulletin, site))


def _line(line: BulletinLine, site: str) -> str:
    stage = shown.stage(line.stage)
    if line.category is None:
        return say("编号 {n}：{stage}。凭查询码看详情：{address}", n=line.number, stage=stage, address=f"{site}/track")
    return f"{choose(*line.category)} · {line.place} · {stage} · {site}/cases/{line.number}"
