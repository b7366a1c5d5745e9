"""Pages of scenes in a real Chromium, at 320 pixels and on a desk: a form asked, let through, filled in, taken (P8)."""

import os
from pathlib import Path

import pytest

import page_browser
from page_browser import Looker

pytestmark = pytest.mark.browser
VIEWS = {
    "telephone": (page_browser.PHONE | {"viewport": {"width": 320, "height": 640}}, "zh-CN"),
    "desk": (page_browser.DESKTOP, "en-GB"),
}
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.fixture
def site(clean_db, settings, tmp_path):
    from bihuan import scenes
    from bihuan.demo.load import load_demo
    from bihuan.desk import identity
    from bihuan.wiring.site import tell_scenes

    settings.SCENES, settings.DATA = scenes.names(), tmp_path
    identity.forget_numbers()
    load_demo()
    tell_scenes()
    with page_browser.serving() as address:
        yield address


class Walker(Looker):
    """Looks at each page for what is cut off, and with axe-core for WCAG 2.2 A and AA."""

    def __init__(self, browser, site, view, name):
        super().__init__(browser, site, *VIEWS[view])
        self.name, self.is_chinese = f"{view}-{name}", VIEWS[view][1] == "zh-CN"
        from bihuan.demo.load import PASSWORD

        self.sign_in(name, PASSWORD)

    def check(self, what):
        from axe_playwright_python.sync_playwright import Axe

        if folder := os.environ.get("PICTURES"):
            self.page.screenshot(path=f"{folder}/{self.name}-{what}.png", full_page=True)
        self.look()
        found = Axe().run(self.page, options=WCAG)
        assert found.violations_count == 0, f"{what}: {found.generate_report()}"

    def open(self, path, what):
        self.go(path)
        self.check(what)


@pytest.fixture(params=VIEWS)
def walker(request, site, chromium):
    with page_browser.browsing(chromium) as browser:
        yield lambda name: Walker(browser, site, request.param, name)


def test_p8_a_form_is_asked_let_through_filled_in_and_taken(walker):
    asker, gate, worker = walker("mzj"), walker("sgb"), walker("sq003013")
    asker.open("/console/forms/", "home")
    asker.open("/console/forms/ask", "ask")
    asker.page.fill("#name", "独居老人和电梯")
    asker.page.select_option("#duty", "D01")
    asker.page.select_option("#place", "500103003")
    for item in ("community", "households", "lifts", "elders_alone"):
        asker.page.check(f"input[value={item}]")
    asker.press("button[value=look]")
    asker.check("looked")
    asker.press("button[value=send]")
    asker.check("asked")
    address = asker.page.url.removeprefix(asker.site)
    gate.open("/console/forms/", "gate")
    gate.go(address)
    gate.press("button[value=approve]")
    gate.check("approved")
    asker.go(address)
    asker.press("button[value=issue]")
    asker.check("issued")

    worker.open("/console/forms/", "mine")
    worker.press("article h3 a")
    worker.check("sheet")
    assert worker.page.input_value("[name=item-households]") != ""
    # By the keyboard alone: the one empty field, then the button.
    worker.page.focus("[name=item-elders_alone]")
    worker.page.keyboard.type("41")
    with worker.page.expect_navigation():
        worker.page.keyboard.press("Enter")
    worker.page.wait_for_selector("[role=status]")
    worker.check("handed-in")

    asker.go(address)
    asker.press("button[value=take]")
    asker.check("taken")
    asker.press("a[href*='/report/']")
    asker.check("report")
    assert "41" in asker.page.inner_text("main")
    asker.open("/console/forms/burden", "burden")


def test_a_meeting_is_read_corrected_and_registered(walker):
    from bihuan import demo

    clerk = walker("shouli")
    clerk.open("/console/meetings/", "meetings")
    clerk.go("/console/meetings/read")
    clerk.page.fill("#meeting", "治理工作会议")
    clerk.page.fill("#text", (Path(demo.__file__).parent / "meeting.txt").read_text(encoding="utf-8"))
    clerk.press("button[value=read]")
    clerk.check("read")
    for box in clerk.page.locator("[name^=taken-]").all()[1:]:
        box.uncheck()
    clerk.press("button[value=register]")
    clerk.check("registered")
    assert clerk.page.locator(".inbox li a").count() == 1
