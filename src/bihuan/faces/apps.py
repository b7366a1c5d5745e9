"""What people and programs see, as one Django application."""

from django.apps import AppConfig


class FacesConfig(AppConfig):
    name = "bihuan.faces"
    label = "faces"
    verbose_name = "Faces"
