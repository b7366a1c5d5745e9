"""P4 in a real browser: a drill runs beside a real event on the same street; each page shows its own world."""

from datetime import timedelta

import pytest

import page_browser
from page_browser import Looker

pytestmark = pytest.mark.browser
REAL = "真的：路灯坏了"


@pytest.fixture
def site(clean_db, settings, tmp_path):
    from bihuan import scenes
    from bihuan.demo.load import load_demo
    from bihuan.desk import api, identity
    from bihuan.ops.drills import reading, running
    from bihuan.wiring.site import tell_scenes

    settings.SCENES, settings.DATA = scenes.names(), tmp_path
    identity.forget_numbers()
    load_demo()
    tell_scenes()
    drill = running.begin(running.plan(reading.find("flood"), by=api.SYSTEM, people=("yz.zhzx",)), is_paused=True)
    running.advance(drill.id, timedelta(minutes=40))
    with page_browser.serving() as address:
        yield address, drill


def test_a_drill_beside_a_real_event(site, chromium):
    from bihuan.demo.load import PASSWORD
    from bihuan.desk import api

    home, drill = site
    with page_browser.browsing(chromium) as browser:
        inside, outside = (Looker(browser, home, page_browser.DESKTOP) for _ in range(2))
        for one in (inside, outside):
            one.sign_in("paiqian", PASSWORD)
        real = api.report(
            api.Intake("S0406", "500103012013", "hotline", {"text": REAL}), by=api.ANONYMOUS, purpose="t", world=1
        )
        inside.go(f"/console/drills/{drill.id}")
        inside.press("button[value=enter]")
        inside.go("/console/?tab=all")
        outside.go("/console/?tab=all")
        assert "EXERCISE" in inside.page.locator(".exercise").first.inner_text()
        assert inside.page.title().startswith("演练 EXERCISE")
        assert outside.page.locator(".exercise").count() == 0
        assert outside.page.locator(f"a[href*='{real.case}']").count() == 1
        assert inside.page.locator(f"a[href*='{real.case}']").count() == 0
        assert inside.page.locator("a[href*='/console/case/']").count() > 0
        inside.go("/field/")
        inside.page.wait_for_selector("#drill:not([hidden])")
        assert inside.page.locator("#drill").inner_text() == "演练 EXERCISE"
        outside.go("/field/")
        outside.page.wait_for_selector("#mine:not([hidden])")
        assert outside.page.locator("#drill").is_hidden()
        inside.go(f"/console/drills/{drill.id}")
        inside.press("form[action='/console/drills/leave'] button")
        inside.go("/console/?tab=all")
        assert inside.page.locator(".exercise").count() == 0
        assert inside.page.locator(f"a[href*='{real.case}']").count() == 1
