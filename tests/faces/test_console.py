"""The console: what stands in whose inbox, buttons that never lie, sealed cases, refusals in words."""

import re

import pytest
from django.db import connection

import page_steps
from bihuan.wiring import logins


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA = tmp_path


@pytest.fixture
def case(district):
    """A fresh case on the desk of the operations centre."""
    page_steps.report(district)
    return page_steps.first_case(district.client("zhou"), "triage")


def sealed(district, level="L2"):
    """A sealed case; its address and the code of its receipt."""
    from bihuan.desk import api as desk

    reporter = desk.reporter(str(district.person("resident")))
    intake = desk.Intake("rubbish", district.PLACE, "portal", {"text": "有人欺负孩子"}, seal=level)
    made = desk.report(intake, by=reporter, purpose="report")
    return f"/console/case/{made.case}", made.receipt


def text_of(answer):
    return answer.content.decode()


# -- inbox -------------------------------------------------------------------------------------------------------


def test_a_row_says_what_where_whose_turn_and_until_when(district, case):
    page = text_of(district.client("zhou").get("/console/?tab=triage"))
    row = re.search(r'<ol class="inbox">.*?</ol>', page, re.DOTALL)[0]
    for word in ("井盖缺损", "梧桐社区", "已登记", "区运行中心", "还剩"):
        assert word in row


@pytest.mark.parametrize(
    ("account", "tab", "is_there"),
    [("zhou", "triage", True), ("zhou", "dispatch", False), ("wei", "all", False), ("wei", "tasks", False)],
)
def test_a_case_stands_only_where_it_is_somebodys_turn(district, case, account, tab, is_there):
    assert (case in text_of(district.client(account).get(f"/console/?tab={tab}"))) is is_there


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("category=manhole", True), ("category=rubbish", False), ("place=500103013", True),
        ("place=500103013002", False), ("stage=registered", True), ("stage=closed", False), ("number=999999", False),
    ],
)  # fmt: skip
def test_filters_narrow_the_list(district, case, query, is_there):
    assert (case in text_of(district.client("zhou").get(f"/console/?tab=all&{query}"))) is is_there


@pytest.mark.parametrize(
    "query", ["after=x", "after=00000000-0000-0000-0000", "number=abc", "tab=nonsense", "stage=zzz"]
)
def test_a_broken_query_is_answered_with_a_page(district, query):
    assert district.client("zhou").get(f"/console/?{query}").status_code == 200


def test_pages_follow_one_another_without_a_gap(district):
    from bihuan.desk import api as desk

    for _ in range(7):
        page_steps.report(district)
    actor = desk.staff_of(user("zhou")).actor
    seen, after = [], ""
    while True:
        page = desk.list_cases(actor, desk.Filters("triage"), after=after, limit=3)
        seen += [line.number for line in page.lines]
        after = page.next
        if not after:
            break
    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)


def user(account):
    from django.contrib.auth.models import User

    return User.objects.get(username=account).pk


def test_late_cases_stand_under_overdue(district, case):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE case_row SET is_overdue = true")
    assert case in text_of(district.client("zhou").get("/console/?tab=overdue"))


# -- a case ------------------------------------------------------------------------------------------------------


def test_the_first_screen_answers_the_five_questions(district, case):
    page = text_of(district.client("zhou").get(case))
    for word in ("井盖缺损", "梧桐社区", "轮到谁", "区运行中心", "受理时限", "下一步", "受理"):
        assert word in page


def test_buttons_are_those_that_the_kernel_allows(district, case):
    zhou = district.client("zhou")
    assert ("accept", "") in page_steps.moves(zhou, case)
    assert ("dispatch", "") not in page_steps.moves(zhou, case)
    page_steps.press(zhou, case, "accept")
    assert ("accept", "") not in page_steps.moves(zhou, case)
    assert ("dispatch", "") in page_steps.moves(zhou, case)


def test_every_button_that_is_shown_is_taken(district, case):
    """The red thread of ``moves``: no form on the page leads to a refusal because of who asks or when."""
    zhou = district.client("zhou")
    fill = {
        "reason": "理由", "rule": "某条", "route": "某处", "category": "rubbish", "until": "2099-01-01T10:00",
        "amount": "1", "seal": "L2", "unit": "zhujian", "to": "police", "text": "记录", "kind": "work", "on": "*",
        "person": str(district.person("gu")), "number": page_steps.number(zhou, case),
    }  # fmt: skip
    for move, target in page_steps.moves(zhou, case):
        if move == "lower-seal":  # there is no lower level
            continue
        page_steps.report(district)
        fresh = page_steps.first_case(zhou, "triage")
        answer = page_steps.press(zhou, fresh, move, target, **fill)
        assert answer.status_code == 302, (move, text_of(answer))


def test_what_has_to_wait_says_for_whom(district, case):
    zhou, wei = district.client("zhou"), district.client("wei")
    page_steps.press(zhou, case, "accept")
    page_steps.press(zhou, case, "dispatch", lead="chengguan", assists=["zhujian"])
    page_steps.press(wei, case, "take", "1")
    page = text_of(wei.get(case))
    assert "还不能" in page
    assert "等区住房建设委" in page
    assert ("finish", "1") not in page_steps.moves(wei, case)


def test_a_refusal_is_said_beside_the_form(district, case):
    zhou = district.client("zhou")
    page_steps.press(zhou, case, "accept")
    answer = page_steps.press(zhou, case, "dispatch", lead="zhujian")
    assert answer.status_code == 409
    assert 'role="alert"' in text_of(answer)
    assert "<details open>" in text_of(answer)


def test_a_page_that_is_no_longer_true_changes_nothing(district, case):
    zhou, feng = district.client("zhou"), district.client("feng")
    old = page_steps.moves(feng, case)[("decline", "")]
    page_steps.press(zhou, case, "accept")
    answer = feng.post(f"{case}/do", old | {"reason": "r", "rule": "r", "route": "r"})
    assert answer.status_code == 409
    page = text_of(answer)
    assert "有了新进展" in page
    assert '<span class="chip warn">新</span>' in page
    assert "已受理，待派遣" in page


def test_the_same_form_twice_is_done_once(district, case):
    zhou = district.client("zhou")
    form = page_steps.moves(zhou, case)[("note", "")] | {"kind": "work", "text": "现场已拍照"}
    assert [zhou.post(f"{case}/do", form).status_code for _ in range(2)] == [302, 302]
    assert text_of(zhou.get(case)).count("写了一条记录") == 1


@pytest.mark.parametrize("move", ["nonsense", "", "accept; drop"])
def test_a_move_that_does_not_exist_is_refused(district, case, move):
    assert district.client("zhou").post(f"{case}/do", {"move": move}).status_code == 422


def test_a_proof_must_be_a_photograph(district, case):
    from django.core.files.uploadedfile import SimpleUploadedFile

    zhou, wei = district.client("zhou"), district.client("wei")
    page_steps.press(zhou, case, "accept")
    page_steps.press(zhou, case, "dispatch", lead="chengguan")
    bad = SimpleUploadedFile("after.jpg", b"MZ\x90 not a picture", content_type="image/jpeg")
    answer = page_steps.press(wei, case, "finish", "1", **{"answer": "好了", "proof-photo_after": bad})
    assert answer.status_code == 409
    answer = page_steps.press(wei, case, "finish", "1", answer="好了")
    assert answer.status_code == 422
    good = {"answer": "好了", "proof-photo_after": page_steps.photo()}
    assert page_steps.press(wei, case, "finish", "1", **good).status_code == 302
    picture = re.search(rf"{case}/photo/[0-9a-f]+\.png", text_of(wei.get(case)))[0]
    assert wei.get(picture).headers["Content-Type"] == "image/png"
    assert district.client("meng").get(picture).status_code == 404


def test_explain_tells_unit_and_date_from_the_history(district, case):
    zhou = district.client("zhou")
    page_steps.press(zhou, case, "accept")
    page_steps.press(zhou, case, "dispatch", lead="chengguan")
    page = text_of(zhou.get(f"{case}/explain"))
    for word in ("区城市管理局", "城市管理职责清单", "3 个工作日", "GB/T 30428.8", "city-2025"):
        assert word in page


# -- sealed ------------------------------------------------------------------------------------------------------


def test_a_sealed_case_asks_for_a_purpose_and_keeps_a_trace(district):
    case, code = sealed(district)
    zhou = district.client("zhou")
    page = text_of(zhou.get(case))
    assert "查阅目的" in page
    assert "欺负" not in page
    assert zhou.post(f"{case}/purpose", {"purpose": " "}).status_code == 422
    assert zhou.post(f"{case}/purpose", {"purpose": "受理本件"}).status_code == 302
    assert "有人欺负孩子" in text_of(zhou.get(case))
    assert "受理本件" in text_of(zhou.get(f"{case}/seen"))
    page = text_of(district.client().get(f"/t/{code}/seen"))
    assert "区运行中心" in page
    assert "受理本件" in page
    assert "周砚" not in page


def test_a_purpose_holds_for_one_case_and_half_an_hour(district, monkeypatch):
    from bihuan.faces.console import gate

    case, _ = sealed(district)
    other, _ = sealed(district)
    zhou = district.client("zhou")
    zhou.post(f"{case}/purpose", {"purpose": "受理本件"})
    assert "查阅目的" in text_of(zhou.get(other))
    real = gate.time.time()
    monkeypatch.setattr(gate.time, "time", lambda: real + 31 * 60)
    assert "有人欺负孩子" not in text_of(zhou.get(case))


def test_a_list_says_no_more_of_a_sealed_case_than_that_it_is_there(district):
    case, _ = sealed(district)
    zhou = district.client("zhou")
    page = text_of(zhou.get("/console/?tab=triage"))
    row = page[page.index(case) :][:600]
    assert "封存件" in row
    assert "暴露垃圾" not in row
    assert "梧桐" not in row
    assert case not in text_of(zhou.get("/console/?tab=all&category=rubbish"))


def test_a_form_that_is_refused_comes_back_with_what_was_typed(district):
    page_steps.report(district)
    zhou = district.client("zhou")
    case = page_steps.first_case(zhou, "triage")
    answer = page_steps.press(zhou, case, "decline", reason="不属于城市管理的事，转物业", rule="", route="物业")
    assert answer.status_code == 422
    page = text_of(answer)
    assert "不属于城市管理的事，转物业" in page
    assert 'value="物业"' in page or ">物业<" in page


def test_the_red_button_pressed_twice_is_told_once_and_corrected_is_told_again(district):
    case, _ = sealed(district)
    zhou = district.client("zhou")
    form = {
        "move": "red-button",
        "to": "police",
        "rule": "《未成年人保护法》第十一条",
        "text": "邻居听见哭声",
        "key": "k1",
    }
    for fields in (form, form, form | {"text": "邻居听见哭声，三楼左手"}):
        assert zhou.post(f"{case}/do", fields).headers["Location"].endswith("done=red")
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, count(*) FROM event WHERE kind IN ('ReportedByLaw', 'Noted') GROUP BY kind")
        assert dict(cursor.fetchall()) == {"ReportedByLaw": 2, "Noted": 2}


def test_the_red_button_needs_no_purpose(district):
    case, _ = sealed(district, "L3")
    zhou = district.client("zhou")
    assert "紧急法定报告" in text_of(zhou.get(case))
    form = {"move": "red-button", "to": "police", "rule": "《未成年人保护法》第十一条", "text": "邻居听见哭声"}
    answer = zhou.post(f"{case}/do", form)
    assert answer.status_code == 302
    zhou.post(f"{case}/purpose", {"purpose": "受理本件"})
    page = text_of(zhou.get(case))
    assert "法定报告：区公安分局" in page
    assert "邻居听见哭声" in page


def test_who_may_only_know_of_a_case_may_take_it_and_report_by_law(district):
    """A lead unit knows of an L3 case no more than that it has it, until somebody of it takes it on."""
    case, _ = sealed(district, "L3")
    zhou, wei = district.client("zhou"), district.client("wei")
    zhou.post(f"{case}/purpose", {"purpose": "派遣"})
    page_steps.press(zhou, case, "accept")
    page_steps.press(zhou, case, "dispatch", lead="chengguan")
    wei.post(f"{case}/purpose", {"purpose": "接单"})
    page = text_of(wei.get(case))
    assert "您只能知道有这件事" in page
    assert "暴露垃圾" not in page
    assert {move for move, _ in page_steps.moves(wei, case)} == {"take", "red-button"}
    page_steps.press(wei, case, "take", "1")
    assert "有人欺负孩子" in text_of(wei.get(case))


def test_glass_is_broken_by_two(district):
    case, _ = sealed(district)
    pan, ren = district.client("pan"), district.client("ren")
    assert pan.get(case).status_code == 404
    number = re.search(r"<title>封存件 (\d+)", text_of(district.client("zhou").get(case)))[1]
    answer = pan.post("/console/glass", {"do": "ask", "number": number, "reason": "管网抢险需要地址"})
    assert "会请另一个人来定" in text_of(answer)
    page = text_of(ren.get("/console/glass"))
    assert "管网抢险需要地址" in page
    glass = re.search(r'name="glass" value="([^"]+)"', page)[1]
    assert "八小时" in text_of(ren.post("/console/glass", {"do": "grant", "glass": glass}))
    pan.post(f"{case}/purpose", {"purpose": "管网抢险"})
    assert "有人欺负孩子" in text_of(pan.get(case))


def granted_glass(district):
    """A sealed case opened to pan by ren; the hidden field that names the opening."""
    case, _ = sealed(district)
    pan, ren = district.client("pan"), district.client("ren")
    number = re.search(r"<title>封存件 (\d+)", text_of(district.client("zhou").get(case)))[1]
    pan.post("/console/glass", {"do": "ask", "number": number, "reason": "管网抢险需要地址"})
    glass = re.search(r'name="glass" value="([^"]+)"', text_of(ren.get("/console/glass")))[1]
    ren.post("/console/glass", {"do": "grant", "glass": glass})
    return case, glass


def test_an_opening_waits_for_its_review_from_the_first_hour(district):
    case, glass = granted_glass(district)
    pan, ren = district.client("pan"), district.client("ren")
    page = text_of(ren.get("/console/glass"))
    assert "还开着，到" in page
    assert "请在" in page
    assert "复核已逾期" not in page
    assert 'name="note"' not in page
    assert "从现在起看不到了" in text_of(ren.post("/console/glass", {"do": "end", "glass": glass}))
    assert pan.get(case).status_code == 404
    page = text_of(ren.get("/console/glass"))
    assert "还开着" not in page
    assert "复核已记下" in text_of(ren.post("/console/glass", {"do": "review", "glass": glass, "note": "该看"}))
    assert "管网抢险需要地址" not in text_of(ren.get("/console/glass"))


def test_a_late_review_says_so(district):
    from django.db import connection

    granted_glass(district)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE break_glass SET granted = granted - interval '25 h', expires = expires - interval '25 h'"
        )
    page = text_of(district.client("ren").get("/console/glass"))
    assert "复核已逾期" in page
    assert 'name="note"' in page
    assert "管网抢险需要地址" not in text_of(district.client("pan").get("/console/glass"))


@pytest.mark.parametrize(
    "form",
    [
        {"do": "ask", "number": "99999", "reason": "x"}, {"do": "ask", "number": "abc"}, {"do": "ask", "number": "٣"},
        {"do": "grant", "glass": "x"},
        {"do": "review"}, {},
    ],
)  # fmt: skip
def test_a_broken_request_for_glass_is_answered_with_a_page(district, form):
    assert district.client("ren").post("/console/glass", form).status_code == 409


def test_a_number_that_leads_nowhere_is_answered_like_a_sealed_one(district):
    case, _ = sealed(district)
    pan = district.client("pan")
    number = re.search(r"<title>封存件 (\d+)", text_of(district.client("zhou").get(case)))[1]
    answers = [
        pan.post("/console/glass", {"do": "ask", "number": n, "reason": "抢险要进门"}) for n in (number, "99999")
    ]
    assert {answer.status_code for answer in answers} == {200}
    pages = {re.sub(r'csrfmiddlewaretoken" value="[^"]+"', "", text_of(answer)) for answer in answers}
    assert len(pages) == 1


# -- who is there ------------------------------------------------------------------------------------------------


def test_a_wrong_password_says_no_more(district):
    answer = district.client().post("/login/", {"username": "zhou", "password": "wrong"})
    assert "账号或密码不对" in text_of(answer)


def test_the_right_one_leads_to_the_inbox(district):
    answer = district.client().post("/login/", {"username": "zhou", "password": district.PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/console/")


def test_one_address_that_tries_many_accounts_is_locked_for_all_of_them(district, monkeypatch):
    monkeypatch.setattr(logins, "SHARE", 2)
    browser = district.client()
    for number in range(19):
        assert browser.post("/login/", {"username": f"guess{number}", "password": "wrong"}).status_code == 200
    assert browser.post("/login/", {"username": "guess", "password": "wrong"}).status_code == 429
    assert browser.post("/login/", {"username": "zhou", "password": district.PASSWORD}).status_code == 429
    elsewhere = district.client()
    signing = {"username": "zhou", "password": district.PASSWORD}
    assert elsewhere.post("/login/", signing, REMOTE_ADDR="127.0.0.9").status_code == 302


def test_ten_wrong_tries_lock_the_account(district):
    browser = district.client()
    for _ in range(10):
        answer = browser.post("/login/", {"username": "zhou", "password": "wrong"})
    answer = browser.post("/login/", {"username": "zhou", "password": district.PASSWORD})
    assert answer.status_code == 429
    assert "暂时不能登录" in text_of(answer)


def test_one_may_change_to_another_of_ones_posts_only(district):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO post (person_id, unit_id, role, starts) VALUES (%s, 'supervision', 'verifier', '2020-01-01')",
            [district.person("zhou")],
        )
    zhou = district.client("zhou")
    zhou.post("/console/post", {"unit": "supervision"})
    assert "<h1>区监督中心</h1>" in text_of(zhou.get("/console/"))
    zhou.post("/console/post", {"unit": "chengguan"})
    assert "<h1>区监督中心</h1>" in text_of(zhou.get("/console/"))
