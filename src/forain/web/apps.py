"""The Django application of the pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "forain.web"
    label = "web"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from forain.web import sessions

        user_logged_in.connect(sessions.begun, dispatch_uid="forain.sessions")
