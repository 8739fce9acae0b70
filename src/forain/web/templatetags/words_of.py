"""{% w "section.key" name=value %} and friends."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.utils.translation import get_language

from forain import wiring
from forain.core.money import Money
from forain.web import words

register = template.Library()


def language() -> str:
    return (get_language() or "en")[:2]


@register.simple_tag
def w(key: str, **values: Any) -> str:
    return words.say(language(), key, values)


@register.simple_tag
def w_with(key: str, values: dict[str, Any], **more: Any) -> str:
    """Words filled from a dict (placeholders of a notice or journal entry); codes inside are put into words too."""
    told = dict(values) | more
    if "reason" in told:
        reason = str(told["reason"])
        told["reason"] = (
            words.say(language(), f"hold.{reason}")
            if words.has(f"hold.{reason}")
            else words.say_error(language(), reason)
        )
    if "issue" in told and words.has(f"issue.{told['issue']}"):
        told["issue"] = words.say(language(), f"issue.{told['issue']}", told)
    if "problem" in told:
        told["problem"] = words.say_error(language(), str(told["problem"]))
    if isinstance(told.get("date"), str) and len(told["date"]) == len("2026-11-24"):
        year, month, number = told["date"].split("-")
        told["date"] = {"fr": f"{number}/{month}/{year}", "de": f"{number}.{month}.{year}"}.get(
            language(), told["date"]
        )
    if "detail" in told:
        told["detail"] = words.say_error(language(), str(told["detail"]))
    return words.say(language(), key, told)


@register.simple_tag
def error_words(code: str) -> str:
    return words.say_error(language(), code)


@register.filter
def when(moment: datetime | None) -> str:
    """A moment in the merchant's zone, short; "never" for None."""
    if moment is None:
        return words.say(language(), "app.never")
    local = moment.astimezone(ZoneInfo(settings.DISPLAY_TIME_ZONE))
    return local.strftime({"fr": "%d/%m/%Y %H:%M", "de": "%d.%m.%Y %H:%M"}.get(language(), "%Y-%m-%d %H:%M"))


@register.filter
def day(moment: datetime | None) -> str:
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(settings.DISPLAY_TIME_ZONE))
    return local.strftime({"fr": "%d/%m/%Y", "de": "%d.%m.%Y"}.get(language(), "%Y-%m-%d"))


@register.filter
def age(moment: datetime | None) -> str:
    """How long ago, in one unit."""
    if moment is None:
        return words.say(language(), "app.never")
    seconds = max(int((wiring.deps().clock.now() - moment).total_seconds()), 0)
    for size, unit in ((86400, {"fr": "j", "de": "T"}.get(language(), "d")), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


@register.filter
def money(minor: int | None, currency: str) -> str:
    return "" if minor is None or not currency else str(Money(minor, currency))
