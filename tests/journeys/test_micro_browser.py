"""Micro-scene from page to case: declared on a telephone, tried, published, exported, reported, worked, closed."""

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

    settings.DATA = tmp_path
    page_district.build()
    page_district.add("lan", "蓝演示", cast.COMMUNITY, "handler")
    api.micro.forget()
    with page_browser.serving() as address:
        yield address
    api.micro.forget()


@pytest.fixture(params=["PHONE", "DESKTOP"])
def looker(request, site, chromium):
    with page_browser.browsing(chromium) as browser:
        yield lambda: Looker(browser, site, getattr(page_browser, request.param), "zh-CN")


def check(looker, what):
    from axe_playwright_python.sync_playwright import Axe

    looker.look()
    if folder := os.environ.get("PICTURES"):
        looker.page.screenshot(path=f"{folder}/micro-{looker.width}-{what}.png", full_page=True)
    found = Axe().run(looker.page, options=WCAG)
    assert found.violations_count == 0, f"{what}: {found.generate_report()}"


def declared(lan):
    """The scene as its community writes it; returns its key."""
    page = lan.page
    lan.go("/console/scenes")
    page.fill("#name", "楼道照明")
    lan.press("main form .main-action")
    check(lan, "new")
    assert page.locator("#found li").count() == 5
    page.fill("#basis", "梧桐社区居民公约第三条")
    for number in range(1, 5):
        page.fill(f"#clocks-{number}-basis", "居民公约第三条")
    lan.press("button[value='add:fields']")
    page.fill("#fields-1-name", "哪一种灯")
    page.select_option("#fields-1-kind", "choice")
    page.fill("#fields-1-options", "声控灯；长明灯")
    page.select_option("#fields-1-required", "yes")
    lan.press("button[value=save]")
    assert page.locator("#clean").is_visible()
    check(lan, "written")
    return page.url.rsplit("/", 1)[1].partition("?")[0]


def reported(resident, key):
    """What a resident does, from the page of his community to his receipt."""
    import page_district

    resident.go(f"/places/{page_district.PLACE}")
    resident.press(f"a[href='/report?scene={key}']")
    resident.page.fill("#text", "三楼的灯不亮")
    resident.page.get_by_label("楼道照明").check()
    resident.page.locator("select[name^=f_]").select_option(label="声控灯")
    check(resident, "report")
    resident.press("button.main-action")
    resident.page.select_option("#place", page_district.PLACE)
    resident.press("button.main-action")
    resident.press("button.main-action")
    return resident.page.url.partition("?")[0]


def test_a_micro_scene_from_page_to_case(looker, tmp_path):
    import page_district
    import page_steps

    resident, lan, zhou, su = looker(), looker(), looker(), looker()
    lan.sign_in("lan", page_district.PASSWORD)
    key = declared(lan)
    home = f"/console/scenes/{key}"
    lan.go(f"{home}/try")
    lan.page.select_option("#late", "yes")
    lan.press("main form .main-action")
    assert lan.page.locator(".line > li").count() >= 7
    assert lan.page.locator(".line > li.bad").count() >= 1
    check(lan, "tried")
    lan.go(home)
    lan.page.fill("#why", "居民议事会通过")
    lan.press("button[value=publish]")
    assert "已发布" in lan.page.locator("[role=status]").inner_text()
    with lan.page.expect_download() as download:
        lan.page.locator("a[href$='/export']").click()
    assert download.value.suggested_filename == f"{key}.zip"

    tracking = reported(resident, key)
    zhou.sign_in("zhou", page_district.PASSWORD)
    zhou.press(".inbox h2 a")
    case = zhou.page.url.partition("?")[0]
    zhou.move("accept")
    zhou.open("dispatch")
    zhou.move("dispatch")
    lan.go(case)
    assert "声控灯" in lan.page.content()
    lan.move("take")
    lan.open("finish")
    picture = tmp_path / "after.png"
    picture.write_bytes(page_steps.png())
    lan.page.set_input_files("input[type=file][name^=proof-]", picture)
    lan.page.locator("textarea[name=answer]").first.fill("换了灯泡")
    lan.move("finish")
    check(lan, "case")
    su.sign_in("su", page_district.PASSWORD)
    su.go(case)
    su.move("verify")
    resident.go(tracking)
    assert "换了灯泡" in resident.page.content()
    assert "已结案" in resident.page.content()
