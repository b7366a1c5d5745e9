"""Every page and its address. Who may open which: docs/reference/permissions.md, which a test holds against this."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path, register_converter
from django.urls.converters import StringConverter
from django.views.decorators.gzip import gzip_page
from django.views.i18n import set_language

from bihuan.faces import caps, pages
from bihuan.faces.console import (
    calendars,
    drills,
    notices,
    notices_ways,
    papers,
    roster,
    rule_rows,
    rules,
    scenes,
    sensed,
    suggested,
    work,
)
from bihuan.faces.console import views as console
from bihuan.faces.console.bulk import bulk
from bihuan.faces.console.search import search
from bihuan.faces.field import views as field
from bihuan.faces.portal import mail, public, spot
from bihuan.faces.portal import views as portal
from bihuan.faces.portal.stations import stations
from bihuan.faces.screen import boards
from bihuan.faces.screen import views as screen


class Code(StringConverter):
    """A receipt code as people copy it: hyphens and small letters too."""

    regex = "[0-9A-Za-z-]{16,24}"


class PhotoName(StringConverter):
    regex = r"[0-9a-f]{64}\.(?:jpeg|png|webp)"


class VoiceName(StringConverter):
    regex = r"[0-9a-f]{64}\.(?:webm|mp4)"


class LetterName(StringConverter):
    regex = "[a-z][a-z0-9_]{0,23}"


class LetterKind(StringConverter):
    regex = "pdf|docx"


class PlaceCode(StringConverter):
    regex = "[0-9]{2,15}"


class TableKey(StringConverter):
    regex = "book|categories|clocks|routes|steps|ladder"


class PackKind(StringConverter):
    regex = "xlsx|zip"


class SceneKey(StringConverter):
    regex = "[a-z][a-z0-9_]{0,23}"


class Digest(StringConverter):
    regex = "[0-9a-f]{64}"


register_converter(Code, "code")
register_converter(Digest, "digest")
register_converter(SceneKey, "scene")
register_converter(TableKey, "table")
register_converter(PackKind, "pack")
register_converter(PlaceCode, "place")
register_converter(LetterName, "letter")
register_converter(LetterKind, "kind")
register_converter(PhotoName, "photo")
register_converter(VoiceName, "voice")

# Pages for telephones on bad lines travel packed. Django adds a random length, so that nobody can guess by it (BREACH).
urlpatterns = [
    path("", gzip_page(portal.home), name="home"),
    path("report", gzip_page(portal.report), name="report"),
    path("report/map.svg", spot.picture, name="report-map"),
    path("track", gzip_page(portal.find), name="find"),
    path("t/<code:code>", gzip_page(portal.track), name="track"),
    path("t/<code:code>/say", portal.answer, name="answer"),
    path("t/<code:code>/qr.svg", portal.qr, name="qr"),
    path("t/<code:code>/photo/<photo:name>", portal.photo, name="own-photo"),
    path("t/<code:code>/receipt.json", portal.receipt, name="receipt"),
    path("t/<code:code>/seen", portal.seen, name="seen"),
    path("verify", gzip_page(portal.verify), name="verify"),
    path("rules", gzip_page(portal.rules), name="rules"),
    path("cases", gzip_page(public.cases), name="public-cases"),
    path("warnings.atom", caps.feed, name="warnings-feed"),
    path("warnings/<uuid:warning>.cap", caps.one, name="warning-cap"),
    path("cases.atom", public.feed, name="public-feed"),
    path("cases/<int:number>", gzip_page(public.one), name="public-case"),
    path("places/<place:ground>", gzip_page(public.place), name="public-place"),
    path("places/<place:ground>.atom", public.feed, name="place-feed"),
    path("mail", mail.ask, name="mail"),
    path("mail/<digest:token>", mail.wish, name="mail-wish"),
    path("stations", stations, name="stations"),
    path("language", set_language, name="language"),
    path("reading", pages.reading, name="reading"),
    path("components", pages.components, name="components"),
    path("login/", LoginView.as_view(template_name="console/login.html"), name="login"),
    path("logout", LogoutView.as_view(next_page="/"), name="logout"),
    path("field/", field.page, name="field"),
    path("field/sw.js", field.worker, name="field-worker"),
    path("field/manifest.webmanifest", field.manifest, name="field-manifest"),
    path("field/tasks", field.tasks, name="field-tasks"),
    path("field/act", field.act, name="field-act"),
    path("field/photos/<digest:digest>", field.photo, name="field-photo"),
    path("screen/", screen.screen, name="screen"),
    path("screen/live", screen.live, name="screen-live"),
    path("screen/cases", screen.cases, name="screen-cases"),
    path("console/", console.inbox, name="inbox"),
    path("console/search", search, name="search"),
    path("console/work", work.first, name="work"),
    path("console/work/<uuid:case>", work.one, name="work-case"),
    path("console/bulk", bulk, name="bulk"),
    path("console/views", console.saved, name="saved-views"),
    path("console/notices", notices.page, name="notices"),
    path("console/notices/ways", notices_ways.ways, name="notice-ways"),
    path("calendar/<str:token>.ics", calendars.feed, name="calendar"),
    path("console/calendar", calendars.page, name="calendars"),
    path("console/sensed", sensed.page, name="sensed"),
    path("console/roster", roster.page, name="roster"),
    path("console/unit", boards.unit, name="unit-board"),
    path("console/evaluation", boards.evaluation, name="evaluation"),
    path("console/oversight", boards.oversight, name="oversight"),
    path("console/notice", boards.notice, name="notice"),
    path("console/post", console.change_post, name="post"),
    path("console/rules", console.rules, name="console-rules"),
    path("console/rules/<scene:scene>", rules.rulebook, name="rulebook"),
    path("console/rules/<scene:scene>/tables.<pack:pack>", rules.tables, name="rulebook-tables"),
    path("console/rules/<scene:scene>/<table:table>", rule_rows.table, name="rulebook-table"),
    path("console/scenes", scenes.scenes, name="scenes"),
    path("console/scenes/<scene:scene>", scenes.scene, name="scene"),
    path("console/scenes/<scene:scene>/try", scenes.trial, name="scene-trial"),
    path("console/scenes/<scene:scene>/export", scenes.export, name="scene-export"),
    path("console/drills", drills.drills, name="drills"),
    path("console/drills/leave", drills.leave, name="drill-leave"),
    path("console/drills/<uuid:drill>", drills.drill, name="drill"),
    path("console/drills/<uuid:drill>/report.pdf", drills.report, name="drill-report"),
    path("console/models", suggested.models, name="models"),
    path("console/glass", console.glass, name="glass"),
    path("console/case/<uuid:case>", console.case, name="case"),
    path("console/case/<uuid:case>/do", console.do, name="do"),
    path("console/case/<uuid:case>/source", suggested.detach, name="source"),
    path("console/case/<uuid:case>/purpose", console.purpose, name="purpose"),
    path("console/case/<uuid:case>/explain", console.explain, name="explain"),
    path("console/case/<uuid:case>/seen", console.seen, name="case-seen"),
    path("console/case/<uuid:case>/photo/<photo:name>", console.photo, name="photo"),
    path("console/case/<uuid:case>/voice/<voice:name>", console.photo, {"what": "voice"}, name="voice"),
    path("console/case/<uuid:case>/letter/<letter:name>.<kind:kind>", papers.letter, name="letter"),
]
