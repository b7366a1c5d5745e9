"""Large print and few bytes: chosen on any page, kept in the browser, nothing cut off at 320 px."""

import re

import pytest

import page_browser
import page_district
from field_site import reported
from page_browser import Looker


@pytest.fixture
def district(clean_db, settings, tmp_path):
    settings.DATA = tmp_path
    page_district.build()
    return page_district


PORTAL = ["/", "/report", "/track", "/cases", "/rules", "/components", "/login/"]
CONSOLE = ["/console/", "/console/work", "/console/search?q=井盖", "/console/unit", "/console/evaluation"]


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_in_large_print_nothing_is_cut_off_at_320(district, chromium, language):
    case = reported("井盖松了，车一压就响")
    with page_browser.serving() as site, page_browser.browsing(chromium) as browser:
        looker = Looker(browser, site, page_browser.PHONE, language)
        looker.go("/report")
        usual = looker.page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)")
        looker.press("button[name=large]")
        assert (
            looker.page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)") == usual * 1.5
        )
        assert looker.page.url.endswith("/report")
        for address in PORTAL:
            looker.go(address)
        looker.sign_in("zhou", district.PASSWORD)
        for address in [*CONSOLE, f"/console/case/{case}"]:
            looker.go(address)
            assert looker.page.locator("html.large").count() == 1
        looker.press("button[name=large]")
        assert looker.page.locator("html.large").count() == 0


def test_few_bytes_means_no_pictures_and_no_comforts_and_it_works_all_the_same(district):
    browser = district.client()
    assert "photos.js" in browser.get("/report").content.decode()
    answer = browser.post("/reading", {"light": "1", "next": "/report"})
    assert answer["Location"] == "/report"
    page = browser.get("/report").content.decode()
    assert "photos.js" not in page
    assert not re.findall(r"<img (?![^>]*mark\.svg)", page)


def test_a_browser_that_asks_for_few_bytes_gets_them_unless_its_reader_wants_pictures(district):
    browser = district.client()
    assert "photos.js" not in browser.get("/report", headers={"Save-Data": "on"}).content.decode()
    browser.post("/reading", {"light": "0"})
    assert "photos.js" in browser.get("/report", headers={"Save-Data": "on"}).content.decode()


def test_it_leads_back_to_this_site_only(district):
    for evil in ("https://evil.example/", "//evil.example", "javascript:alert(1)", ""):
        assert district.client().post("/reading", {"large": "1", "next": evil})["Location"] == "/"
