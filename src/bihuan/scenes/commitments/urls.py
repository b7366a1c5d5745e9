"""The pages of the scene. Who may open which: docs/reference/permissions.md."""

from __future__ import annotations

from django.urls import path

from bihuan.faces import i18n
from bihuan.scenes.commitments import pages, words

i18n.tell(words.ENGLISH)

urlpatterns = [
    path("console/meetings/", pages.promised, name="meetings"),
    path("console/meetings/read", pages.read, name="meetings-read"),
]
