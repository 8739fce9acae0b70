"""The Django application that owns the tables."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """Names the application, and with it its tables: `store_...`."""

    name = "forain.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"
