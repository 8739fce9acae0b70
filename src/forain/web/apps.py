"""The Django application of the pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "forain.web"
    label = "web"
