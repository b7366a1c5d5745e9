"""Through the pages: a champion, a part split off, a hold laid on another case and lifted, closing without a visit."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from page_steps import first_case, moves, number, photo, press, report


@pytest.fixture
def district(clean_db, settings, tmp_path):
    import page_district

    settings.DATA = tmp_path
    page_district.build()
    yield page_district
    from bihuan.desk import api as desk

    assert desk.audit(1).is_clean


def pressed(browser, case, move, target="", **fields):
    answer = press(browser, case, move, target, **fields)
    assert answer.status_code == 302, answer.content.decode()
    return browser.get(answer.headers["Location"]).content.decode()


def reported(district, **more):
    """A fresh case on the desk."""
    report(district, **more)
    return first_case(district.client("zhou"), "triage")


def dispatched(district, **more):
    case, zhou = reported(district, **more), district.client("zhou")
    pressed(zhou, case, "accept")
    pressed(zhou, case, "dispatch", lead="chengguan")
    return case


def accusation(district):
    """A sealed case that accuses the city management bureau; its address."""
    from bihuan.desk import api as desk

    intake = desk.Intake("rubbish", district.PLACE, "portal", {"text": "收了钱"}, seal="L2", barred=("chengguan",))
    made = desk.report(intake, by=desk.reporter(str(district.person("resident"))), purpose="report")
    return f"/console/case/{made.case}"


def id_of(case):
    return UUID(case.rpartition("/")[2])


def page(browser, case):
    return browser.get(case).content.decode()


# -- champion ----------------------------------------------------------------------------------------------------


def test_a_champion_is_named_and_sees_the_case_he_carries(district):
    from bihuan.desk import api as desk

    made = desk.report(
        desk.Intake("rubbish", district.PLACE, "portal", {"text": "多年的老问题"}, seal="L2"),
        by=desk.reporter(str(district.person("resident"))), purpose="report",
    )  # fmt: skip
    case, zhou, ding = f"/console/case/{made.case}", district.client("zhou"), district.client("ding")
    assert ding.get(case).status_code == 404
    zhou.post(f"{case}/purpose", {"purpose": "受理"})
    assert "丁一 · 区住房建设委" in page(zhou, case)
    assert "包案：丁一" in pressed(zhou, case, "champion", person=str(district.person("ding")))
    ding.post(f"{case}/purpose", {"purpose": "包案"})
    assert "多年的老问题" in page(ding, case)


def test_nobody_of_an_accused_unit_is_offered_or_taken_as_champion(district):
    from bihuan.desk import api as desk
    from bihuan.kernel.commands import NameChampion
    from bihuan.kernel.refused import Refused

    case, zhou = accusation(district), district.client("zhou")
    zhou.post(f"{case}/purpose", {"purpose": "受理"})
    shown = page(zhou, case)
    assert "丁一" in shown
    assert "顾准" not in shown
    answer = press(zhou, case, "champion", person=str(district.person("gu")))
    assert answer.status_code == 422
    actor = desk.Actor(str(district.person("zhou")), "centre", frozenset({"triage"}))
    with pytest.raises(Refused, match="route-barred"):
        desk.submit(NameChampion(str(district.person("gu"))), by=actor, case=id_of(case), purpose="x")


def test_a_handler_is_not_asked_for_a_champion(district):
    case = dispatched(district)
    assert ("champion", "") in moves(district.client("zhou"), case)
    assert ("champion", "") not in moves(district.client("wei"), case)


# -- split -------------------------------------------------------------------------------------------------------


def test_a_part_split_off_goes_its_own_way_and_the_whole_waits_for_it(district):
    whole, zhou, wei = dispatched(district), district.client("zhou"), district.client("wei")
    pressed(wei, whole, "take", "1")
    shown = pressed(zhou, whole, "split", category="rubbish", text="旁边还堆着垃圾")
    part = next(f"/console/case/{one}" for one in re.findall(r"/console/case/([0-9a-f-]{36})\">子件 · 编号", shown))
    assert part != whole
    assert "旁边还堆着垃圾" in page(zhou, part)
    assert "梧桐社区" in page(zhou, part)
    assert ("finish", "1") not in moves(wei, whole)
    assert "还不能" in page(wei, whole)
    assert "不归您看" in page(wei, whole)
    assert part not in page(wei, whole)
    pressed(zhou, part, "decline", reason="已清运", rule="某条", route="环卫")
    assert ("finish", "1") in moves(wei, whole)


def test_the_same_split_sent_twice_makes_one_part(district):
    whole, zhou = reported(district), district.client("zhou")
    form = moves(zhou, whole)[("split", "")] | {"category": "rubbish", "place": "", "text": "另一件"}
    assert [zhou.post(f"{whole}/do", form).status_code for _ in range(2)] == [302, 302]
    assert page(zhou, whole).count(">子件") == 1


@pytest.mark.parametrize("wrong", [{"text": ""}, {"category": "no-such"}, {"place": "999"}])
def test_a_split_that_says_too_little_is_told_and_does_nothing(district, wrong):
    whole, zhou = reported(district), district.client("zhou")
    answer = press(zhou, whole, "split", **({"category": "rubbish", "place": "", "text": "另一件"} | wrong))
    assert answer.status_code == 422
    assert ">子件" not in page(zhou, whole)


# -- hold --------------------------------------------------------------------------------------------------------


HOLD = {"on": "*", "reason": "挖出石刻，等文物部门看", "rule": "文物保护法 第三十二条"}


def test_a_hold_stops_the_other_case_until_those_who_laid_it_lift_it(district):
    clue, held = reported(district), dispatched(district)
    zhou, wei = district.client("zhou"), district.client("wei")
    pressed(wei, held, "take", "1")
    answer = press(zhou, clue, "lay-hold", number=number(zhou, held), **HOLD)
    assert answer.headers["Location"].startswith(held)
    for browser in (zhou, wei):
        assert "被另一件暂缓：挖出石刻，等文物部门看（文物保护法 第三十二条）" in page(browser, held)
    assert f'href="{clue}">编号' in page(zhou, held), "who may know of the other case is led to it"
    assert clue not in page(wei, held)
    assert "<b>接单" not in page(wei, held), "he has taken it already and waits for nothing there"
    target = str(id_of(clue))
    assert ("finish", "1") not in moves(wei, held)
    assert ("lift-hold", target) not in moves(wei, held)
    assert "解除暂缓（文物保护法 第三十二条）" in page(zhou, held)
    pressed(zhou, held, "lift-hold", target, reason="不是文物")
    assert "被另一件暂缓：" not in page(wei, held)
    done = {"answer": "好了", "proof-photo_after": photo()}
    assert press(wei, held, "finish", "1", **done).status_code == 302


def test_a_hold_names_another_case_that_one_may_know_of(district):
    clue, zhou = reported(district), district.client("zhou")
    hidden = str(sealed_elsewhere(district))
    unknown = press(zhou, clue, "lay-hold", number="999999", **HOLD)
    assert unknown.status_code == 422
    assert "没有这个编号的件" in unknown.content.decode()
    assert "不能暂缓它自己" in press(zhou, clue, "lay-hold", number=number(zhou, clue), **HOLD).content.decode()
    wei, own = district.client("wei"), dispatched(district)
    shut = press(wei, own, "lay-hold", number=hidden, **HOLD)
    assert shut.status_code == 422
    assert "没有这个编号的件" in shut.content.decode()
    assert press(zhou, clue, "lay-hold", number=number(zhou, own), **(HOLD | {"rule": ""})).status_code == 422
    assert press(zhou, clue, "lay-hold", number=number(zhou, own), **(HOLD | {"on": "all"})).status_code == 422


def test_a_hold_is_laid_only_where_the_page_offers_it(district):
    closed, other = dispatched(district), dispatched(district)
    zhou, meng = district.client("zhou"), district.client("meng")
    form = moves(zhou, closed)[("lay-hold", "")] | HOLD | {"number": number(zhou, other)}
    pressed(zhou, closed, "merge", number=number(zhou, other))
    assert ("lay-hold", "") not in moves(zhou, closed)
    assert zhou.post(f"{closed}/do", form).status_code == 422
    assert meng.post(f"{closed}/do", form).status_code == 404
    assert "被另一件暂缓：" not in page(zhou, other)


def sealed_elsewhere(district):
    from bihuan.desk import api as desk

    intake = desk.Intake("rubbish", district.PLACE, "portal", {"text": "x"}, seal="L3")
    return desk.report(intake, by=desk.reporter(str(district.person("resident"))), purpose="report").number


# -- by sample ---------------------------------------------------------------------------------------------------


def answered(district):
    case, wei = dispatched(district), district.client("wei")
    pressed(wei, case, "finish", "1", **{"answer": "好了", "proof-photo_after": photo()})
    return case


def test_where_the_rulebook_allows_it_only_cases_not_drawn_close_without_a_visit(district):
    from bihuan.desk import facts, rulebooks
    from bihuan.testing import books

    book = replace(books.city(), version="city-sampled", effective=date(2025, 2, 1), sample=True)
    rulebooks.import_book(book, by="test", at=datetime(2025, 1, 20, tzinfo=UTC))
    su, found = district.client("su"), {}
    while len(found) < 2:
        case = answered(district)
        found[facts.drawn(id_of(case))] = case
    assert ("sample", "") not in moves(su, found[True])
    assert "抽中了现场核查" in page(su, found[True])
    assert "免于现场核查" in pressed(su, found[False], "sample")
    assert "已结案" in page(su, found[False])


def test_where_it_does_not_nobody_is_offered_it(district):
    case, su = answered(district), district.client("su")
    assert ("verify", "") in moves(su, case)
    assert ("sample", "") not in moves(su, case)
    assert "免于现场核查" not in page(su, case)
