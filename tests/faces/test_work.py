"""Working through a queue, many cases at once, and views kept under a name."""

import re

import pytest

import page_district
import page_steps
from bihuan.desk import api as desk
from bihuan.kernel import commands as c
from bihuan.testing import cast
from field_site import act, actor, dispatched, reported

FORM_KEY = re.compile(r'name="key" value="(\w+)"')


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path, district):
    settings.DATA = tmp_path


def stage(case):
    return desk.read_case(actor("zhou"), case, purpose="test").state.stage


def text_of(answer, status=200):
    assert answer.status_code == status
    return answer.content.decode()


# --- one after the other


def test_the_nearest_promise_comes_first_and_the_queue_leads_on():
    later, sooner = reported("垃圾", "rubbish"), reported("井盖")
    browser = page_district.client("zhou")
    queue = [line.id for line in desk.boards.owed(actor("zhou")).lines]
    assert set(queue) == {later, sooner}
    assert browser.get("/console/work")["Location"] == f"/console/work/{queue[0]}"
    page = text_of(browser.get(f"/console/work/{queue[0]}"))
    assert "第 1 件，共 2 件" in page
    assert f'href="/console/work/{queue[1]}"' in page


def test_after_a_move_the_same_case_while_it_is_our_turn_then_the_next():
    one, two = reported("井盖一"), reported("井盖二", "rubbish")
    browser = page_district.client("zhou")
    queue = [line.id for line in desk.boards.owed(actor("zhou")).lines]
    fields = {"then": "work", "next": str(queue[1])}
    answer = page_steps.press(browser, f"/console/case/{queue[0]}", "accept", **fields)
    assert answer["Location"] == f"/console/work/{queue[0]}?done=done"
    answer = page_steps.press(browser, f"/console/case/{queue[0]}", "dispatch", lead=cast.CHENGGUAN, **fields)
    assert answer["Location"] == f"/console/work/{queue[1]}?done=done"
    assert {one, two} == set(queue)


def test_the_last_one_done_the_page_says_that_nothing_is_owed():
    case = reported("井盖")
    browser = page_district.client("zhou")
    fields = {"reason": "不属于本区", "rule": "范围", "route": "邻区", "then": "work", "next": ""}
    answer = page_steps.press(browser, f"/console/case/{case}", "decline", **fields)
    assert answer["Location"] == "/console/work?done=done"
    assert "没有欠办的事" in text_of(browser.get(answer["Location"]))


def test_equal_open_cases_stand_beside_it_and_are_merged_by_one_press():
    old, new = reported("巷口井盖松了"), reported("井盖一踩就响")
    browser = page_district.client("zhou")
    page = text_of(browser.get(f"/console/work/{new}"))
    assert f"/console/work/{new}?with={old}" in page
    page = text_of(browser.get(f"/console/work/{new}", {"with": str(old)}))
    assert "巷口井盖松了" in page
    assert "井盖一踩就响" in page
    number = desk.number_of(old)
    browser.post(f"/console/case/{new}/do", {"move": "merge", "number": number, "key": "0" * 32, "then": "work"})
    assert stage(new) == "merged"


def test_a_case_that_the_reader_may_not_see_is_not_put_beside_it():
    hidden = reported("邻居打老婆", "rubbish", seal="L3")
    case = dispatched()
    page = text_of(page_district.client("wei").get(f"/console/work/{case}", {"with": str(hidden)}))
    assert "邻居打老婆" not in page


def test_of_a_sealed_case_in_the_queue_only_its_number_is_shown_before_the_purpose():
    case = reported("有人欺负孩子", seal="L2")
    page = text_of(page_district.client("zhou").get(f"/console/work/{case}"))
    assert str(desk.number_of(case)) in page
    assert "有人欺负孩子" not in page


# --- many at once


def bulk(move, cases, account="zhou", **more):
    return page_district.client(account).post(
        "/console/bulk", {"move": move, "case": [str(one) for one in cases], **more}
    )


def confirmed(move, cases, account="zhou", **more):
    page = text_of(bulk(move, cases, account))
    chosen = re.findall(r'name="case" value="([0-9a-f-]{36}:\d+)"', page)
    return text_of(bulk(move, chosen, account, step="do", key=FORM_KEY.search(page)[1], **more))


def test_nothing_is_done_before_it_is_confirmed_and_the_table_says_what_would_be():
    fresh, done = reported("井盖一"), dispatched("井盖二")
    page = text_of(bulk("accept", [fresh, done]))
    assert "可以办的 1 件，不能办的 1 件" in page
    assert stage(fresh) == "registered"
    page = confirmed("accept", [fresh, done])
    assert "办成 1 件，没有办的 0 件" in page
    assert stage(fresh) == "accepted"


def test_many_are_dispatched_by_the_table_and_the_unit_is_shown_first():
    cases = [reported(f"井盖{number}") for number in range(3)]
    for case in cases:
        act(case, c.Accept(), "zhou")
    assert text_of(bulk("dispatch", cases)).count("→ 区城市管理局") == 3
    confirmed("dispatch", cases)
    assert {stage(case) for case in cases} == {"dispatched"}


def test_what_changed_meanwhile_is_left_alone_and_said():
    case = reported("井盖")
    page = text_of(bulk("recategorise", [case]))
    chosen = re.findall(r'name="case" value="([0-9a-f-]{36}:\d+)"', page)
    act(case, c.Recategorise("rubbish", "看错了"), "zhou")
    act(case, c.Accept(), "zhou")
    act(case, c.Dispatch("", reason=""), "zhou")
    page = text_of(bulk("recategorise", chosen, step="do", key="0" * 32, category="manhole", reason="批量"))
    assert "没有办的 1 件" in page
    assert desk.read_case(actor("zhou"), case, purpose="test").state.category == "rubbish"


def test_sent_twice_it_is_done_once():
    cases = [reported(f"井盖{number}") for number in range(2)]
    page = text_of(bulk("remind", cases))
    page = text_of(bulk("note", cases))
    key, chosen = FORM_KEY.search(page)[1], re.findall(r'name="case" value="([0-9a-f-]{36}:\d+)"', page)
    fields = {"step": "do", "key": key, "kind": "work", "text": "已电话核实"}
    for _ in range(2):
        assert "办成 2 件" in text_of(bulk("note", chosen, **fields))
    texts = desk.read_case(actor("zhou"), cases[0], purpose="test").texts.values()
    assert [one.text for one in texts].count("已电话核实") == 1


def test_what_is_missing_is_said_before_the_first_case_is_touched():
    cases = [reported(f"井盖{number}") for number in range(2)]
    chosen = [f"{case}:1" for case in cases]
    page = text_of(bulk("note", chosen, step="do", key="0" * 32, kind="work", text=""), status=422)
    assert "请填“内容”" in page
    assert len(desk.read_case(actor("zhou"), cases[0], purpose="test").texts) == 2


def test_a_sealed_case_is_never_part_of_it():
    case = reported("有人欺负孩子", seal="L2")
    page = text_of(bulk("accept", [case]))
    assert "封存件要逐件办" in page
    assert 'name="case"' not in page


@pytest.mark.parametrize("move", ["", "verify", "nothing"])
def test_without_a_choice_it_says_what_to_do(move):
    assert "请先勾选" in text_of(bulk(move, [reported("井盖")]), status=422)


def test_more_than_two_hundred_are_refused():
    many = [f"00000000-0000-4000-8000-{number:012}" for number in range(201)]
    assert "一次最多 200 件" in text_of(bulk("accept", many), status=422)


# --- views


def keep(account, name, query, **more):
    return page_district.client(account).post("/console/views", {"name": name, "query": query, **more})


def test_a_view_is_kept_for_oneself_or_for_the_unit_and_forgotten_by_who_made_it():
    assert keep("zhou", "井盖待派", "tab=dispatch&category=manhole&evil=1")["Location"] == (
        "/console/?tab=dispatch&category=manhole"
    )
    keep("zhou", "大家的", "tab=overdue", for_unit="1")
    mine = text_of(page_district.client("zhou").get("/console/"))
    assert "井盖待派" in mine
    colleague = next(
        name
        for name, one in page_district.PEOPLE.items()
        if one.unit == page_district.PEOPLE["zhou"].unit and name != "zhou"
    )
    theirs = text_of(page_district.client(colleague).get("/console/"))
    assert ("井盖待派" in theirs, "大家的" in theirs) == (False, True)
    assert "大家的" not in text_of(page_district.client("wei").get("/console/"))
    for view in desk.saved_views.of(actor("zhou")):
        page_district.client(colleague).post("/console/views", {"forget": str(view.id)})
    assert len(desk.saved_views.of(actor("zhou"))) == 2
    for view in desk.saved_views.of(actor("zhou")):
        page_district.client("zhou").post("/console/views", {"forget": str(view.id)})
    assert desk.saved_views.of(actor("zhou")) == []


def test_the_same_name_replaces_and_an_empty_one_is_refused():
    keep("zhou", "一", "tab=all")
    keep("zhou", "一", "tab=overdue")
    (view,) = desk.saved_views.of(actor("zhou"))
    assert view.query == "tab=overdue"
    assert "起个名字" in text_of(keep("zhou", " ", "tab=all"), status=422)
    assert "太长" in text_of(keep("zhou", "长" * 41, "tab=all"), status=422)


def test_thirty_are_enough():
    for number in range(desk.saved_views.MOST):
        desk.saved_views.keep(actor("zhou"), f"视图{number}", {"tab": "all"}, for_unit=False)
    assert "先删几个" in text_of(keep("zhou", "再一个", "tab=all"), status=422)
