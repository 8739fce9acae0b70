"""{% w "section.key" name=value %} and friends: everything a template says, in the reader's language."""

from datetime import date, datetime, time
from typing import Any

from django import template
from django.template import Context
from django.utils.translation import get_language

from forain import wiring
from forain.core.money import Money
from forain.core.terms import ABSENT
from forain.store import models
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
    return words.tell(language(), key, values | more)


@register.simple_tag
def who_acts(marketplace: str, who: str) -> str:
    return words.who_acts(language(), marketplace, who)


@register.simple_tag(takes_context=True)
def named(context: Context, subject: str) -> str:
    """A subject as people call it: "account:1" its name, "SITE/SKU" the SKU and the site, an order its number."""
    known = context.render_context.get("forain_names")
    if known is None:
        known = {f"account:{pk}": name for pk, name in models.Account.objects.values_list("pk", "name")}
        known |= {f"shop:{pk}": name for pk, name in models.Shop.objects.values_list("pk", "name")}
        for pk, name in models.Application.objects.values_list("pk", "client_id"):
            known |= {f"application:{pk}": name, f"queue:{pk}": name}
        known |= {f"webhook:{pk}": name for pk, name in models.Webhook.objects.values_list("pk", "name")}
        known |= {f"person:{pk}": name for pk, name in models.Person.objects.values_list("pk", "user__username")}
        known["house"] = words.say(language(), "app.name")
        context.render_context["forain_names"] = known
    owner, _, rest = subject.partition("/")
    if not rest:
        return str(known.get(owner, owner))
    if owner in known:
        found = words.site(rest)
        return f"{known[owner]} · {found}" if found != rest else str(known[owner])
    found = words.site(owner)
    return f"{rest} · {found}" if found != owner else subject


@register.filter
def error_words(stored: str) -> str:
    return words.say_stored(language(), stored) if stored else ""


@register.filter
def site_name(site_id: str) -> str:
    return words.site(site_id)


@register.filter
def when(moment: datetime | None) -> str:
    """A moment in the merchant's zone, short; "never" for None."""
    if moment is None:
        return words.say(language(), "app.never")
    return f"{words.day(language(), moment)} {words.local(moment):%H:%M}"


@register.filter
def day(moment: datetime | None) -> str:
    return "" if moment is None else words.day(language(), moment)


@register.filter
def guess(estimated: bool) -> str:
    """For {estimated} in a text: the word beside a day that is not sure, "" where it is."""
    return words.guess(language(), bool(estimated))


@register.filter
def plain_day(moment: date | None) -> str:
    """A calendar day, as it was typed: no zone moves it."""
    return "" if moment is None else words.plain_day(language(), moment)


@register.filter
def days_since(moment: date | None) -> int:
    """Days from that calendar day to today in the merchant's zone."""
    return 0 if moment is None else (words.local(wiring.deps().clock.now()).date() - moment).days


@register.filter
def clock(value: object) -> str:
    """A time of day as a field of a form takes it; what was typed stays as it was."""
    return value.strftime("%H:%M") if isinstance(value, time) else str(value or "")


@register.filter
def age(moment: datetime | None) -> str:
    """How long since then, in one unit."""
    if moment is None:
        return words.say(language(), "app.never")
    return words.span(language(), (wiring.deps().clock.now() - moment).total_seconds())


@register.filter
def ago(moment: datetime | None) -> str:
    """ "3 min ago"; "never" for None."""
    return age(moment) if moment is None else words.say(language(), "app.ago", {"time": age(moment)})


@register.filter
def figure(value: object) -> str:
    """A number with the language's marks; a dash for None."""
    return "–" if value is None else words.number(language(), str(value))


@register.filter
def term(text: str | None, name: str) -> str:
    """A term of an offer as it is read; a dash for None and for none. Any other step of a number is a figure."""
    return "–" if text in (None, ABSENT) else words.term(language(), name, str(text))


@register.simple_tag
def led_by(who: str) -> str:
    """ "led by another tool"."""
    return w("term.led_by", who=w(f"wished.{who}"))


@register.filter
def wished(text: str) -> str:
    """A wish as it is read: its word, or a number with the language's marks."""
    return (
        w(f"wished.{text}") if words.has(f"wished.{text}") else words.amount(language(), words.number(language(), text))
    )


@register.simple_tag
def worth(quantity: int | None, minor: int | None, currency: str, fulfilled_by: str = "") -> str:
    """Pieces and price of an offer in one cell; no pieces where the marketplace keeps the stock."""
    pieces = "" if quantity is None or fulfilled_by == "marketplace" else figure(quantity)
    price = "" if minor is None or not currency else money(minor, currency)
    return " · ".join(part for part in (pieces, price) if part) or "–"


@register.filter
def money(minor: int | None, currency: str) -> str:
    """An amount as the language writes it; a dash where there is none."""
    return "–" if minor is None or not currency else words.amount(language(), str(Money(minor, currency)))
