"""The whole loop through the pages alone: report, triage, dispatch, handle, verify, close, dispute, and round again."""

import pytest


@pytest.fixture
def district(clean_db, settings, tmp_path):
    import page_district

    settings.DATA = tmp_path
    page_district.build()
    yield page_district
    from bihuan.desk import api as desk

    assert desk.audit(1).is_clean


def pressed(browser, case, move, target="", **fields):
    from page_steps import press

    answer = press(browser, case, move, target, **fields)
    assert answer.status_code == 302, answer.content.decode()
    return browser.get(answer.headers["Location"]).content.decode()


def handled(district):
    """A case taken from triage to an answer that waits for verification; its address at the console."""
    from page_steps import first_case, photo

    zhou, wei, pan = district.client("zhou"), district.client("wei"), district.client("pan")
    case = first_case(zhou, "triage")
    pressed(zhou, case, "accept")
    assert first_case(zhou, "dispatch") == case
    pressed(zhou, case, "dispatch", lead="chengguan", assists=["zhujian"])
    assert first_case(wei, "tasks") == case
    pressed(wei, case, "take", "1")
    pressed(wei, case, "arrive", "1")
    assert "区住房建设委" in wei.get(case).content.decode()
    pressed(pan, case, "finish", "2", answer="管网已核对")
    pressed(wei, case, "finish", "1", **{"answer": "已更换井盖", "proof-photo_after": photo()})
    return case


def test_a_report_goes_round_and_closes(district):
    from page_steps import first_case, moves, report

    tracking = report(district)
    case = handled(district)
    resident, su = district.client(), district.client("su")
    page = resident.get(tracking).content.decode()
    assert "区监督中心正在核查" in page
    assert "已更换井盖" in page
    assert first_case(su, "verify") == case
    assert ("verify", "") not in moves(district.client("wei"), case)
    page = pressed(su, case, "verify")
    assert "已结案" in page
    page = resident.get(tracking).content.decode()
    assert "核查通过，结案。" in page
    assert "提出异议" in page


def test_a_dispute_brings_the_same_case_back_to_the_same_unit(district):
    from page_steps import first_case, photo, report

    tracking = report(district)
    case = handled(district)
    pressed(district.client("su"), case, "verify")
    resident = district.client()
    answer = resident.post(f"{tracking}/say", {"do": "dispute", "why": "not-done", "text": "盖子还是松的"})
    assert answer.status_code == 302
    page = resident.get(answer.headers["Location"]).content.decode()
    assert "重新打开了" in page
    assert "您有异议" in page
    wei = district.client("wei")
    assert first_case(wei, "tasks") == case
    page = wei.get(case).content.decode()
    assert "盖子还是松的" in page
    assert "没有解决" in page
    pressed(wei, case, "finish", "1", **{"answer": "重新垫实", "proof-photo": photo()})
    pressed(district.client("su"), case, "verify")
    assert "已经办结" in resident.get(tracking).content.decode()


def test_the_reporter_may_close_it_himself(district):
    from page_steps import report

    tracking = report(district)
    handled(district)
    resident = district.client()
    assert "办完了吗" in resident.get(tracking).content.decode()
    answer = resident.post(f"{tracking}/say", {"do": "confirm"})
    assert answer.status_code == 302
    assert "您确认解决了，结案。" in resident.get(tracking).content.decode()


def test_a_verifier_sends_bad_work_back(district):
    from page_steps import report

    tracking = report(district)
    case = handled(district)
    pressed(district.client("su"), case, "reject", reason="照片不是这个地点")
    page = district.client().get(tracking).content.decode()
    assert "照片不是这个地点" in page
    assert "区城市管理局正在办" in page


def test_a_unit_gives_back_with_a_rule_and_the_desk_agrees(district):
    from page_steps import first_case, report

    tracking = report(district)
    zhou, wei = district.client("zhou"), district.client("wei")
    case = first_case(zhou, "triage")
    pressed(zhou, case, "accept")
    pressed(zhou, case, "dispatch", lead="chengguan")
    page = pressed(wei, case, "return", "1", reason="是燃气井，不归我们", rule="燃气管理条例 第 35 条")
    assert "是燃气井" in page
    assert first_case(zhou, "asked") == case
    pressed(zhou, case, "grant", "1")
    assert first_case(zhou, "dispatch") == case
    pressed(zhou, case, "dispatch", lead="zhujian", reason="燃气井归住建")
    assert "区住房建设委" in district.client().get(tracking).content.decode()


def test_a_pause_is_asked_granted_and_shown_to_the_reporter(district):
    from page_steps import first_case, report

    tracking = report(district)
    zhou, wei, gu = district.client("zhou"), district.client("wei"), district.client("gu")
    case = first_case(zhou, "triage")
    pressed(zhou, case, "accept")
    pressed(zhou, case, "dispatch", lead="chengguan")
    pressed(wei, case, "pause", "handle", until="2099-01-04T18:00", reason="等管件到货")
    pressed(gu, case, "grant", "1")
    page = district.client().get(tracking).content.decode()
    assert "处置时限暂停计时，到 2099-01-04" in page
    assert "等管件到货" in page
    assert "计时已暂停" in page


def test_a_merged_report_still_leads_to_its_answer(district):
    from page_steps import first_case, report

    first = report(district)
    zhou = district.client("zhou")
    lead = first_case(zhou, "triage")
    number = zhou.get(lead).content.decode().partition("<title>")[2].split()[0]
    second = report(district, text="同一个井盖，又响了")
    other = first_case(zhou, "triage")
    assert other != lead
    pressed(zhou, other, "merge", number=number)
    page = district.client().get(second).content.decode()
    assert "与同一件事合并办理" in page
    assert f"编号 {number}" in page
    assert district.client().get(first).status_code == 200
    handled(district)
    pressed(district.client("su"), lead, "verify")
    for tracking in (first, second):
        assert "已更换井盖" in district.client().get(tracking).content.decode()
    answer = district.client().post(f"{second}/say", {"do": "dispute", "why": "again"})
    assert answer.status_code == 302, answer.content.decode()
    assert "又出现了" in district.client().get(second).content.decode()
    page = district.client().get(first).content.decode()
    assert "另一位反映人提出了异议" in page
    assert "又出现了" not in page
