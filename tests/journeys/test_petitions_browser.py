"""A petition in a real Chromium, on a telephone and on a desk: reported, sent on, answered with a letter, looked at."""

import os

import pytest

import page_browser
from page_browser import Looker

pytestmark = pytest.mark.browser
VIEWS = {
    "telephone": page_browser.PHONE | {"viewport": {"width": 360, "height": 760}},
    "desk": page_browser.DESKTOP,
}
NOTICE = {"letter": "石油路信访〔2026〕1号", "told_route": "由本街道按信访程序办理，六十日内答复"}
OPINION = {
    "claim": "要求修缮三号楼共用水管", "grounds": "水管一九九二年安装，多次爆裂；经现场核查属实。",
    "opinion_text": "纳入本年度老旧管网改造，十月底前完工。", "legal_basis": "《物业管理条例》第五十四条",
}  # fmt: skip


@pytest.fixture
def site(clean_db, settings, tmp_path):
    from bihuan import scenes
    from bihuan.demo.load import load_demo
    from bihuan.desk import identity
    from bihuan.wiring.site import tell_scenes

    settings.SCENES, settings.DATA = ["city", "petitions"], tmp_path
    identity.forget_numbers()
    load_demo()
    tell_scenes()
    list(scenes.install())
    with page_browser.serving() as address:
        yield address


@pytest.fixture(params=VIEWS)
def looker(request, site, chromium):
    with page_browser.browsing(chromium) as browser:
        yield lambda language="zh-CN": Pictured(browser, site, VIEWS[request.param], language, request.param)


class Pictured(Looker):
    def __init__(self, browser, site, view, language, name):
        super().__init__(browser, site, view, language)
        self.name = name

    def picture(self, what):
        """Kept in the folder that PICTURES names, for somebody to look at."""
        if folder := os.environ.get("PICTURES"):
            self.page.screenshot(path=f"{folder}/{self.name}-{what}.png", full_page=True)

    def enter(self, account, case):
        from bihuan.demo.load import PASSWORD

        self.sign_in(account, PASSWORD)
        self.go(case)
        self.page.fill("[name=purpose]", "办理本件")
        self.press("form:has([name=purpose]) button")

    def step(self, target, **fields):
        asked = f"form > input[name=target][value={target}]"
        form = f"form:has(> input[name=target][value={target}])"
        if not self.page.locator(f"{form} > button").is_visible():
            self.page.locator(f"details:has(> {asked}) > summary").first.click()
            self.look()
        for name, value in fields.items():
            field = self.page.locator(f"{form} [name=data-{name}]")
            (field.select_option if field.evaluate("e => e.tagName") == "SELECT" else field.fill)(value)
        self.picture(f"step-{target}")
        self.press(f"{form} > button")


def reported(looker):
    page = looker.page
    looker.go("/report?scene=petitions")
    looker.picture("report-1")
    page.fill("#text", "三号楼的水管今年爆了四次，一直没人修")
    page.get_by_label("请求解决问题", exact=True).check()
    looker.press("button.main-action")
    page.select_option("#place", "500103014001")
    looker.press("button.main-action")
    looker.picture("report-3")
    page.fill("#f_petitioner", "郑重")
    page.fill("#f_home", "石油路三号楼")
    looker.press("button.main-action")
    looker.picture("receipt")
    return page.url.partition("?")[0]


def test_a_petition_goes_to_its_decision_in_a_browser(looker):
    from bihuan.desk import api

    resident, clerk, street, head = looker(), looker(), looker(), looker()
    tracking = reported(resident)
    case = f"/console/case/{api.track(tracking.rpartition('/')[2]).id}"
    clerk.enter("xfj", case)
    clerk.picture("desk")
    clerk.move("accept")
    clerk.open("dispatch")
    clerk.move("dispatch")
    street.enter("jd014", case)
    street.picture("street-new")
    street.step("admitted", how_told="in_writing", **NOTICE)
    street.step("opinion", result="support", **OPINION)
    street.picture("street-draft")
    head.enter("jd014-zr", case)
    head.step("opinion_signed", letter="石油路信访〔2026〕7号")
    street.go(case)
    street.step("opinion_served", served_on="2026-10-08")
    street.picture("street-served")
    with street.page.expect_download() as waiting:
        street.page.get_by_role("link", name="下载 PDF：信访事项处理意见书").click()
    assert waiting.value.suggested_filename.endswith("-opinion.pdf")
    resident.go(tracking)
    resident.picture("track")
