"""Refusals: offers of which the marketplace does not do what it was told, by the code of the reason it gives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Min, Q, QuerySet, TextField, Value, Window
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, RowNumber
from django.db.models.lookups import Exact

from forain.core.clock import Instant
from forain.core.errors import Problem
from forain.core.ids import AccountId
from forain.store import models

TOLD_NO = ("refused", "not_taken")
"""Alarms that are the marketplace's word about a change: refused at once, or taken and not shown."""
EXAMPLES = 5
"""So many offers of a group are named."""
_TRYING = Q(wanted_no__gt=F("settled_no")) | ~Q(submission="") | Q(feed__isnull=False)
"""Marked again, or told and not seen yet: it need not be asked for once more."""


def as_rows(problems: Sequence[Problem]) -> list[list[str]]:
    """Problems as they are kept: code, text, field, category, and "warning" for one that is no more; errors first."""
    return [
        [p.code, p.text, p.field, p.category, *(["warning"] if p.warning else [])]
        for p in sorted(problems, key=lambda problem: problem.warning)
    ]


def from_rows(rows: Sequence[Sequence[str]]) -> list[Problem]:
    """What `as_rows` wrote; older rows end after the field."""
    return [
        Problem(row[0], row[1], row[2], warning=len(row) > 4, category=row[3] if len(row) > 3 else "") for row in rows
    ]


def detail(problems: Sequence[Problem]) -> str:
    """The reason in the marketplace's words, else its code; "refused" where it gives none."""
    first = min(problems, key=lambda problem: problem.warning, default=Problem("refused"))
    return first.text or first.code


def same_reason(before: Sequence[Sequence[str]], now: Sequence[Sequence[str]]) -> bool:
    """The first problem of both, which counts, has the same code; none is the same as none."""
    return [row[0] for row in before[:1]] == [row[0] for row in now[:1]]


@dataclass(frozen=True, slots=True)
class Group:
    """The refused offers of one code. `trying`: so many of the `count` are being tried again; `since`: the oldest refusal,
    None: unknown; `first`: the problem of the first of them; `offers`: the first few. `shown`: the name of exactly these, for `of_shown`.
    """

    code: str
    count: int
    trying: int
    since: Instant | None
    shown: str
    first: Problem
    offers: list[models.Offer]


@dataclass(frozen=True, slots=True)
class Total:
    """All of an account: how many, and how many of them are being tried again. `shown`: as in `Group`."""

    count: int
    trying: int
    shown: str


_CODE = Coalesce(KT("refusals__0__0"), Value(""), output_field=TextField())
"""The code of the first problem, "" for none."""


def _refused(account: AccountId, code: str | None = None, alarm: str = "") -> "QuerySet[models.Offer]":
    # Named twice, so that the index of the alarmed offers is known to hold them all.
    rows = models.Offer.objects.filter(~Q(alarm=""), account_id=account, alarm__in=(alarm,) if alarm else TOLD_NO)
    return rows if code is None else rows.filter(Exact(_CODE, code))


def groups(account: AccountId, most: int, *, code: str | None = None, alarm: str = "") -> list[Group]:
    """Up to `most` groups, the largest first, in three statements. `code`: only that one; `alarm`: only of that one."""
    rows = _refused(account, code, alarm)
    counted = (
        rows.annotate(code=_CODE)
        .values("code")
        .annotate(
            count=Count("pk"), trying=Count("pk", filter=_TRYING), since=Min("refused_at"), until=Max("refused_at")
        )
        .order_by("-count", "code")[:most]
    )
    found = list(counted)
    place = Window(RowNumber(), partition_by=[_CODE], order_by=[F("refused_at"), F("pk")])
    of_these = rows.annotate(code=_CODE).filter(code__in=[one["code"] for one in found])
    named = of_these.annotate(place=place).filter(place__lte=EXAMPLES)
    # By their numbers first: whole rows, of all of them, would be sorted otherwise.
    numbers = list(named.values_list("pk", flat=True)) if found else []
    first_few: dict[str, list[models.Offer]] = {}
    for offer in rows.filter(pk__in=numbers).order_by("refused_at", "pk") if numbers else ():
        first_few.setdefault(_code(offer), []).append(offer)
    return [
        Group(
            one["code"], one["count"], one["trying"], one["since"], _name(one["count"], one["until"]),
            _first(first_few.get(one["code"], [])), first_few.get(one["code"], []),
        )
        for one in found
    ]  # fmt: skip


def _code(offer: models.Offer) -> str:
    return next((problem.code for problem in from_rows(offer.refusals)[:1]), "")


def _first(offers: Sequence[models.Offer]) -> Problem:
    return next((problem for offer in offers for problem in from_rows(offer.refusals)[:1]), Problem(""))


def total(account: AccountId) -> Total:
    """How many there are in all groups together."""
    told = _refused(account).aggregate(count=Count("pk"), trying=Count("pk", filter=_TRYING), until=Max("refused_at"))
    return Total(told["count"], told["trying"], _name(told["count"], told["until"]))


def each(account: AccountId, code: str | None = None) -> Iterator[models.Offer]:
    """All refused offers, by code; None: of every code. Read from the database bit by bit."""
    return _refused(account, code).annotate(code=_CODE).order_by("code", "site", "sku").iterator()


def _name(count: int, until: Instant | None) -> str:
    return f"{count}~{until.isoformat() if until else ''}"


def of_shown(account: AccountId, shown: str, code: str | None) -> list[int] | None:
    """Of the offers that `shown` names, those that are refused still and are not being tried again already.

    What was refused since is not among them. None: nothing is named, or others have come into it; look again.
    """
    count, tilde, moment = shown.partition("~")
    if not tilde or not count.isascii() or not count.isdigit() or len(count) > 9:
        return None
    known = Q(refused_at=None)
    if moment:
        try:
            until = datetime.fromisoformat(moment)
        except ValueError:
            return None
        if until.tzinfo is None:
            return None
        known |= Q(refused_at__lte=until)
    rows = _refused(account, code)
    # One that went while another came into it is not noticed: that one is tried once too often, and is shown all the same.
    if rows.filter(known).count() > int(count):
        return None
    return list(rows.filter(known).exclude(_TRYING).order_by("pk").values_list("pk", flat=True))
