"""The pages of the scene. Who may open which: docs/reference/permissions.md."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from bihuan.faces import i18n
from bihuan.scenes.forms import asking_pages, pages, words


class FormKey(StringConverter):
    regex = r"[A-Za-z0-9_.-]{1,64}"


register_converter(FormKey, "form")
i18n.tell(words.ENGLISH)

urlpatterns = [
    path("console/forms/", pages.home, name="forms"),
    path("console/forms/ask", asking_pages.ask, name="forms-ask"),
    path("console/forms/burden", pages.burden, name="forms-burden"),
    path("console/forms/case/<uuid:case>", pages.case, name="forms-case"),
    # The table first: a key may hold dots.
    path("console/forms/report/<form:form>.csv", pages.table, name="forms-table"),
    path("console/forms/report/<form:form>", pages.report, name="forms-report"),
]
