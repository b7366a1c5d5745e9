"""To be included at ``/sta/``."""

from __future__ import annotations

from django.urls import re_path

from bihuan.faces.sensorthings import views

urlpatterns = [re_path(r"^v1\.1(?P<path>[\s\S]*)\Z", views.door)]
