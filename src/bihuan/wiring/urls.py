"""Which address leads to which face."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from bihuan import scenes
from bihuan.desk import api as desk
from bihuan.faces import pages

for _scene in settings.SCENES:
    desk.tell_words(_scene, scenes.load(_scene).words)

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("bihuan.faces.rest.urls")),
    path("", include("bihuan.faces.urls")),
]
handler400 = pages.bad_request
handler403 = pages.forbidden
handler404 = pages.not_found
handler500 = pages.broken
