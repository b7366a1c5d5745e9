"""The field app in a real Chromium on a telephone: a stairwell without signal, a line that breaks, another hand."""

import os
import time

import pytest

import page_browser

pytestmark = pytest.mark.browser
VIEWS = {
    "320": page_browser.PHONE,
    "360": page_browser.PHONE | {"viewport": {"width": 360, "height": 740}},
}
WATCH_POLICY = "document.addEventListener('securitypolicyviolation', (e) => console.error('CSP', e.blockedURI))"
# Chromium writes these itself when it has no network; nothing of ours went wrong.
NO_NETWORK = ("net::ERR_", "Failed to load resource: net::")


@pytest.fixture
def data(clean_db, settings, tmp_path):
    import page_district
    from bihuan.desk import identity

    settings.DATA = tmp_path
    identity.forget_numbers()
    page_district.build()
    return tmp_path


@pytest.fixture
def site(data):
    import field_site

    made = field_site.Site()
    yield made
    made.cut = lambda _: ""
    made.stop()


@pytest.fixture
def chrome(chromium):
    with page_browser.browsing(chromium) as browser:
        yield browser


@pytest.fixture
def telephone(site, chrome):
    return lambda view="320", language="zh-CN": Telephone(chrome, site, VIEWS[view], language)


class Telephone(page_browser.Looker):
    def __init__(self, browser, server, view, language):
        super().__init__(browser, server.address, view, language)
        self.server = server
        self.context.add_init_script(WATCH_POLICY)

    def look(self):
        self.complaints[:] = [one for one in self.complaints if not one.startswith(NO_NETWORK)]
        super().look()

    def open(self, account="wei"):
        import page_district

        self.sign_in(account, page_district.PASSWORD)
        self.go("/field/")
        held = "navigator.serviceWorker.ready.then(() => caches.match('/field/')).then(Boolean)"
        self.until(lambda: self.page.evaluate(held), "the app is kept")
        self.wait("#net[data-is=online]")
        self.look()
        return self

    def wait(self, selector, **more):
        self.page.wait_for_selector(selector, timeout=15000, **more)

    def lose_network(self):
        self.server.stop()
        self.context.set_offline(True)

    def find_network(self):
        self.server.start()
        self.context.set_offline(False)

    def tap(self, text, within="body"):
        self.page.locator(within).get_by_role("button", name=text, exact=True).first.click()

    def queued(self):
        return self.page.locator("#queued > li").count()

    def until(self, is_so, what):
        end = time.monotonic() + 25
        while not is_so():
            assert time.monotonic() < end, f"{what}: {self.page.locator('main').inner_text()} {self.complaints}"
            self.page.wait_for_timeout(100)

    def do(self, text):
        """Press a step of the one task, and see it recorded."""
        self.tap(text, "#tasks")
        self.page.locator("#tasks").get_by_role("button", name=text, exact=True).wait_for(state="detached")
        self.until_sent()

    def until_sent(self):
        self.until(lambda: self.queued() == 0, "still waiting")

    def picture(self, name):
        """Kept in the folder that PICTURES names, for somebody to look at."""
        if folder := os.environ.get("PICTURES"):
            self.page.screenshot(path=f"{folder}/field-{name}-{self.width}.png")

    def finish(self, picture, answer="已更换井盖，现场恢复", within="#tasks"):
        self.tap("办完了", within)
        self.page.set_input_files("#proof-photo_after", picture)
        self.page.fill("#answer", answer)
        self.wait("#finish .thumbs img")
        self.look()
        self.picture("finish")
        self.tap("办完了", "#finish")

    def report(self, picture=None, text="路灯不亮，整条巷子都黑"):
        import page_district

        self.tap("快速上报")
        self.page.fill("#text", text)
        self.page.select_option("#place", page_district.PLACE)
        self.page.fill("#address", "三号楼后面")
        if picture:
            self.page.set_input_files("#report-photo", picture)
            self.wait("#report .thumbs img")
        self.look()
        self.picture("report")
        self.tap("上报", "#report")


@pytest.fixture
def photo(tmp_path):
    import field_site

    def make(seed=1):
        path = tmp_path / f"photo-{seed}.jpeg"
        path.write_bytes(field_site.picture(seed=seed))
        return path

    return make


class Breaking:
    """A line on which each request that changes anything breaks once in its middle and once after it was done."""

    def __init__(self, most=14):
        self.broken, self.most = [], most

    def __call__(self, environ):
        if environ["REQUEST_METHOD"] != "POST":
            return ""
        name = (environ["PATH_INFO"], environ["QUERY_STRING"], environ.get("CONTENT_LENGTH"))
        times = sum(one == name for one, _ in self.broken)
        if times == 2 or len(self.broken) == self.most:
            return ""
        self.broken.append((name, ("middle", "after")[times]))
        return self.broken[-1][1]


@pytest.mark.parametrize("view", VIEWS)
def test_a_day_without_a_network_and_a_line_that_breaks(telephone, site, data, photo, view):
    """Offline: take, arrive, finish with a photograph, report with another. Then the line breaks wherever it can."""
    import field_site

    field_site.dispatched("下水道井盖没了，围了绳子，要一个大号的铸铁井盖，旁边是小学，放学时人很多")
    case = field_site.dispatched()
    phone = telephone(view).open()
    phone.picture("tasks")
    phone.lose_network()
    phone.go("/field/")  # opens from the telephone alone
    card = f"[data-case='{case}']"
    phone.tap("接单", card)
    phone.tap("已到现场", card)
    phone.finish(photo(1), within=card)
    phone.report(photo(2))
    phone.until(lambda: phone.queued() == 4, "four entries wait")
    phone.look()
    phone.picture("offline")
    assert phone.page.locator("#net").get_attribute("data-is") == "offline"
    assert field_site.events(case, "TaskTaken") == []
    site.cut = Breaking()
    phone.find_network()
    while phone.queued() and len(site.seen) < 300:
        phone.page.locator("#refresh").click()
        phone.page.wait_for_timeout(300)
    phone.until_sent()
    assert {how for _, how in site.cut.broken} == {"middle", "after"}
    assert any("/photos/" in name[0] for name, _ in site.cut.broken)
    for kind in ("TaskTaken", "TaskArrived", "TaskFinished"):
        assert len(field_site.events(case, kind)) == 1, kind
    (made,) = field_site.from_phones()
    assert len(field_site.events(made, "ProofAdded")) == 1
    assert len(field_site.photos(data)) == 2
    phone.look()
    phone.page.locator("#sent summary").click()
    phone.look()
    phone.picture("sent")


def test_a_spoken_note_is_recorded_without_a_network_and_heard_in_the_console(telephone, data):
    import field_site

    case = field_site.dispatched()
    phone = telephone().open()
    phone.do("接单")
    phone.lose_network()
    phone.tap("录一段话", f"[data-case='{case}']")
    phone.tap("添上", "#voice")
    phone.wait("#voice [role=alert]:not([hidden])")
    phone.tap("开始录音", "#voice")
    phone.page.locator("#recording", has_text="1 秒").wait_for()
    phone.tap("录完了", "#voice")
    phone.wait("#heard[src]")
    phone.look()
    phone.picture("voice")
    phone.tap("添上", "#voice")
    phone.until(lambda: phone.queued() == 1, "it waits")
    phone.find_network()
    phone.until_sent()
    (added,) = field_site.events(case, "ProofAdded")
    assert added["data"]["proof"]["kind"] == "voice"
    phone.go(f"/console/case/{case}")
    seconds = "() => new Promise(done => { const a = document.querySelector('audio'); a.preload = 'auto';"
    seconds += " a.onerror = () => done(a.error.message); a.oncanplaythrough = () => done(a.readyState) ; a.load(); })"
    assert phone.page.evaluate(seconds) == 4  # HAVE_ENOUGH_DATA
    phone.look()


def test_it_goes_out_by_itself_when_the_network_is_back(telephone, data):
    import field_site

    case = field_site.dispatched()
    phone = telephone().open()
    phone.lose_network()
    phone.tap("接单", "#tasks")
    phone.until(lambda: phone.queued() == 1, "waits")
    phone.find_network()
    phone.until_sent()
    assert len(field_site.events(case, "TaskTaken")) == 1
    phone.look()


def test_a_photograph_goes_on_from_where_the_line_broke(telephone, site, data, photo):
    import field_site

    case = field_site.dispatched()
    phone = telephone().open()
    phone.do("接单")
    phone.do("已到现场")
    pieces = []

    def cut(environ):
        if environ["REQUEST_METHOD"] != "POST" or "/photos/" not in environ["PATH_INFO"]:
            return ""
        pieces.append(environ["QUERY_STRING"].partition("offset=")[2])
        return "middle" if len(pieces) == 3 else ""

    site.cut = cut
    phone.finish(photo(1))
    phone.until(lambda: len(pieces) >= 3, "three pieces")
    phone.look()
    phone.until_sent()
    assert pieces[2] == pieces[3] != "0"  # the piece that broke came again, and none before it
    assert len(pieces) == len(set(pieces)) + 1
    assert len(field_site.events(case, "TaskFinished")) == 1
    assert len(field_site.photos(data)) == 1


def test_the_session_ended_meanwhile_and_the_work_waits(telephone, data, photo):
    import field_site
    import page_district

    case = field_site.dispatched()
    phone = telephone().open()
    phone.lose_network()
    phone.tap("接单", "#tasks")
    phone.until(lambda: phone.queued() == 1, "waits")
    phone.context.clear_cookies(name="sessionid")
    phone.find_network()
    phone.wait("#net[data-is=signed-out]")
    assert phone.page.locator("#tasks > li").count() == 0 or not phone.page.locator("#mine").is_visible()
    assert "1 条没有发出" in phone.page.locator("#out").inner_text()
    assert field_site.events(case, "TaskTaken") == []
    phone.complaints[:] = [one for one in phone.complaints if "401" not in one]
    phone.look()
    phone.picture("signed-out")
    phone.page.locator("#out a").click()
    phone.page.fill("#id_username", "wei")
    phone.page.fill("#id_password", page_district.PASSWORD)
    phone.page.locator("main button").click()
    phone.page.wait_for_url("**/field/")
    phone.until(lambda: len(field_site.events(case, "TaskTaken")) == 1, "sent after signing in")
    phone.until_sent()


def test_another_person_on_the_same_telephone(telephone, data):
    """Gu signs in where Wei left unsent work: sees none of it, sends none of it, and cannot read it in the store."""
    import field_site

    case = field_site.dispatched("井盖松了，只有魏然知道")
    phone = telephone().open()
    phone.lose_network()
    phone.tap("接单", "#tasks")
    phone.until(lambda: phone.queued() == 1, "waits")
    phone.tap("退出")
    phone.look()
    phone.picture("leave")
    phone.tap("退出", "#small")
    phone.until(lambda: not phone.page.locator("#mine").is_visible(), "gone")
    assert kept(phone.page, "kept") == []
    phone.find_network()
    phone.until(lambda: not phone.page.evaluate("localStorage.getItem('bihuan-field-left')"), "the server was told")
    phone.open("gu")
    assert phone.queued() == 0
    phone.page.wait_for_timeout(500)
    assert field_site.events(case, "TaskTaken") == []
    rows = kept(phone.page, "queue")
    assert len(rows) == 1
    assert "魏然" not in str(rows)
    assert str(case) not in str(rows)
    phone.tap("退出")
    phone.page.wait_for_timeout(500)
    phone.open("wei")
    phone.until_sent()
    taken = field_site.events(case, "TaskTaken")
    assert [one["by"] for one in taken] == [field_site.actor("wei").person]


def kept(page, store):
    """What stands in a store of the telephone, as anybody with a tool could read it."""
    return page.evaluate(
        """(name) => new Promise((resolve) => {
          const asked = indexedDB.open('bihuan-field');
          asked.onsuccess = () => {
            const all = asked.result.transaction(name).objectStore(name).getAll();
            all.onsuccess = () => { asked.result.close(); resolve(all.result.map((one) => {
              const text = (value) => value instanceof ArrayBuffer ? new TextDecoder('utf-8').decode(value) : value;
              return JSON.stringify(one, (_, value) => text(value));
            })); };
          };
        })""",
        store,
    )


def test_two_tabs_at_once(telephone, data):
    """The same task is pressed in two tabs without a network; both come back together."""
    import field_site

    case = field_site.dispatched()
    phone = telephone().open()
    other = phone.context.new_page()
    other.goto(phone.site + "/field/")
    other.wait_for_selector("#net[data-is=online]")
    phone.lose_network()
    phone.tap("接单", "#tasks")
    phone.until(lambda: phone.queued() == 1, "one entry, whoever pressed")
    other.get_by_role("button", name="已到现场", exact=True).click()
    phone.until(lambda: phone.queued() == 2, "the other tab's step is here too")
    phone.find_network()
    phone.until_sent()
    other.wait_for_function("document.querySelectorAll('#queued > li').length === 0")
    assert len(field_site.events(case, "TaskTaken")) == 1
    assert len(field_site.events(case, "TaskArrived")) == 1
    phone.look()


@pytest.mark.parametrize("view", VIEWS)
def test_a_conflict_is_shown_with_both_versions_and_waits_for_a_person(telephone, data, photo, view):
    import field_site
    import page_district
    from bihuan.desk import api as desk

    case = field_site.dispatched()
    phone = telephone(view).open()
    phone.do("接单")
    phone.lose_network()
    phone.tap("已到现场", "#tasks")
    phone.finish(photo(1))
    phone.until(lambda: phone.queued() == 2, "both wait")
    resident = desk.reporter(str(page_district.person("resident")))
    desk.submit(None, by=resident, case=case, purpose="say", texts={"text": "说错了，是 14 号门口的那一个"})
    phone.find_network()
    # He went there all the same; what he was told of it matters where he says that it is done.
    phone.until(lambda: phone.page.locator("#queued .is-changed").count() == 1, "a conflict")
    rows = phone.page.locator(".versions tbody tr").all_inner_texts()
    assert len(rows) == 1
    assert "反映内容" in rows[0]
    assert "14 号门口" in rows[0]
    assert len(field_site.events(case, "TaskArrived")) == 1
    assert field_site.events(case, "TaskFinished") == []
    phone.look()
    phone.picture("conflict")
    phone.go("/field/")  # it waits there also after the page was opened anew
    phone.wait("#queued .is-changed")
    phone.tap("仍然发送", "#queued")
    phone.until_sent()
    assert len(field_site.events(case, "TaskFinished")) == 1


def test_what_was_refused_stays_with_its_words_until_the_person_decides(telephone, data):
    import field_site
    from bihuan.kernel import commands as c

    case = field_site.dispatched()
    phone = telephone().open()
    phone.lose_network()
    phone.tap("接单", "#tasks")
    phone.tap("已到现场", "#tasks")
    phone.until(lambda: phone.queued() == 2, "waits")
    field_site.act(case, c.ReturnTask(1, "不归我们", "职责清单"), "gu")
    field_site.act(case, c.Grant(1), "zhou")
    field_site.act(case, c.Dispatch("zhujian", reason="改派"), "zhou")
    phone.find_network()
    phone.wait("#queued .is-refused")
    assert "不归您的单位办" in phone.page.locator("#queued .is-refused").inner_text()
    assert "等前一条" in phone.page.locator("#queued").inner_text()
    phone.look()
    phone.picture("refused")
    phone.tap("不要了", "#queued .is-refused")
    phone.tap("删除", "#small")
    phone.until(lambda: phone.queued() == 1 and phone.page.locator("#queued .is-refused").count() == 1, "the next too")
    phone.tap("不要了", "#queued .is-refused")
    phone.tap("删除", "#small")
    phone.until_sent()
    assert field_site.events(case, "TaskTaken") == []


def test_of_a_sealed_case_the_telephone_keeps_number_and_due_time_only(telephone, data):
    import field_site
    from bihuan.kernel import commands as c
    from bihuan.kernel.case import Seal

    case = field_site.dispatched("有人欺负孩子")
    phone = telephone().open()
    assert "欺负孩子" in phone.page.locator("#tasks").inner_text()
    field_site.act(case, c.Reseal(Seal.L2, "test"), "zhou")
    phone.tap("刷新")
    phone.wait("#tasks .sealed")
    assert "欺负孩子" not in phone.page.content()
    assert str(case) not in phone.page.content()
    phone.look()


def test_a_step_of_the_scene_is_ticked_off_without_a_network(telephone, data):
    import field_site

    case = field_site.dispatched(category="illegal")
    phone = telephone().open()
    phone.do("接单")
    steps = phone.page.locator("[data-of=steps] button")
    (first,) = steps.all_inner_texts()
    phone.lose_network()
    steps.click()
    phone.until(lambda: phone.queued() == 1, "waits")
    assert steps.count() == 0
    phone.look()
    phone.find_network()
    phone.until_sent()
    phone.until(lambda: steps.count() == 1, "the next one")
    assert steps.all_inner_texts() != [first]
    assert len(field_site.events(case, "StepTaken")) == 1
    phone.look()
    phone.picture("steps")


def test_sealed_meanwhile_his_unsent_work_stays_and_what_it_was_about_goes(telephone, data):
    import field_site
    from bihuan.kernel import commands as c
    from bihuan.kernel.case import Seal

    case = field_site.dispatched("有人欺负孩子")
    phone = telephone().open()
    phone.lose_network()
    phone.tap("接单", "#tasks")
    phone.tap("已到现场", "#tasks")
    phone.until(lambda: phone.queued() == 2, "waits")
    assert "井盖缺损" in phone.page.locator("#queue").inner_text()
    field_site.act(case, c.Reseal(Seal.L2, "test"), "zhou")
    phone.find_network()
    phone.wait("#queued .is-refused")
    phone.until(lambda: "井盖缺损" not in phone.page.locator("main").inner_text(), "what it was about")
    assert phone.queued() == 2
    assert "欺负孩子" not in phone.page.content()
    phone.look()


def test_near_comes_first_and_no_position_leaves_the_telephone(telephone, site, data):
    import field_site

    field_site.dispatched("远处的", category="illegal", lon=106.60, lat=29.60)
    field_site.dispatched("近处的", lon=106.5510, lat=29.5600)
    phone = telephone()
    phone.context.grant_permissions(["geolocation"], origin=site.address)
    phone.context.set_geolocation({"longitude": 106.55, "latitude": 29.56})
    bodies = []
    phone.page.on("request", lambda request: bodies.append(f"{request.url} {request.post_data or ''}"))
    phone.open()
    assert "远处的" in phone.page.locator("#tasks > li").first.inner_text()
    phone.tap("按远近")
    phone.until(lambda: "近处的" in phone.page.locator("#tasks > li").first.inner_text(), "the near one first")
    first = phone.page.locator("#tasks > li").first
    assert "米" in first.inner_text()
    assert first.get_by_role("link", name="导航").get_attribute("href").startswith("geo:29.560000,106.551000")
    phone.tap("接单", "#tasks")
    phone.until_sent()
    assert not [one for one in bodies if "29.56" in one or "106.55" in one]
    assert not [row for store in ("kept", "queue") for row in kept(phone.page, store) if "106.55" in row]
    phone.look()
    phone.picture("near")


def test_with_the_app_closed_the_worker_sends(telephone, data):
    """Chromium wakes it by itself once there is a network; its switch for developers does so without waiting."""
    import field_site

    case = field_site.dispatched()
    phone = telephone().open()
    phone.lose_network()
    phone.tap("接单", "#tasks")
    phone.until(lambda: phone.queued() == 1, "waits")
    other = phone.context.new_page()
    phone.page.close()
    phone.page = other
    phone.find_network()
    other.goto(phone.site + "/rules")
    tools = phone.context.new_cdp_session(other)
    found = []
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda told: found.extend(told["registrations"]))
    tools.send("ServiceWorker.enable")
    phone.until(lambda: bool(found), "the worker")
    wish = {"origin": phone.site, "registrationId": found[0]["registrationId"], "tag": "bihuan-field"}
    tools.send("ServiceWorker.dispatchSyncEvent", wish | {"lastChance": True})
    phone.until(lambda: len(field_site.events(case, "TaskTaken")) == 1, "sent by the worker")
    other.wait_for_timeout(500)
    assert len(field_site.events(case, "TaskTaken")) == 1


def test_twelve_hours_without_a_word_from_the_server_the_tasks_go_and_the_work_stays(telephone, data):
    import field_site

    case = field_site.dispatched()
    phone = telephone().open()
    phone.lose_network()
    phone.tap("接单", "#tasks")
    phone.until(lambda: phone.queued() == 1, "waits")
    phone.page.clock.install()
    phone.page.clock.set_system_time(time.time() * 1000 + 13 * 3_600_000)
    phone.page.evaluate("new BroadcastChannel('bihuan-field').postMessage('changed')")
    phone.go("/field/")
    phone.until(lambda: phone.page.locator("#tasks > li").count() == 0, "tasks gone")
    assert phone.queued() == 1
    assert str(case) not in phone.page.content()


def test_the_pages_pass_axe_core(telephone, data, photo):
    """WCAG 2.2 A and AA, by rules that others wrote: list, queue with a conflict, each dialog."""
    from axe_playwright_python.sync_playwright import Axe

    import field_site
    from bihuan.kernel import commands as c

    axe, wanted = Axe(), {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

    def check(what):
        found = axe.run(phone.page, options=wanted)
        assert found.violations_count == 0, f"{what}: {found.generate_report()}"

    field_site.dispatched()
    field_site.act(field_site.dispatched("有人欺负孩子"), c.Reseal("L2", "test"), "zhou")
    phone = telephone().open()
    check("list")
    phone.page.evaluate("document.querySelector('#below').append(new Image())")
    assert axe.run(phone.page, options=wanted).violations_count == 1  # it does look
    phone.page.evaluate("document.querySelector('#below img').remove()")
    phone.tap("快速上报")
    check("report")
    phone.tap("取消", "#report")
    phone.do("接单")
    phone.tap("写记录")
    check("note")
    phone.tap("取消", "#small")
    phone.do("已到现场")
    phone.tap("办完了", "#tasks")
    check("finish")
    phone.tap("取消", "#finish")
    phone.lose_network()
    phone.finish(photo(1))
    phone.until(lambda: phone.queued() == 1, "waits")
    check("queue")


def test_it_speaks_english_too(telephone, data):
    import field_site

    field_site.dispatched()
    phone = telephone("360", "en-GB").open()
    phone.look()
    phone.picture("english")
    assert "Take it on" in phone.page.locator("#tasks").inner_text()
    phone.page.get_by_role("button", name="Report", exact=True).click()
    phone.look()
