"""To be included at ``/api/v1/``."""

from __future__ import annotations

from django.urls import re_path

from bihuan.faces.rest import api

urlpatterns = [
    *api.patterns(),
    re_path(r"^(?P<path>[\s\S]*)\Z", api.wrapped(api.nothing_here)),
]
