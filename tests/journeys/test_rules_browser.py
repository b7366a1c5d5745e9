"""The rulebook editor in a real Chromium, on a telephone and on a desk: a row changed, looked at, published."""

import os

import pytest

import page_browser
from page_browser import Looker

pytestmark = pytest.mark.browser
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.fixture
def site(clean_db, settings, tmp_path):
    import page_district
    from bihuan.desk import api
    from bihuan.testing import cast

    settings.DATA, settings.SCENES = tmp_path, ["city"]
    page_district.build()
    page_district.add("yan", "严演示", cast.CENTRE, "head")
    intake = api.Intake("manhole", page_district.PLACE, "portal", {"text": "井盖松了"})
    api.report(intake, by=api.ANONYMOUS, purpose="反映")
    with page_browser.serving() as address:
        yield address


@pytest.mark.parametrize(("view", "language"), [("PHONE", "zh-CN"), ("DESKTOP", "en-GB")])
def test_a_rule_is_changed_looked_at_and_published(site, chromium, view, language):
    import page_district
    from bihuan.desk import api

    route = api.book_in_force("city").route("manhole", page_district.PLACE)
    with page_browser.browsing(chromium) as browser:
        yan = Looker(browser, site, getattr(page_browser, view), language)
        page = yan.page
        yan.sign_in("yan", page_district.PASSWORD)
        yan.go("/console/rules")
        yan.press("a[href='/console/rules/city']")
        check(yan, "unchanged")
        yan.press("a[href='/console/rules/city/routes']")
        page.fill("#q", route.key)
        yan.press("main form.filters button")
        yan.press(".inbox h2 a")
        check(yan, "row")
        page.locator("label", has_text="lead").locator("xpath=../input").fill("nobody")
        yan.press("button[value=keep]")
        yan.go("/console/rules/city")
        assert "nobody" in page.locator("#found").inner_text()
        check(yan, "wrong")
        yan.go(f"/console/rules/city/routes?q={route.key}")
        yan.press(".inbox h2 a")
        page.locator("label", has_text="lead").locator("xpath=../input").fill(page_district.cast.ZHUJIAN)
        yan.press("button[value=keep]")
        yan.go("/console/rules/city")
        assert page_district.cast.ZHUJIAN in page.locator("#changes ins").inner_text()
        assert page.locator("#effects tbody tr").count() == 1
        check(yan, "changed")
        page.fill("#reason", "区办〔2026〕3 号")
        yan.press("button[value=publish]")
        assert "区办〔2026〕3 号" in page.content()
        check(yan, "published")
    assert api.book_in_force("city").route("manhole", page_district.PLACE).lead == page_district.cast.ZHUJIAN


def check(looker, what):
    from axe_playwright_python.sync_playwright import Axe

    looker.look()
    if folder := os.environ.get("PICTURES"):
        looker.page.screenshot(path=f"{folder}/rules-{looker.width}-{what}.png", full_page=True)
    found = Axe().run(looker.page, options=WCAG)
    assert found.violations_count == 0, f"{what}: {found.generate_report()}"
