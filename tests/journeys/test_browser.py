"""The same loop in a real Chromium, on the smallest telephone and on a desk: pressed, typed and looked at."""

import pytest

from page_browser import Looker

pytestmark = pytest.mark.browser


@pytest.fixture
def site(clean_db, settings, tmp_path, monkeypatch):
    import page_browser
    import page_district

    settings.DATA = tmp_path
    page_district.build()
    with page_browser.serving() as address:
        yield address


@pytest.fixture(params=["PHONE", "DESKTOP"])
def looker(request, site, chromium):
    import page_browser

    with page_browser.browsing(chromium) as browser:
        yield lambda language="zh-CN": Looker(browser, site, getattr(page_browser, request.param), language)


def reported(looker, place):
    """A report in three steps; the looker stands on its receipt."""
    page = looker.page
    looker.go("/")
    looker.press("a.main-action")
    page.fill("#text", "中兴路 12 号门口的井盖松了，车一压就响")
    page.get_by_label("井盖缺损").check()
    looker.press("button.main-action")
    page.select_option("#place", place)
    page.fill("#address", "公交站旁")
    looker.press("button.main-action")
    looker.press("button.main-action")
    assert page.locator(".bigcode").inner_text().count("-") == 3
    assert page.locator("img.qr").evaluate("e => e.naturalWidth") > 0
    return page.url.partition("?")[0]


def test_a_report_goes_round_in_a_browser(looker, tmp_path):
    import page_district
    import page_steps

    resident, zhou, wei, su = looker(), looker(), looker(), looker()
    tracking = reported(resident, page_district.PLACE)
    zhou.sign_in("zhou", page_district.PASSWORD)
    zhou.press(".inbox h2 a")
    case = zhou.page.url
    zhou.move("accept")
    zhou.open("dispatch")
    zhou.move("dispatch")
    wei.sign_in("wei", page_district.PASSWORD)
    wei.press(".inbox h2 a")
    wei.move("take")
    wei.move("arrive")
    wei.open("finish")
    picture = tmp_path / "after.png"
    picture.write_bytes(page_steps.png())
    wei.page.set_input_files("input[name=proof-photo_after]", picture)
    wei.page.locator("textarea[name=answer]").first.fill("已更换井盖，现场恢复")
    wei.move("finish")
    su.sign_in("su", page_district.PASSWORD)
    su.press(".inbox h2 a")
    assert su.page.url == case
    su.move("verify")
    resident.go(tracking)
    assert "已更换井盖，现场恢复" in resident.page.content()
    resident.page.locator("summary", has_text="提出异议").click()
    resident.page.locator("#dispute-text").fill("盖子还是松的")
    resident.press("button:has-text('提交异议')")
    assert "重新打开" in resident.page.content()
    wei.go(case)
    assert "盖子还是松的" in wei.page.content()
    for address in (f"{case}/explain", f"{case}/seen", "/console/glass", "/console/rules", "/console/?tab=all"):
        wei.go(address)


def test_a_hold_a_part_and_a_broken_glass_in_a_browser(looker):
    import page_district
    import page_steps

    zhou_client, pan = page_district.client("zhou"), page_district.client("pan")
    page_steps.report(page_district)
    held = page_steps.first_case(zhou_client, "triage")
    page_steps.report(page_district)
    clue = page_steps.first_case(zhou_client, "triage")
    zhou, ren = looker(), looker()
    page = zhou.page
    zhou.sign_in("zhou", page_district.PASSWORD)
    zhou.go(clue)
    page.locator("summary", has_text="其他操作").click()
    zhou.open("lay-hold")
    page.fill("#lay-hold-number", page_steps.number(zhou_client, held))
    page.fill("#lay-hold-reason", "挖出石刻")
    page.fill("#lay-hold-rule", "文物保护法")
    zhou.move("lay-hold")
    assert page.url.startswith(zhou.site + held)
    assert "挖出石刻" in page.locator(".note.warn").inner_text()
    page.locator("summary", has_text="其他操作").click()
    zhou.open("split")
    page.fill("#split-text", "旁边还堆着垃圾")
    zhou.move("split")
    page.locator("summary", has_text="其他操作").click()
    zhou.open("champion")
    page.select_option("#champion-person", label="丁一 · 区住房建设委")
    zhou.move("champion")
    assert "包案：丁一" in page.locator(".facts").inner_text()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    zhou.look()
    asked = {"do": "ask", "number": str(sealed(page_district)), "reason": "管网抢险需要地址"}
    pan.post("/console/glass", asked)
    ren.sign_in("ren", page_district.PASSWORD)
    ren.go("/console/glass")
    ren.press("button:has-text('同意，八小时')")
    ren.press("button:has-text('提前结束')")
    ren.page.locator("textarea[name=note]").fill("该看，看得对")
    ren.press("button:has-text('完成复核')")
    assert "复核已记下" in ren.page.content()


def sealed(district):
    """The number of a case at L2."""
    from bihuan.desk import api as desk

    intake = desk.Intake("rubbish", district.PLACE, "portal", {"text": "有人欺负孩子"}, seal="L2")
    return desk.report(intake, by=desk.reporter(str(district.person("resident"))), purpose="report").number


def test_the_pages_hold_in_english_too(looker):
    import page_district
    import page_steps

    tracking = page_steps.report(page_district)
    reader = looker("en-GB")
    for address in ("/", "/report", "/track", "/verify", "/rules", "/login/"):
        reader.go(address)
    for more in ("", "?new=1", "/seen"):
        reader.go(tracking + more)
    reader.sign_in("zhou", page_district.PASSWORD)
    reader.press(".inbox h2 a")
    reader.page.locator("summary", has_text="More").click()
    reader.look()


def test_an_emergency_is_seen_while_typing(looker):
    typer = looker()
    typer.go("/report")
    assert not typer.page.locator("#danger").is_visible()
    typer.page.locator("#text").press_sequentially("厨房煤 气漏了")
    assert typer.page.locator("#danger").is_visible()
    typer.page.fill("#text", "the firewood cart blocks the way")
    assert not typer.page.locator("#danger").is_visible()


def test_a_report_goes_without_a_mouse(site, chromium):
    import page_browser
    import page_district

    with page_browser.browsing(chromium) as browser:
        looker = Looker(browser, site, page_browser.DESKTOP)
        page = looker.page
        looker.go("/report")
        page.locator("#text").focus()
        page.keyboard.type("路灯不亮")
        for _ in range(2):  # past the photographs
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert page.locator("input[name=category]:checked").count() == 1
        chosen = page.locator("input[name=category]:focus + span")
        assert chosen.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
        page.locator("#text").focus()
        for _ in range(3):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("#place")
        page.locator("#place").focus()
        page.keyboard.press("ArrowDown")
        assert page.locator("#place").input_value() == page_district.PLACE


def test_it_works_without_javascript(site, chromium):
    import page_browser
    import page_district

    with page_browser.browsing(chromium) as browser:
        looker = Looker(browser, site, page_browser.PHONE | {"java_script_enabled": False})
        looker.look = lambda: None
        page = looker.page
        page.goto(f"{site}/report")
        assert not page.locator("#gps").is_visible()
        page.fill("#text", "井盖松了")
        page.get_by_label("井盖缺损").check()
        looker.press("button.main-action")
        page.select_option("#place", page_district.PLACE)
        looker.press("button.main-action")
        looker.press("button.main-action")
        assert page.locator(".bigcode").is_visible()
