"""Words by code, in the reader's language: one table for pages, codes, mails and command line.

A text may hold {name}, filled in; {name:day|days}, filled in with the form that fits the number after it; and
[a part in brackets], which is left out when nothing fills its names.
"""

import re
import string
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from importlib.resources import files
from zoneinfo import ZoneInfo

from django.conf import settings

from forain import plugins
from forain.core.errors import Problem
from forain.core.plain import one_line
from forain.core.terms import ABSENT, NAMES

LANGUAGES = plugins.LANGUAGES

_DAY = {"en": "%-d %b %Y", "fr": "%d/%m/%Y", "de": "%d.%m.%Y"}
_MARKS = {"en": (",", "."), "fr": ("\N{NO-BREAK SPACE}", ","), "de": (".", ",")}
"""What groups thousands, and what stands before the decimals."""
_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}
_OPTIONAL = re.compile(r"\[([^\]]*)\]")
_NAME = re.compile(r"\{(\w+)")
_FRENCH_SPACE = re.compile(r" (?=[:;?!»])|(?<=«) ")
"""No French line begins with one of these signs, or ends with a guillemet that opens."""


class _Plain(string.Formatter):
    """Fills names only: no attributes, no indexes, so that a placeholder can reach nothing."""

    def __init__(self, language: str) -> None:
        self._language = language

    def get_field(self, field_name: str, args: object, kwargs: Mapping[str, object]) -> tuple[object, str]:
        return kwargs.get(field_name, ""), field_name

    def format_field(self, value: object, format_spec: str) -> str:
        one, bar, many = format_spec.partition("|")
        if not bar:
            return one_line(value)
        count = int(str(value)) if str(value).lstrip("-").isdigit() else 2
        single = abs(count) < 2 if self._language == "fr" else abs(count) == 1
        return f"{value}\N{NO-BREAK SPACE}{one if single else many}"


@cache
def table() -> Mapping[str, tuple[str, str, str]]:
    """Key ("section.name") -> words in English, French, German."""
    told = tomllib.loads(files("forain.web").joinpath("words.toml").read_text(encoding="utf-8"))
    return {f"{section}.{name}": tuple(texts) for section, rows in told.items() for name, texts in rows.items()}


def has(key: str) -> bool:
    return key in table()


def fill(language: str, text: str, values: Mapping[str, object]) -> str:
    """`text` with its gaps filled; an unknown name is left empty. What fills them stays on one line."""

    def part(found: re.Match[str]) -> str:
        return found[1] if all(values.get(name) not in (None, "") for name in _NAME.findall(found[1])) else ""

    if language == "fr":
        text = _FRENCH_SPACE.sub("\N{NO-BREAK SPACE}", text)
    return _Plain(language).vformat(_OPTIONAL.sub(part, text), (), values)


def say(language: str, key: str, values: Mapping[str, object] | None = None) -> str:
    """The words of `key`, filled. An unknown key is shown as it is: better a code than nothing."""
    texts = table().get(key)
    if texts is None:
        return key.rsplit(".", 1)[-1]
    return fill(language, texts[LANGUAGES.index(language)] if language in LANGUAGES else texts[0], values or {})


def say_error(language: str, code: str, values: Mapping[str, object] | None = None) -> str:
    """An error's sentence: ours, else the adapter's own, else the code."""
    if has(f"error.{code}"):
        return say(language, f"error.{code}", values)
    found = plugins.all_words(language).get(code)
    return fill(language, found, values or {}) if found else code


def say_stored(language: str, text: str) -> str:
    """The sentence of an error as it was stored: its code, then name=value for each placeholder."""
    code, _, rest = text.partition(" ")
    values = dict(re.findall(r"(\w+)=(.*?)(?=\s\w+=|$)", rest))
    told = say_error(language, code, values)
    return text if told == code else told


def tell(language: str, key: str, values: Mapping[str, object]) -> str:
    """The words of a notice or a journal entry: codes, days, amounts and sites in `values` are put into words too.

    Where `values` name a `cause` that has words of its own ("key_cause"), those are said.
    """
    told = {name: _READ[name](language, str(value)) if name in _READ else value for name, value in values.items()}
    if "issue" in told:
        told["issue"] = say(language, _of_cause(f"issue.{told['issue']}", values), told)
    return say(language, _of_cause(key, values), told)


def _of_cause(key: str, values: Mapping[str, object]) -> str:
    special = f"{key}_{values.get('cause', '')}"
    return special if has(special) else key


def why_refused(language: str, marketplace: str, problem: Problem) -> tuple[str, str]:
    """Cause and cure of a refusal, in the marketplace's own catalogue. The cause is "" where it does not know the code: then the
    marketplace's own text is all there is, and the cure a general one."""
    kind = ""
    if marketplace in plugins.marketplaces():
        kind = plugins.marketplace_manifest(marketplace).refusals.kind(problem.code, problem.category)
    if kind:
        return refusal(language, f"{marketplace} {kind}"), refusal(language, f"{marketplace} {kind}", "cure")
    if not problem.code:
        return say(language, "refusals.unsaid_cause"), say(language, "refusals.unsaid_cure")
    return "", say(language, "refusals.unknown_cure")


def refusal(language: str, told: str, part: str = "cause") -> str:
    """The cause (or the cure) of a refusal by "MARKETPLACE KIND"; "" for one there is not."""
    marketplace, _, kind = told.partition(" ")
    if marketplace not in plugins.marketplaces():
        return ""
    return fill(language, plugins.words("marketplaces", marketplace, language).get(f"problem.{kind}.{part}", ""), {})


def who_acts(language: str, marketplace: str, who: str) -> str:
    """Who must act before an end, and how: in the marketplace's own words ("who.token") where its adapter has some, else in
    the general ones. `who`: see `core.forecast.End.who`."""
    told = plugins.words("marketplaces", marketplace, language) if marketplace in plugins.marketplaces() else {}
    own = told.get(f"who.{who}")
    return fill(language, own, {}) if own else say(language, f"forecast.who_{who}")


def local(moment: datetime) -> datetime:
    """The moment in the merchant's zone."""
    return moment.astimezone(ZoneInfo(settings.DISPLAY_TIME_ZONE))


def day_begins(told: date) -> datetime:
    """When a calendar day begins in the merchant's zone."""
    return datetime.combine(told, time(), ZoneInfo(settings.DISPLAY_TIME_ZONE)).astimezone(UTC)


def moment(told: datetime) -> datetime:
    """The moment that a clock in the merchant's zone shows so; one that names its own zone as it is."""
    zone = told.tzinfo or ZoneInfo(settings.DISPLAY_TIME_ZONE)
    return told.replace(tzinfo=zone).astimezone(UTC)


def day(language: str, moment: datetime) -> str:
    """The day of a moment, as the language writes it; spaces do not break."""
    return local(moment).strftime(_DAY.get(language, _DAY["en"])).replace(" ", "\N{NO-BREAK SPACE}")


def plain_day(language: str, told: date) -> str:
    """A calendar day, as the language writes it; spaces do not break."""
    return told.strftime(_DAY.get(language, _DAY["en"])).replace(" ", "\N{NO-BREAK SPACE}")


def guess(language: str, estimated: bool) -> str:
    """The word that goes in brackets beside a day that is not sure; "" where it is."""
    return say(language, "phase.estimated") if estimated else ""


def span(language: str, seconds: float) -> str:
    """A length of time, in one unit."""
    left = max(int(seconds), 0)
    for size, unit in ((86400, {"fr": "j", "de": "T"}.get(language, "d")), (3600, "h"), (60, "min")):
        if left >= size:
            return f"{left // size}\N{NO-BREAK SPACE}{unit}"
    return f"{left}\N{NO-BREAK SPACE}s"


def number(language: str, text: str) -> str:
    """Digits with one point ("1234.50") with the language's marks; anything else as it is."""
    if not re.fullmatch(r"[-+]?\d+(\.\d+)?", text):
        return text
    thousands, point = _MARKS.get(language, _MARKS["en"])
    whole, _, decimals = text.partition(".")
    sign, digits = (whole[0], whole[1:]) if whole[0] in "+-" else ("", whole)
    grouped = f"{int(digits):,}".replace(",", thousands)
    return sign + grouped + (point + decimals if decimals else "")


def amount(language: str, text: str) -> str:
    """An amount and its currency ("6.90 EUR") as the language writes it; anything else as it is."""
    bare, _, currency = text.rpartition(" ")
    if not re.fullmatch(r"-?\d+(\.\d+)? [A-Z]{3}", text):
        return text
    sign = _SIGNS.get(currency)
    written = number(language, bare)
    return f"{sign}{written}" if sign and language == "en" else f"{written}\N{NO-BREAK SPACE}{sign or currency}"


def term(language: str, name: str, text: str) -> str:
    """A term of an offer, as `core.terms.as_text` keeps it; another number as it is written in the language."""
    if text == ABSENT:
        return say(language, "term.none")
    if name in ("smallest", "price_group", "locations"):
        # Names, which may look like numbers.
        return text
    if name == "handling_days":
        return say(language, "term.days", {"count": text})
    if name == "sale" and len(parts := text.split(" ")) == 4:
        # Ends are the moment after the last one: the day before is the last day.
        last = datetime.fromisoformat(parts[3]) - timedelta(seconds=1)
        gaps = {"first": day(language, datetime.fromisoformat(parts[2])), "last": day(language, last)}
        return say(language, "term.sale_text", {"price": amount(language, " ".join(parts[:2])), **gaps})
    if name == "business" and len(parts := text.split(" ")) > 1:
        tiers = [tier.partition(":") for tier in parts[2:]]
        told = [
            say(language, "term.tier", {"count": pieces, "price": amount(language, f"{price} {parts[1]}")})
            for pieces, _, price in tiers
        ]
        return " · ".join([amount(language, " ".join(parts[:2])), *told])
    return amount(language, number(language, text))


@cache
def site(site_id: str) -> str:
    """A site as people call it ("Amazon.fr"); an unknown id as it is."""
    for code in plugins.marketplaces():
        found = plugins.marketplace_manifest(code).site(site_id)
        if found:
            return found.domain[:1].upper() + found.domain[1:]
    return site_id


def _stored_day(language: str, text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return day(language, moment if moment.tzinfo else moment.replace(hour=12, tzinfo=UTC))


def _reason(language: str, code: str) -> str:
    return say(language, f"hold.{code}") if has(f"hold.{code}") else say_stored(language, code)


def changed(language: str, text: str) -> str:
    """A value of a field that somebody else changed: what it is shows in its form."""
    return term(language, "business" if ":" in text and "Z" not in text else "sale", text)


def _term(name: str, language: str, text: str) -> str:
    return term(language, name, text)


_READ: Mapping[str, Callable[[str, str], str]] = {
    "reason": _reason,
    "problem": say_stored,
    "detail": say_stored,
    "refusal": refusal,
    "frequent": refusal,
    "error": say_stored,
    "date": _stored_day,
    "since": _stored_day,
    "seconds": lambda language, text: span(language, float(text)) if text.isdigit() else text,
    "price": amount,
    "field": lambda language, name: say(language, f"term.{name}"),
    "was": changed,
    "became": changed,
    **{name: partial(_term, name) for name in NAMES},
    "total": amount,
    "shop": amount,
    "marketplace": amount,
    "site": lambda language, text: site(text),
    "parts": lambda language, codes: ", ".join(say(language, f"part.{code}") for code in codes.split(",") if code),
    "flow": lambda language, code: say(language, f"flow.{code}"),
    "plan": lambda language, code: say(language, f"plan.{code}"),
    "person_role": lambda language, code: say(language, f"role.{code}"),
    "estimated": lambda language, text: guess(language, bool(text)),
}
"""How a stored placeholder of that name becomes readable."""
