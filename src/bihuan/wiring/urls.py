"""Which address leads to which face."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from bihuan.faces import pages
from bihuan.wiring.settings import SCENE_PAGES
from bihuan.wiring.site import fill_ports, tell_scenes

tell_scenes()
fill_ports()

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("bihuan.faces.rest.urls")),
    path("sta/", include("bihuan.faces.sensorthings.urls")),
    path("open311/", include("bihuan.faces.open311.urls")),
    *(path("", include(f"bihuan.scenes.{key}.urls")) for key in SCENE_PAGES),
    path("", include("bihuan.faces.urls")),
]
handler400 = pages.bad_request
handler403 = pages.forbidden
handler404 = pages.not_found
handler500 = pages.broken
