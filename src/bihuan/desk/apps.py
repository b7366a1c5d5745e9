"""The desk as a Django application."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "bihuan.desk"
    label = "desk"
    verbose_name = "Desk"
