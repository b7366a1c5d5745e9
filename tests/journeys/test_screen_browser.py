"""The wall screen in a real Chromium: live, in three clicks down to the cases, readable by everybody."""

import pytest

from page_browser import Looker

pytestmark = pytest.mark.browser
WANTED = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SMALL = {"viewport": {"width": 320, "height": 700}}
WALL = {"viewport": {"width": 1920, "height": 1080}}


@pytest.fixture
def site(clean_db, settings, tmp_path):
    import page_browser
    import page_district
    from bihuan.desk import identity

    settings.DATA = tmp_path
    identity.forget_numbers()
    page_district.build()
    with page_browser.serving() as address:
        yield address


@pytest.fixture(params=[SMALL, WALL], ids=["small", "wall"])
def looker(request, site, chromium):
    import page_browser
    import page_district

    with page_browser.browsing(chromium) as browser:
        one = Looker(browser, site, request.param)
        one.sign_in("zhou", page_district.PASSWORD)
        yield one


def more(count):
    import page_district
    from bihuan.desk import api as desk
    from bihuan.desk import feed

    by = desk.reporter(str(page_district.person("resident")))
    intakes = [desk.Intake("manhole", page_district.PLACE, "portal", {"text": f"{n}"}) for n in range(count)]
    list(desk.report_many(intakes, by=by, purpose="report"))
    feed.settle()
    desk.boards.settle()


def test_a_reported_case_is_on_the_screen_without_a_reload(looker):
    more(6)
    looker.go("/screen/")
    page = looker.page
    page.evaluate("window.same = true")
    assert page.locator(".tiles b").first.inner_text() == "6"
    more(1)
    page.locator(".tiles li:first-child b:text-is('7')").wait_for(timeout=15000)
    assert page.evaluate("window.same") is True
    more(2)
    page.locator(".tiles li:first-child b:text-is('9')").wait_for(timeout=15000)
    looker.look()


def test_three_clicks_from_the_district_to_a_case(looker):
    more(6)
    looker.go("/screen/")
    looker.press(".table tbody th a")
    assert "石桥街道" in looker.page.locator("h1").inner_text()
    looker.press(".table tbody th a")
    assert looker.page.locator(".inbox li").count() == 6
    looker.press(".inbox h2 a")
    assert "/console/case/" in looker.page.url


def test_fewer_than_five_are_not_told(looker):
    more(4)
    looker.go("/screen/")
    assert looker.page.locator(".tiles b").first.inner_text() == "<5"
    assert looker.page.locator(".table tbody td").first.inner_text() == "<5"


@pytest.mark.parametrize(
    "address",
    [
        "/screen/",
        "/screen/?place=500103013",
        "/screen/cases?show=open",
        "/console/unit",
        "/console/evaluation",
        "/console/oversight",
        "/console/notice?month={month}",
    ],
)
def test_the_pages_pass_axe_core(looker, address):
    from axe_playwright_python.sync_playwright import Axe

    more(6)
    from bihuan.desk import api as desk

    looker.go(address.format(month=f"{desk.boards.this_month():%Y-%m}"))
    found = Axe().run(looker.page, options=WANTED)
    assert found.violations_count == 0, found.generate_report()
