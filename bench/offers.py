"""Many offers: what a run costs against bare statements of the same, and how it grows with the shelf and with the changes."""

import gzip
import json
import os
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SITE, SELLER = "A13V1IB3VIYZZH", "A1BENCHSELLER"
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
SMALL, MIDDLE, LARGE = (int(n) for n in os.environ.get("FORAIN_BENCH_OFFERS", "1000,100000,1000000").split(","))
"""Shelves. Smaller ones for a first look: FORAIN_BENCH_OFFERS=200,5000,20000."""
MANY, FEW = max(LARGE // 20, 100), max(MIDDLE // 50, 100)
"""Never so few that they would go one by one (`core.roads.SURELY_FEWER`): a feed is what is measured."""
MESSAGES = min(25_000, MANY)
A_PAGE = 500
"""Variants that the shop tells at a time, as its adapters do."""


def measure() -> Iterator[dict[str, Any]]:
    from forain.cli.house import open_house

    yield from feed_rows()
    home = Path(tempfile.mkdtemp(prefix="forain-bench-"))
    home.chmod(0o755)
    os.environ.pop("DATABASE_URL", None)
    house = open_house(home)
    try:
        yield from shelf_rows()
    finally:
        house.stop()
        shutil.rmtree(home, ignore_errors=True)


def row(what: str, value: float, against: float, target: float) -> dict[str, Any]:
    ratio = value / against if against else 0.0
    return {
        "what": what, "value": round(value, 4), "against": round(against, 4), "ratio": round(ratio, 2), "target": target,
        "met": ratio <= target,
    }  # fmt: skip


def took(act: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def best(act: Callable[[], Any], times: int = 5) -> float:
    return min(took(act) for _ in range(times))


# -- a feed's file and its report


def feed_rows() -> Iterator[dict[str, Any]]:
    import msgspec

    from forain.contracts.marketplace import Credentials
    from forain.core.ids import AccountId, FeedId, OfferKey, SellerId, SellerSku, SiteId
    from forain.core.money import Money
    from forain.core.offers import Change
    from forain.core.secret import Secret
    from forain.marketplaces.amazon import feeds

    credentials = Credentials(AccountId(1), SellerId(SELLER), "EU", "bench", Secret("bench"), None, {})
    changes = [
        Change(
            OfferKey(AccountId(1), SiteId(SITE), SellerSku(f"S{n:07d}")), n % 50, Money(990 + n % 100, "EUR"), "HOME"
        )
        for n in range(MESSAGES)
    ]
    told = feeds.document(credentials, changes)
    plain = msgspec.json.decode(told)
    yield row(
        f"the file of a feed of {MESSAGES} messages, seconds, against encoding the same messages",
        best(lambda: feeds.document(credentials, changes)), best(lambda: msgspec.json.encode(plain)), 1.5,
    )  # fmt: skip
    report = _report(changes)
    yield row(
        f"reading the report of {MESSAGES} messages, seconds, against decoding it",
        best(lambda: feeds.read(credentials, FeedId("1"), changes, report)), best(lambda: msgspec.json.decode(report)), 1.5,
    )  # fmt: skip


def _report(changes: Sequence[Any]) -> bytes:
    items = [
        {
            "sku": change.key.sku,
            "offers": [{"marketplaceId": SITE, "offerType": "B2C", "price": {"amount": "9.90", "currencyCode": "EUR"}}],
            "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": change.quantity}],
        }
        for change in changes
    ]
    count = len(changes)
    summary = {"errors": 0, "warnings": 0, "messagesProcessed": count, "messagesAccepted": count, "messagesInvalid": 0}
    header = {"sellerId": SELLER, "version": "2.0", "feedId": "1"}
    return json.dumps({"header": header, "issues": [], "summary": summary, "items": items}).encode()


# -- a large shelf


def shelf_rows() -> Iterator[dict[str, Any]]:
    shelf = Shelf()
    shelf.grow(SMALL)
    idle = best(shelf.run)
    shelf.grow(MIDDLE)
    few = min(shelf.changed(FEW) for _ in range(3))
    shelf.grow(LARGE)
    yield row(
        f"a run with nothing to do at {LARGE} offers, seconds, against {SMALL} offers", best(shelf.run), idle, 1.5
    )
    yield row(
        f"{FEW} changes at {LARGE} offers: mark, plan, write, seconds, against {MIDDLE} offers",
        min(shelf.changed(FEW) for _ in range(3)), few, 1.5,
    )  # fmt: skip
    bare = min(shelf.bare(MANY) for _ in range(2))
    before = _peak()
    whole = min(shelf.changed(MANY) for _ in range(2))
    yield row(
        f"{MANY} changes among {LARGE} offers: mark, plan, write, seconds, against five set-based statements",
        whole, bare, 2.0,
    )  # fmt: skip
    nights = [shelf.compared(seed) for seed in range(2)]
    yield row(
        f"whole nightly comparison of {LARGE} offers, seconds, against reading the report file alone",
        min(compared for compared, _ in nights), min(alone for _, alone in nights), 4.0,
    )  # fmt: skip
    yield row("peak memory of Python there, MiB, against 300 MiB", max(_peak(), before), 300, 1.0)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Still:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


class Shelves:
    """The shop: what it has, in memory, so that nothing of it is measured."""

    def __init__(self) -> None:
        self.on_hand: dict[str, int] = {}

    def stock(self, variants: Sequence[Any]) -> Mapping[Any, Any]:
        return {variant: self.variant(variant) for variant in variants}

    def variant(self, name: str) -> Any:
        from forain.contracts.shop import Variant
        from forain.core.ids import VariantId
        from forain.core.money import Money
        from forain.core.stock import StockLevel

        level = StockLevel(self.on_hand.get(name, 20), 0)
        return Variant(VariantId(name), name, f"Title of {name}", Money(990, "EUR"), level)


class Taking:
    """The marketplace: takes each feed, and carries it out at once. `report`: its file of all offers, ready when it is asked for."""

    def __init__(self) -> None:
        self.feeds = 0
        self.report = Path()

    def shelf(self, site: Any, cursor: str | None) -> Any:
        from forain.contracts.marketplace import Shelf

        return Shelf(None if cursor is None else self.pages(site), "R1", "EUR")

    def pages(self, site: Any) -> Iterator[Any]:
        from forain.core.ids import AccountId
        from forain.marketplaces import listing_file

        with self.report.open("rb") as file:
            yield from listing_file.read(file, "text/plain;charset=Cp1252", AccountId(1), site, "EUR")

    def hand_in(self, site: Any, changes: Sequence[Any]) -> str:
        return "document"

    def start_feed(self, site: Any, handed_in: str) -> str:
        self.feeds += 1
        return str(self.feeds)

    def followed(self, feed: Any, changes: Sequence[Any]) -> Any:
        from forain.contracts.marketplace import FeedEnd, Shown

        shown = {place: Shown(change.quantity, change.price, "merchant") for place, change in enumerate(changes)}
        return FeedEnd("done", True, {}, shown)


class Opening:
    """The adapters of this bench, and everything else as it is."""

    def __init__(self, real: Any, shop: Shelves, marketplace: Taking) -> None:
        self._real, self._shop, self._marketplace = real, shop, marketplace

    def shop(self, *_: Any) -> Shelves:
        return self._shop

    def marketplace(self, *_: Any) -> Taking:
        return self._marketplace

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class Shelf:
    """One account with many offers, all of them at rest."""

    def __init__(self) -> None:
        from forain import wiring
        from forain.store import models

        self.clock, self.shop, self.size, self.round = Still(), Shelves(), 0, 0
        self.marketplace = Taking()
        real = wiring.deps()
        self.deps = replace(real, clock=self.clock, open=Opening(real.open, self.shop, self.marketplace))
        models.Shop.objects.create(kind="files", name="Bench", hook_name="h", created_at=NOW)
        application = models.Application.objects.create(
            marketplace="amazon", kind="private", client_id="amzn1.application-oa2-client.bench", created_at=NOW
        )
        self.account = models.Account.objects.create(
            marketplace="amazon", name="Bench", region="EU", seller=SELLER, application=application, shop_id=1,
            standing="granted", grant_no=1, granted_at=NOW, expires_at=NOW + timedelta(days=365), probed_at=NOW,
            import_since=NOW, sales_known_until=NOW + timedelta(days=300), created_at=NOW, brakes={"zero_share": "none"},
        )  # fmt: skip
        models.AccountSite.objects.create(
            account=self.account, site=SITE, country="FR", currency="EUR", writes_allowed_at=NOW
        )

    def grow(self, size: int) -> None:
        """So many articles and offers, linked, told and seen as told."""
        _execute(_VARIANTS, [NOW, self.size + 1, size])
        _execute(_LINKS, [self.account.pk, NOW, NOW, self.size + 1, size])
        _execute(_OFFERS, [self.account.pk, SITE, NOW, NOW, self.size + 1, size])
        _execute("VACUUM ANALYZE", [])
        self.size = size

    def run(self) -> None:
        """What the timetable does when the account is due."""
        from forain.flows import reconcile_offers

        reconcile_offers.reconcile_offers(self.deps, self.account)

    def _chosen(self, count: int) -> list[str]:
        """So many articles of all of the shelf, each with other pieces than before."""
        self.round += 1
        self.clock.at += timedelta(hours=2)
        names = [f"S{n:07d}" for n in sorted(random.Random(self.round).sample(range(1, self.size + 1), count))]
        self.shop.on_hand |= dict.fromkeys(names, 20 + self.round)
        _execute("UPDATE store_offer SET observed_at = %s", [self.clock.at])
        _execute("VACUUM ANALYZE store_offer", [])
        return names

    def changed(self, count: int) -> float:
        """Seconds to mark, plan and write so many changes; that Amazon carries them out is not counted."""
        from forain.core.ids import ShopId
        from forain.flows import send_feeds
        from forain.store import limits, models, shops

        names = self._chosen(count)
        models.Limit.objects.all().delete()
        # On a small shelf too the feed is to be the cheaper road.
        models.Limit.objects.create(
            scope=limits.scope_of(self.account),
            operation="patchListingsItem",
            rate=0.01,
            burst=1,
            tokens=0,
            at=self.clock.at,
        )
        seconds = took(
            lambda: [
                shops.mirror(
                    ShopId(1), [self.shop.variant(name) for name in names[start : start + A_PAGE]], self.clock.at
                )
                for start in range(0, count, A_PAGE)
            ]
        )
        while waiting():
            seconds += took(self.run)
            seconds += took(lambda: send_feeds.send_feeds(self.deps, self.account))
            feed = models.Feed.objects.exclude(state="ended").first()
            if feed is None or feed.state != "under_way":
                raise RuntimeError(f"no feed was begun: {feed and feed.state}")
            send_feeds.send_feeds(self.deps, self.account)
            self.clock.at += timedelta(minutes=5)
        return seconds

    def compared(self, seed: int) -> tuple[float, float]:
        """Seconds to (compare all of it by a report that is there, read that report's file and nothing more). One offer of a
        thousand is shown otherwise than it is known."""
        from forain.flows import observe_offers

        self.clock.at += timedelta(hours=1)
        _execute("VACUUM ANALYZE store_offer", [])
        with tempfile.NamedTemporaryFile(prefix="forain-bench-", suffix=".gz") as file:
            self.marketplace.report = Path(file.name)
            _write_report(self.marketplace.report, seed)
            alone = best(lambda: [len(page.lines) for page in self.marketplace.pages(SITE)], 2)
            compared = took(lambda: observe_offers.sweep_offers(self.deps, self.account))
        if waiting() != (seed + 1) * (self.size // 1000):
            raise RuntimeError(f"{waiting()} offers were marked")
        return compared, alone

    def bare(self, count: int) -> float:
        """The same outcome by statements that know nothing of rules, claims and faults."""
        names = self._chosen(count)
        values = [names, [20 + self.round] * count]
        told = [
            (_BARE_STOCK, [*values]), (_BARE_MARK, [self.clock.at, names]), (_BARE_PLAN, [self.clock.at]),
            (_BARE_LINES, [self.clock.at]), (_BARE_INTENTS, [self.clock.at]),
        ]  # fmt: skip
        _execute("INSERT INTO store_feed (account_id, site, state, number, correlation, opened_at, how, problems, told, refused, shown, claim_no)"
                 " VALUES (%s, %s, 'ended', '', '', %s, '', '[]', 0, 0, 0, 0)", [self.account.pk, SITE, NOW])  # fmt: skip
        seconds = sum(took(lambda sql=sql, with_=with_: _execute(sql, with_)) for sql, with_ in told)  # type: ignore[misc]
        _execute("DELETE FROM store_feedline", [])
        _execute("DELETE FROM store_feed", [])
        _execute("UPDATE store_offer SET settled_no = wanted_no, observed_quantity = desired_quantity, marked_at = NULL,"
                 " submission = '' WHERE wanted_no > settled_no", [])  # fmt: skip
        return seconds


def waiting() -> int:
    """How many offers are marked."""
    from django.db.models import F

    from forain.store import models

    return models.Offer.objects.filter(wanted_no__gt=F("settled_no")).count()


def _write_report(place: Path, seed: int) -> None:
    """The file as a German site has it; each thousandth offer, others with each seed, shows a piece more."""
    from forain.store import models

    rows = models.Offer.objects.order_by("id").values_list("sku", "observed_quantity", "observed_minor", "title")
    with gzip.open(place, "wb", 1) as file:
        file.write(("\t".join(_GERMAN) + "\n").encode("cp1252"))
        for number, (sku, quantity, minor, title) in enumerate(rows.iterator(5000)):
            shown = quantity + (number % 1000 == seed)
            cells = [title, "", f"{number:010}", sku, f"{minor // 100}.{minor % 100:02}", str(shown), "01/02/2026 09:00:00 UTC",
                     "y", "1", "", "11", f"B{number:09}", "", "", f"B{number:09}", "0", "DEFAULT", "Vorlage", "Active"]  # fmt: skip
            file.write(("\t".join(cells) + "\n").encode("cp1252"))


_GERMAN = [
    "Artikelbezeichnung", "Artikelbeschreibung", "Angebotsnummer", "Händler-SKU", "Preis", "Menge", "Erstellungsdatum",
    "Artikel ist Marketplace-Angebot", "Produkt-ID-Typ", "Anmerkung zum Artikel", "Artikelzustand", "ASIN 1",
    "Internationaler Versand", "Expressversand", "Produkt-ID", "Anzahl Bestellungen", "Versender", "Händlerversandgruppe", "Status",
]  # fmt: skip


def _execute(sql: str, values: Sequence[Any]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)


_VARIANTS = """
INSERT INTO store_variant (shop_id, variant, sku, ean, asin, title, price_minor, currency, on_hand, allocated, active, problems, seen_at)
SELECT 1, s, s, '', '', 'Title of ' || s, 990, 'EUR', 20, 0, true, '[]', %s FROM
    (SELECT 'S' || lpad(n::text, 7, '0') AS s FROM generate_series(%s, %s) n) x
"""
_LINKS = """
INSERT INTO store_link (account_id, sku, variant, how, proposed_at, decided_at, decided_by, refused)
SELECT %s, s, s, 'same_sku', %s, %s, 'bench', false FROM
    (SELECT 'S' || lpad(n::text, 7, '0') AS s FROM generate_series(%s, %s) n) x
"""
_OFFERS = """
INSERT INTO store_offer (account_id, site, sku, wanted_no, settled_no, claim_no, correlation, desired_quantity, desired_minor,
    desired_currency, desired_steps, desired_at, notes, submitted_currency, submission, submitted_no, tries,
    acknowledged_quantity, observed_quantity, observed_minor, observed_currency, fulfilled_by, buyable, channels, product_type,
    product_code, ean, title, problems, observed_at, alarm, alarm_detail)
SELECT %s, %s, s, 1, 1, 0, '', 20, 990, 'EUR', '[]', %s, '[]', '', '', 0, 0, 20, 20, 990, 'EUR', 'merchant', true,
    '["DEFAULT"]', 'HOME', '', '', 'Title of ' || s, '[]', %s, '', ''
FROM (SELECT 'S' || lpad(n::text, 7, '0') AS s FROM generate_series(%s, %s) n) x
"""
_BARE_STOCK = """
UPDATE store_variant v SET on_hand = told.on_hand FROM unnest(%s::text[], %s::bigint[]) AS told (variant, on_hand)
WHERE v.shop_id = 1 AND v.variant = told.variant
"""
_BARE_MARK = """
UPDATE store_offer o SET wanted_no = wanted_no + 1, marked_at = %s, not_before = NULL FROM store_link l
WHERE l.variant = ANY(%s) AND l.account_id = o.account_id AND l.sku = o.sku AND l.decided_at IS NOT NULL
"""
_BARE_PLAN = """
UPDATE store_offer o SET desired_quantity = v.on_hand - v.allocated, desired_minor = v.price_minor, desired_at = %s
FROM store_link l JOIN store_variant v ON v.shop_id = 1 AND v.variant = l.variant
WHERE l.account_id = o.account_id AND l.sku = o.sku AND o.wanted_no > o.settled_no
"""
_BARE_LINES = """
INSERT INTO store_feedline (feed_id, offer, sku, product_type, quantity, minor, currency, terms, gone, wanted_no, added_at,
    was_currency, was_terms, was_submission, was_no, was_tries, was_road)
SELECT f.id, o.id, o.sku, o.product_type, o.desired_quantity, NULL, '', '{}', '{}', o.wanted_no, %s, '', '{}', '', 0, 0, ''
FROM store_offer o JOIN store_feed f ON f.account_id = o.account_id
WHERE o.wanted_no > o.settled_no AND o.desired_quantity <> o.observed_quantity
"""
_BARE_INTENTS = """
UPDATE store_offer o SET submitted_quantity = l.quantity, submitted_at = %s, submission = 'intended', submitted_no = l.wanted_no
FROM store_feedline l WHERE l.offer = o.id
"""
