"""Addresses: everything is served by the web folder."""

from django.urls import include, path

urlpatterns = [path("", include("forain.web.urls"))]
handler400 = "forain.web.refusals.bad_request"
handler403 = "forain.web.refusals.forbidden"
handler404 = "forain.web.refusals.not_found"
