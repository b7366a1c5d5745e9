"""The same loop in a real Chromium, on the smallest telephone and on a desk: pressed, typed and looked at."""

import pytest

pytestmark = pytest.mark.browser

SMALL = """() => [...document.querySelectorAll('a.button, button, summary, select, textarea, input:not([type=hidden])')]
  .filter((e) => e.checkVisibility() && !e.closest('.choices, .check'))
  .map((e) => [e.tagName, (e.innerText || e.name || '').trim(), Math.round(e.getBoundingClientRect().height)])
  .filter(([, , height]) => height < 44)"""
CUT = """() => [...document.querySelectorAll('main *')]
  .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
  .filter((e) => !['visible', 'auto', 'scroll'].includes(getComputedStyle(e).overflowX))
  .filter((e) => !e.matches('.unseen, .unseen *'))
  .filter((e) => !['INPUT', 'SELECT', 'TEXTAREA'].includes(e.tagName))
  .map((e) => e.outerHTML.slice(0, 80))"""


@pytest.fixture
def site(clean_db, settings, tmp_path, monkeypatch):
    import page_browser
    import page_district

    settings.DATA = tmp_path
    page_district.build()
    with page_browser.serving() as address:
        yield address


class Looker:
    """A page whose every view is checked: nothing cut off or too small to press, no complaint, nothing from outside."""

    def __init__(self, browser, site, view, language="zh-CN"):
        self.context = browser.new_context(**view, locale=language)
        self.width = view["viewport"]["width"]
        self.site, self.page, self.complaints = site, self.context.new_page(), []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._host(request.url))

    def _host(self, url):
        if not url.startswith(self.site) and not url.startswith("data:"):
            self.complaints.append(f"asked outside: {url}")

    def look(self):
        page = self.page
        assert page.evaluate("document.documentElement.scrollWidth") <= self.width, page.url
        assert page.evaluate(SMALL) == [], page.url
        assert page.evaluate(CUT) == [], page.url
        assert self.complaints == [], page.url

    def go(self, address):
        self.page.goto(address if address.startswith("http") else self.site + address)
        self.look()

    def press(self, selector):
        self.page.locator(selector).first.click()
        self.page.wait_for_load_state()
        self.look()

    def sign_in(self, account, password):
        self.go("/login/")
        self.page.fill("#id_username", account)
        self.page.fill("#id_password", password)
        self.press("main button")

    def move(self, name):
        """Press the button of a move on the page of a case; a form inside a disclosure stands open already."""
        self.press(f"form:has(input[name=move][value={name}]) > button")

    def open(self, name):
        self.page.locator(f"details:has(> form > input[name=move][value={name}]) > summary").first.click()
        self.look()


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
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert page.locator("input[name=category]:checked").count() == 1
        chosen = page.locator("input[name=category]:focus + span")
        assert chosen.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
        page.locator("#text").focus()
        for _ in range(2):
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
        page.locator("button.main-action").click()
        page.select_option("#place", page_district.PLACE)
        page.locator("button.main-action").click()
        page.locator("button.main-action").click()
        assert page.locator(".bigcode").is_visible()
