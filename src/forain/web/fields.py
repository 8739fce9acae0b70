"""The fields of a manifest as one form draws them, and what is wrong with a value beside its field."""

from datetime import date, datetime

from django.http import HttpRequest

from forain import plugins, wiring
from forain.contracts.manifest import Field
from forain.core import authorization, errors
from forain.core.clock import Instant
from forain.web import words
from forain.web.templatetags.words_of import language, w

ONLY = {"application_id": "consent", "refresh_token": "token"}
"""Fields that only one way of authorizing asks for: the consent page, or a token pasted by hand."""

PLACE = {
    "invalid_client": "client_secret",
    "secret_expired": "client_secret",
    "unauthorized_client": "client_id",
    "invalid_grant_refresh": "refresh_token",
    "no_token": "refresh_token",
    "seller_does_not_fit": "seller_id",
    "wrong_region": "region",
    "address_private": "url",
    "address_never": "url",
}
"""The field a refusal of the other side is about."""


def drawn(
    kind: str, code: str, fields: tuple[Field, ...], values: dict[str, str], wrong: dict[str, str]
) -> list[dict[str, object]]:
    """Fields of a manifest as the generic form draws them, with the adapter's own words.

    `wrong`: field name -> what to say beside it.
    """
    told = plugins.words(kind, code, language())
    return [
        {
            "field": field,
            "label": told.get(f"field.{field.name}.label", field.name),
            "help": told.get(f"field.{field.name}.help", ""),
            "value": "" if field.secret else values.get(field.name, field.default),
            "only": ONLY.get(field.name, ""),
            "optional": not field.required and field.name not in ONLY,
            "wrong": wrong.get(field.name, ""),
        }
        for field in fields
    ]


def said(fields: tuple[Field, ...], wrong: dict[str, str]) -> dict[str, str]:
    """What is wrong with the typed values, in words."""
    examples = {field.name: field.example for field in fields}
    return {name: w(f"error.{code}", example=examples.get(name, "")) for name, code in wrong.items()}


def _place(fields: tuple[Field, ...], error: errors.AdapterError) -> str:
    """The field an error is about, "" when it is about none."""
    named = PLACE.get(error.code, "")
    return next((f.name for f in fields if f.name == named or f.name in error.code.split("_")), "")


def sentence(error: errors.AdapterError) -> str:
    return words.say_error(language(), error.code, error.placeholders)


def beside(fields: tuple[Field, ...], error: errors.AdapterError) -> tuple[dict[str, str], str]:
    """The error's sentence: beside the field it is about, else for the head of the page."""
    place = _place(fields, error)
    return ({place: sentence(error)}, "") if place else ({}, sentence(error))


def today() -> date:
    """The day where the merchant is."""
    return words.local(wiring.deps().clock.now()).date()


def moment(request: HttpRequest, name: str) -> tuple[Instant | None, str]:
    """(the moment that an address names in the merchant's zone, the code of what is wrong with it); (None, "") for none."""
    text = request.GET.get(name, "").strip()
    if not text:
        return None, ""
    try:
        return words.moment(datetime.fromisoformat(text)), ""
    except (ValueError, OverflowError):
        return None, "moment_wrong"


def made_at(request: HttpRequest, name: str) -> tuple[Instant | None, str]:
    """(since when what was made on the typed day counts, the code of what is wrong with that day); (None, "") when none was
    typed. `name`: of the field."""
    text = request.POST.get(name, "").strip()
    if not text:
        return None, ""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None, "date_wrong"
    found = authorization.made_at(day, today(), wiring.deps().clock.now())
    return (found, "") if found else (None, "date_future")
