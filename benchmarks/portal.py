"""The portal on a bad line: bytes and seconds until it can be used, at 400 kbit/s and 400 ms, in a real Chromium.

The line is Chromium's own throttling, with an empty cache for each page. "Can be used": the page is painted, its
scripts have run (DOMContentLoaded) and its first button or field is there. Baseline: a page of one line from a bare
server on the same line in the same run, which is what the line alone costs. Last line: one JSON object.

    python benchmarks/portal.py [--rounds 3] [--json]
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import threading
import time
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import bench_site
import intake

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
LIMITS = {"kb_before_use": 40, "kb_in_all": 150, "seconds": 2.5}
LINE = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
FIRST = "main a.button, main button, main input:not([type=hidden]), main textarea, main h1"


class Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>x</title><main><h1>x</h1></main>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def visit(browser, address: str) -> dict[str, float]:
    """One page with an empty cache: seconds until it can be used, kilobytes until then and in all."""
    context = browser.new_context(viewport={"width": 360, "height": 760}, locale="zh-CN")
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    line.send("Network.emulateNetworkConditions", LINE)
    seen: list[float] = []
    line.on("Network.loadingFinished", lambda event: seen.append(event["encodedDataLength"]))
    begun = time.perf_counter()
    page.goto(address, wait_until="domcontentloaded")
    page.wait_for_selector(FIRST)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    usable, before = time.perf_counter() - begun, sum(seen)
    page.wait_for_load_state("networkidle")
    context.close()
    return {"seconds": usable, "kb_before_use": before / 1024, "kb_in_all": sum(seen) / 1024}


def middle(browser, address: str, rounds: int) -> dict[str, float]:
    found = [visit(browser, address) for _ in range(rounds)]
    return {name: round(statistics.median(one[name] for one in found), 2) for name in found[0]}


def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise SystemExit("没有 Chromium。 There is no Chromium: run make browser.")


def receipt(port: int, site) -> str:
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    headers |= {"Authorization": f"Bearer {site.token}", "X-Purpose": "bench"}
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/cases", intake.report(1), headers)
    with urllib.request.urlopen(asked) as answer:  # noqa: S310 - our own server
        return str(json.loads(answer.read())["receipt"]).replace("-", "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="accepted for all benchmarks alike")
    args = parser.parse_args()
    from playwright.sync_api import sync_playwright

    import page_browser

    blank = HTTPServer(("127.0.0.1", 0), Blank)
    threading.Thread(target=blank.serve_forever, daemon=True).start()
    with bench_site.site(stored=200) as site, sync_playwright() as playwright:
        intake.CATEGORY.update(code=site.category, place=site.place)
        with intake.server("bihuan.wiring.wsgi:application", site.environment) as (port, _):
            browser = playwright.chromium.launch(executable_path=chromium(), args=page_browser.FLAGS)
            bare = middle(browser, f"http://127.0.0.1:{blank.server_port}/", args.rounds)
            code = receipt(port, site)
            paths = {"/": "/", "/report": "/report", "/t/CODE": f"/t/{code}", "/track": "/track", "/cases": "/cases"}
            home = f"http://127.0.0.1:{port}"
            pages = {name: middle(browser, home + path, args.rounds) for name, path in paths.items()}
            browser.close()
    worst = {name: max(page[name] for page in pages.values()) for name in LIMITS}
    result = {
        "name": "portal",
        "baseline": "a page of one line from a bare server on the same line",
        "pages": pages,
        "blank": bare,
        "worst": worst,
        "times_the_blank": round(worst["seconds"] / bare["seconds"], 2),
        "limits": LIMITS,
        "met": {name: worst[name] <= limit for name, limit in LIMITS.items()},
    }
    print(json.dumps(result))
    if not all(result["met"].values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
