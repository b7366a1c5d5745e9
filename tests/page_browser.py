"""A real server and a real browser for the tests of pages."""

import os
import threading
from contextlib import contextmanager

FLAGS = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
    "--no-first-run",
]  # fmt: skip
PHONE = {"viewport": {"width": 320, "height": 700}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
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


@contextmanager
def serving():
    """The application on a free port of the loopback, in a thread; yields its address."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def browsing(chromium):
    """A Chromium; what a page asks of other hosts is refused, and said at the end."""
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


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
        """Press what leads to another page; a click alone returns before that page begins."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()
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
