"""To be included at ``/open311/``."""

from __future__ import annotations

from django.urls import path, re_path, register_converter
from django.urls.converters import StringConverter

from bihuan.faces.open311 import views
from bihuan.faces.open311.errors import wrapped


class Format(StringConverter):
    regex = "xml|json"


class Wanted(StringConverter):
    """A service code, a number or a receipt code: dots only inside."""

    regex = r"[0-9A-Za-z_:@-][0-9A-Za-z._:@-]{0,63}"


class Picture(StringConverter):
    regex = r"[0-9a-f]{64}\.(?:jpeg|png|webp)"


for _name, _kind in {"o311format": Format, "o311id": Wanted, "o311picture": Picture}.items():
    register_converter(_kind, _name)

READ = ("GET", "HEAD")
urlpatterns = [
    path("discovery.<o311format:kind>", wrapped(views.discovery, *READ)),
    path("v2/discovery.<o311format:kind>", wrapped(views.discovery, *READ)),
    path("v2/services.<o311format:kind>", wrapped(views.services, *READ)),
    path("v2/services/<o311id:wanted>.<o311format:kind>", wrapped(views.definition, *READ)),
    path("v2/requests.<o311format:kind>", wrapped(views.requests, *READ, "POST")),
    path("v2/requests/<o311id:wanted>.<o311format:kind>", wrapped(views.request, *READ)),
    path("v2/tokens/<o311id:wanted>.<o311format:kind>", wrapped(views.token, *READ)),
    path("v2/media/<o311id:code>/<o311picture:name>", wrapped(views.media, *READ)),
    re_path(r"^(?P<path>[\s\S]*)\Z", wrapped(views.nothing_here, *READ, "POST")),
]
