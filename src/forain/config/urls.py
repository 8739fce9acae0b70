"""Addresses: everything is served by the web folder."""

from django.urls import include, path

urlpatterns = [path("", include("forain.web.urls"))]
handler404 = "forain.web.dashboard.not_found"
handler400 = "forain.web.dashboard.unreadable"
