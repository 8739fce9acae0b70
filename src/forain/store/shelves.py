"""A report of a whole site held against what is known of it, in the database: only what differs ever leaves it again.

The lines stream into a table of this connection alone, one statement joins them with the offers, and what differs is worked off
some thousands at a time. An offer that the report shows as it is known is not written at all: a million such rows cost one
reading. Two tables live for one comparison, and are gone with the connection at the latest.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection

from forain.contracts.marketplace import ShelfPage, UnreadOffer
from forain.core.clock import Instant
from forain.core.ids import AccountId, OfferKey, SellerSku, SiteId
from forain.core.money import Money
from forain.core.offers import Observed
from forain.store import offers

MOST_NAMED = 1000
"""So many unreadable lines are named; all of them are counted."""
MOMENT = timedelta(milliseconds=1)
PAGE = 2000
"""So many differing offers are written at a time."""


@dataclass(slots=True)
class Lines:
    """What a report holds: `count` readable lines, `unread` ones (the first of them by name: `named`), and `nameless`: those of
    which not even the SKU could be read."""

    count: int = 0
    unread: int = 0
    nameless: int = 0
    named: list[UnreadOffer] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a comparison found. `differing`: known offers that are shown otherwise; `new` ones nobody knew; `doubtful`: their
    line is unreadable, there twice, or about another channel; `missing`: the report does not have them."""

    differing: int
    new: int
    doubtful: int
    missing: int


@contextmanager
def comparing() -> Iterator[None]:
    """The two tables, empty, as long as this lasts."""
    _execute(_DROP)
    try:
        _execute(_LINES)
        _execute(_DIFFERENCES)
        yield
    finally:
        _execute(_DROP)


def keep(pages: Iterable[ShelfPage]) -> Lines:
    """Stream the report's lines into the database. What `pages` raises goes through."""
    found = Lines()
    with connection.cursor() as cursor, cursor.cursor.copy(_COPY) as copy:
        for page in pages:
            found.count += len(page.lines)
            found.unread += len(page.unread)
            copy.write(_as_text(page.lines))
            for unread in page.unread:
                if not unread.key.sku:
                    found.nameless += 1
                    continue
                # It is there, whatever it shows.
                copy.write(_as_text([(unread.key.sku, None, None, None, None, "", "", "", "")]))
                if len(found.named) < MOST_NAMED:
                    found.named.append(unread)
    _execute("ANALYZE shelf_line")
    return found


def _as_text(lines: Sequence[tuple[Any, ...]]) -> str:
    """Lines as COPY reads them. At once for a page in which nothing is to be escaped, which is almost every one: a million
    lines one by one take as long as everything else together."""
    text = "".join(
        [
            f"{sku}\t{'' if quantity is None else quantity}\t{'' if minor is None else minor}\t{'' if own is None else own}\t"
            f"{'' if buyable is None else buyable}\t{channel}\t{code}\t{ean}\t{title}\n"
            for sku, quantity, minor, own, buyable, channel, code, ean, title in lines
        ]
    )
    plain = "\\" not in text and "\r" not in text
    if plain and text.count("\n") == len(lines) and text.count("\t") == TABS * len(lines):
        return text
    return "".join(
        "\t".join("" if cell is None else str(cell).translate(_ESCAPED) for cell in line) + "\n" for line in lines
    )


def compare(account: AccountId, site: SiteId, currency: str, made_at: Instant) -> Difference:
    """Hold the lines against the offers of the site; nothing is written but what differs, into a table of this comparison.

    `made_at`: before the report was asked for. An offer that was looked at since, is on its way or was moved by an order is
    left out: what is known of it is newer.
    """
    _execute(_COMPARE, {"currency": currency, "made_at": made_at, "account": account, "site": site})
    _execute(_TWICE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, count(DISTINCT sku) FROM shelf_difference GROUP BY kind")
        counts = dict(cursor.fetchall())
    return Difference(*(counts.get(kind, 0) for kind in ("other", "new", "doubtful", "missing")))


def write(
    account: AccountId, site: SiteId, currency: str, made_at: Instant, now: Instant, *, all_named: bool = True
) -> int:
    """Write what the comparison found, and mark what is shown otherwise than wanted; the answer is how many were marked.

    Known offers get only what the report shows; new ones their row; missing and doubtful ones are to be looked at by name
    (`offers.to_look_at`). Not `all_named`: a line whose SKU could not be read may be any of the missing ones, which may
    only be gone (`offers.forget_missing`) if a look missed them before.
    """
    for page in _differing():
        told = {number: _in_part(quantity, minor, buyable, currency) for number, quantity, minor, buyable in page}
        offers.see_in_part(account, told, made_at, now)
    for page in _new():
        seen = [_observed(OfferKey(account, site, SellerSku(sku)), currency, *rest) for sku, *rest in page]
        offers.add_in_part(account, seen, made_at, now)
    # By the moment it is known which of the two it is: only what is missing may be gone.
    later = max(now, made_at + MOMENT)
    _execute(_ASKED, ["missing", all_named, made_at, later, made_at])
    _execute(_ASKED, ["doubtful", False, later, later, made_at])
    return offers.mark_all_unlike(account, site, now)


def _in_part(quantity: int | None, minor: int | None, buyable: bool | None, currency: str) -> offers.InPart:
    return offers.InPart(quantity, None if minor is None else Money(minor, currency), buyable)


def _observed(
    key: OfferKey, currency: str, quantity: int | None, minor: int | None, buyable: bool | None, own: bool, channel: str,
    product_code: str, ean: str, title: str,
) -> Observed:  # fmt: skip
    return Observed(
        key, quantity, None if minor is None else Money(minor, currency), "merchant" if own else "marketplace", bool(buyable),
        (channel,), "", product_code, ean, title,
    )  # fmt: skip


def _differing() -> Iterator[Sequence[tuple[Any, ...]]]:
    return _pages("SELECT number, offer, quantity, minor, buyable FROM shelf_difference WHERE kind = 'other'")


def _new() -> Iterator[Sequence[tuple[Any, ...]]]:
    return _pages(
        "SELECT number, sku, quantity, minor, buyable, own, channel, coalesce(product_code, ''),"
        " coalesce(ean, ''), coalesce(title, '') FROM shelf_difference"
        " WHERE kind = 'new'"
    )


def _pages(sql: str) -> Iterator[Sequence[tuple[Any, ...]]]:
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(f"{sql} AND number > %s ORDER BY number LIMIT %s", [last, PAGE])
            found = cursor.fetchall()
        if not found:
            return
        last = found[-1][0]
        yield [row[1:] for row in found]


def _execute(sql: str, values: Sequence[Any] | dict[str, Any] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)


_DROP = "DROP TABLE IF EXISTS shelf_line, shelf_difference"
_LINES = """
CREATE TEMP TABLE shelf_line (sku text, quantity bigint, minor bigint, own boolean, buyable boolean, channel text,
    product_code text, ean text, title text)
"""
_COPY = "COPY shelf_line (sku, quantity, minor, own, buyable, channel, product_code, ean, title) FROM STDIN (NULL '')"
TABS = 8
"""Tabs of a line."""
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_DIFFERENCES = """
CREATE TEMP TABLE shelf_difference (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, offer bigint, kind text, sku text,
    quantity bigint, minor bigint, own boolean, buyable boolean, channel text, product_code text, ean text, title text)
"""
_COMPARE = """
INSERT INTO shelf_difference (offer, kind, sku, quantity, minor, own, buyable, channel, product_code, ean, title)
SELECT * FROM (
    SELECT o.id, CASE
        WHEN o.id IS NULL THEN CASE WHEN s.own IS NULL THEN '' ELSE 'new' END
        WHEN o.observed_at IS NULL OR o.observed_at >= %(made_at)s THEN ''
        WHEN s.sku IS NULL THEN 'missing'
        WHEN s.own IS DISTINCT FROM (o.fulfilled_by = 'merchant') THEN 'doubtful'
        WHEN o.asked_at > o.observed_at AND o.problems -> 0 ->> 0 = 'unreadable' THEN 'doubtful'
        WHEN o.submission <> '' OR o.feed_id IS NOT NULL OR o.moved_no > o.looked_no THEN ''
        WHEN s.quantity <> o.observed_quantity OR (s.quantity IS NULL) < (o.observed_quantity IS NULL) THEN 'other'
        WHEN o.observed_currency IN ('', %(currency)s)
            AND (s.minor <> o.observed_minor OR (s.minor IS NULL) < (o.observed_minor IS NULL)) THEN 'other'
        WHEN s.buyable <> o.buyable THEN 'other'
        ELSE '' END AS kind,
        coalesce(s.sku, o.sku) AS sku, s.quantity, s.minor, s.own, s.buyable, s.channel, s.product_code, s.ean, s.title
    FROM (SELECT * FROM store_offer WHERE account_id = %(account)s AND site = %(site)s) o
    FULL JOIN shelf_line s ON s.sku = o.sku
) found WHERE kind <> ''
"""
"""What is null on the report's side alone (it shows nothing there) is no difference."""
_TWICE = """
UPDATE shelf_difference SET kind = 'doubtful' WHERE kind = 'other' AND sku IN (
    SELECT sku FROM shelf_line WHERE sku IN (SELECT sku FROM shelf_difference WHERE kind = 'other')
    GROUP BY sku HAVING count(*) > 1)
"""
_ASKED = """
UPDATE store_offer o SET asked_at = greatest(
    o.asked_at, CASE WHEN told.sure OR o.asked_at > o.observed_at THEN told.at ELSE told.later END)
FROM shelf_difference d,
    (SELECT %s::text AS kind, %s::boolean AS sure, %s::timestamptz AS at, %s::timestamptz AS later) told
WHERE d.offer = o.id AND d.kind = told.kind AND o.observed_at < %s
"""
