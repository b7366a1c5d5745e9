"""Notices, ways and roster in a real browser, on a telephone of 320 pixels and on a desk."""

import os
import time

import pytest

import page_browser
from page_browser import Looker

pytestmark = pytest.mark.browser
PAGES = (
    "/console/notices",
    "/console/notices?show=all",
    "/console/notices/ways",
    "/console/calendar",
    "/console/roster",
)


@pytest.fixture
def site(clean_db, settings, tmp_path):
    from bihuan.demo.load import load_demo
    from bihuan.desk import api, feed, identity
    from bihuan.desk.notices import plan
    from bihuan.wiring.site import tell_scenes

    settings.DATA = tmp_path
    identity.forget_numbers()
    load_demo()
    tell_scenes()
    for _ in range(3):
        api.report(
            api.Intake("B0115", "500103003013", "portal", {"text": "路灯坏了"}), by=api.ANONYMOUS, purpose="反映"
        )
    feed.settle()
    plan.step()
    with page_browser.serving() as address:
        yield address


@pytest.mark.parametrize("view", [page_browser.PHONE, page_browser.DESKTOP], ids=["phone", "desk"])
def test_the_pages_of_notices_are_whole_on_a_telephone(site, chromium, view):
    from bihuan.demo.load import PASSWORD

    with page_browser.browsing(chromium) as browser:
        clerk = Looker(browser, site, view)
        clerk.sign_in("zhzx", PASSWORD)
        for address in PAGES:
            clerk.go(address)
            if folder := os.environ.get("PICTURES"):
                name = f"{address.strip('/').replace('/', '-').replace('?', '-')}-{view['viewport']['width']}.png"
                clerk.page.screenshot(path=f"{folder}/{name}", full_page=True)
        assert clerk.page.locator(".week > li").count() == 7
        clerk.go("/console/notices?show=all")
        assert clerk.page.locator("ol.inbox > li").count() == 0
        triage = Looker(browser, site, view)
        triage.sign_in("shouli", PASSWORD)
        triage.go("/console/notices")
        assert triage.page.locator("ol.inbox > li").count() == 3
        if folder := os.environ.get("PICTURES"):
            triage.page.screenshot(path=f"{folder}/notices-{view['viewport']['width']}.png", full_page=True)
        triage.press("ol.inbox button")
        assert triage.page.locator("ol.inbox > li").count() == 2


def test_the_worker_shows_what_is_pushed(site, chromium):
    """Chromium hands a push to the worker as its push service would; the browser shows it."""
    from bihuan.demo.load import PASSWORD

    with page_browser.browsing(chromium) as browser:
        worker = Looker(browser, site, page_browser.PHONE)
        worker.context.grant_permissions(["notifications"], origin=site)
        worker.sign_in("cgj", PASSWORD)
        protocol = worker.context.new_cdp_session(worker.page)
        known = []
        protocol.on("ServiceWorker.workerRegistrationUpdated", lambda told: known.extend(told["registrations"]))
        protocol.send("ServiceWorker.enable")
        worker.go("/field/")
        worker.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        worker.page.wait_for_function("navigator.serviceWorker.controller !== null")
        deadline = time.monotonic() + 30
        while not known and time.monotonic() < deadline:
            worker.page.wait_for_timeout(50)
        pushed = '{"title": "闭环：新任务，请接单 7", "body": ""}'
        told = {"origin": site, "registrationId": known[0]["registrationId"], "data": pushed}
        protocol.send("ServiceWorker.deliverPushMessage", told)
        # Asked again and again: waiting for a function takes the promise itself for an answer.
        shown = (
            "navigator.serviceWorker.ready.then((one) => one.getNotifications())"
            ".then((all) => all.map((one) => [one.title, one.body]))"
        )
        while not (seen := worker.page.evaluate(shown)) and time.monotonic() < deadline:
            worker.page.wait_for_timeout(50)
        assert seen == [["闭环：新任务，请接单 7", ""]]
