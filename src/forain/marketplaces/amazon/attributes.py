"""What the seller last submitted of an offer, attribute by attribute, and the price that goes with it.

No answer of Amazon tells which sale, list price or handling time is in force: these are read as they were submitted.
"""

from datetime import UTC, datetime, timedelta

import msgspec

from forain.core.clock import Instant, format_instant, parse_instant
from forain.core.errors import Malformed
from forain.core.money import Money
from forain.core.offers import NO_SETUP, PriceSetup
from forain.core.terms import ABSENT, Absent, Business, Sale, Terms, Tier
from forain.marketplaces.amazon import wire
from forain.marketplaces.amazon.sites import BY_ID
from forain.net.redaction import scrub

OWN_CHANNEL = "DEFAULT"
MOST_DAYS = 1000
"""More days than this are no handling time."""


def attribute(item: wire.ListingItem, name: str, kind: type[wire.Wire]) -> list[wire.Wire] | None:
    """An attribute as the seller last submitted it, [] where there is none; None: it is not told in the known shape."""
    raw = item.attributes.get(name)
    try:
        return wire.part(raw, list[kind]) if raw is not None else []  # type: ignore[valid-type]
    except Malformed:
        return None


def submitted(item: wire.ListingItem, name: str, kind: type[wire.Wire]) -> list[wire.Wire]:
    """The same, empty also where it cannot be read: it decides nothing that the effective values say."""
    return attribute(item, name, kind) or []


def terms(site: str, item: wire.ListingItem) -> Terms:
    """The terms of the offer. Of one that cannot be read nothing is said; one that is not told is absent."""
    own = attribute(item, "fulfillment_availability", wire.SubmittedChannel)
    listed = attribute(item, "list_price", wire.SubmittedListPrice)
    offers = attribute(item, "purchasable_offer", wire.SubmittedOffer)
    return Terms(
        handling_days=None if own is None else _handling_days(own),
        sale=None if offers is None else _sale(site, _of_everybody(site, offers)),
        list_price=None if listed is None else _list_price(site, listed),
        business=None if offers is None else _business(site, item, offers),
    )


def price(site: str, item: wire.ListingItem, *, buyable: bool) -> Money | None:
    """The price for everybody; business prices are offers of their own and are left alone.

    While a sale runs Amazon shows its price as the one in force; the price itself is the submitted one then. An offer that
    cannot be bought (nothing in stock, held back) may have no entry in `offers`: then the price that waits for it is the
    submitted one too, else the same price would be told again and again.
    """
    told = _of_everybody(site, submitted(item, "purchasable_offer", wire.SubmittedOffer))
    for offer in item.offers:
        if offer.marketplace_id == site and offer.offer_type == "B2C":
            shown = money(offer.price.amount, offer.price.currency_code, "offers.price.amount")
            sale = _sale(site, told)
            if isinstance(sale, Sale) and sale.price == shown:
                return _our_price(site, told) or shown
            return shown
    return None if buyable else _our_price(site, told)


def setup(site: str, item: wire.ListingItem) -> PriceSetup:
    """The seller's own limits and Amazon's "Automate pricing"; what cannot be read is left out, and none of it stops anything.

    Source: page "Manage automated pricing rules with SP-API", read 2026-11-30.
    """
    raw = item.attributes.get("purchasable_offer")
    try:
        told = wire.part(raw, list[wire.SubmittedSetup]) if raw is not None else []
    except Malformed:
        return NO_SETUP
    here = next((one for one in told if one.marketplace_id == site and one.audience == "ALL"), None)
    if here is None:
        return NO_SETUP
    currency = here.currency or BY_ID[site].currency
    plans = here.automated_pricing_merchandising_rule_plan or []
    rules = [plan.merchandising_rule.rule_id for plan in plans if plan.merchandising_rule]
    return PriceSetup(
        _limit(here.minimum_seller_allowed_price, currency), _limit(here.maximum_seller_allowed_price, currency),
        scrub(rules[0])[:100] if rules else "",
    )  # fmt: skip


def _limit(told: list[wire.SubmittedSchedule] | None, currency: str) -> Money | None:
    """None also for 0, which Amazon takes for none."""
    steps = [step for price in told or [] for step in price.schedule]
    try:
        found = Money.parse(_digits(steps[0].value_with_tax), currency) if steps else None
    except ValueError:
        return None
    return found if found and found.minor > 0 else None


def money(amount: str, currency: str, where: str) -> Money:
    """The amount. Raises Malformed, which names `where`."""
    try:
        return Money.parse(amount, currency)
    except ValueError:
        raise Malformed(where) from None


def _handling_days(channels: list[wire.SubmittedChannel]) -> int | Absent:
    days = [c.lead_time_to_ship_max_days for c in channels if c.fulfillment_channel_code == OWN_CHANNEL]
    return next((day for day in days if day is not None and 0 <= day < MOST_DAYS), ABSENT)


def _of_everybody(site: str, offers: list[wire.SubmittedOffer]) -> wire.SubmittedOffer | None:
    return next((told for told in offers if told.marketplace_id == site and told.audience == "ALL"), None)


def _our_price(site: str, told: wire.SubmittedOffer | None) -> Money | None:
    if told is None or not told.our_price or not told.our_price[0].schedule:
        return None
    value = _digits(told.our_price[0].schedule[0].value_with_tax)
    where = "attributes.purchasable_offer.our_price"
    return money(value, told.currency or BY_ID[site].currency, where) if value else None


def _sale(site: str, told: wire.SubmittedOffer | None) -> Sale | Absent | None:
    steps = [step for sale in (told.discounted_price or []) for step in sale.schedule] if told else []
    if told is None or not steps:
        return ABSENT
    if len(steps) > 1:
        return None
    try:
        reduced = Money.parse(_digits(steps[0].value_with_tax), told.currency or BY_ID[site].currency)
        return Sale(reduced, _moment(steps[0].start_at), _moment(steps[0].end_at, ends=True))
    except ValueError:
        return None


def _business(site: str, item: wire.ListingItem, offers: list[wire.SubmittedOffer]) -> Business | Absent | None:
    """The entry for businesses, its price as it is in force where Amazon tells that. None: it cannot be read, or its tiers are
    percents, which Forain never tells."""
    told = next((one for one in offers if one.marketplace_id == site and one.audience == "B2B"), None)
    if told is None:
        return ABSENT
    shown = next((o.price for o in item.offers if o.marketplace_id == site and o.offer_type == "B2B"), None)
    plans = [levels for plan in told.quantity_discount_plan or [] for levels in plan.schedule if levels.levels]
    if len(plans) > 1 or any(plan.discount_type != "fixed" for plan in plans):
        return None
    currency = told.currency or BY_ID[site].currency
    try:
        price = Money.parse(shown.amount, shown.currency_code) if shown else _our_price(site, told)
        tiers = [
            Tier(level.lower_bound, Money.parse(_digits(level.value), currency)) for p in plans for level in p.levels
        ]
    except (ValueError, Malformed):
        return None
    return Business(price, tuple(sorted(tiers, key=lambda tier: tier.pieces))) if price else None


def _moment(text: str, *, ends: bool = False) -> Instant:
    """A day that ends something counts whole; what has no zone is UTC; to the millisecond, as it is kept. Raises ValueError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    told = parse_instant(found.isoformat())
    if ends and len(text) == len("2026-12-01"):
        told += timedelta(days=1)
    return parse_instant(format_instant(told))


def _list_price(site: str, told: list[wire.SubmittedListPrice]) -> Money | Absent | None:
    here = next((one for one in told if one.marketplace_id == site), None)
    if here is None:
        return ABSENT
    try:
        return Money.parse(_digits(here.value_with_tax) or _digits(here.value), here.currency or BY_ID[site].currency)
    except ValueError:
        return None


def _digits(number: msgspec.Raw) -> str:
    return bytes(number).decode("ascii", "replace")
