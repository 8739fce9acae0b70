"""Connected shops, their mirrored catalogue, and what the SKUs are: links to one variant, bundles of several.

One file, though a long one: whoever asks what an SKU is means either.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value

from forain.contracts.shop import Variant
from forain.core import roads
from forain.core.bundles import Part, Parts
from forain.core.clock import Instant
from forain.core.errors import Problem
from forain.core.ids import AccountId, SellerSku, ShopId, VariantId
from forain.core.money import Money
from forain.core.roads import Lane
from forain.core.sales import Special
from forain.core.stock import AtLocation, StockLevel
from forain.store import arrays, models, offers, runs
from forain.store.arrays import array, as_json

_MIRRORED = {
    "sku": "text", "ean": "text", "asin": "text", "title": "text", "price_minor": "bigint", "currency": "text", "tax_rate": "numeric",
    "on_hand": "bigint", "allocated": "bigint", "locations": "jsonb", "active": "boolean", "group": "text", "group_prices": "jsonb",
    "special_minor": "bigint", "special_currency": "text", "special_first": "date", "special_last": "date", "cost_minor": "bigint",
    "cost_currency": "text", "problems": "jsonb",
}  # fmt: skip
"""What is kept of an article as the shop has it: column -> its type."""
_TOLD = f"""unnest(%s::text[], {", ".join(f"%s::{kind}[]" for kind in _MIRRORED.values())})
    AS told (variant, {", ".join(f'"{name}"' for name in _MIRRORED)})"""
_KNOWN = f"""
SELECT v.variant, v.gone_at IS NULL AND ({", ".join(f'v."{name}"' for name in _MIRRORED)})
        IS NOT DISTINCT FROM ({", ".join(f'told."{name}"' for name in _MIRRORED)}),
    v.gone_at, v.on_hand, v.allocated, v.locations IS NOT DISTINCT FROM told.locations, v.active, v.price_minor, v.currency,
    v.tax_rate
FROM store_variant v JOIN {_TOLD} ON told.variant = v.variant WHERE v.shop_id = %s FOR UPDATE OF v
"""
_WRITE = f"""
INSERT INTO store_variant (shop_id, seen_at, variant, {", ".join(f'"{name}"' for name in _MIRRORED)})
SELECT %s, %s, told.* FROM {_TOLD}
ON CONFLICT (shop_id, variant) DO UPDATE SET gone_at = NULL,
    -- Two readings at once: the one that began first must not make gone for the other one what it writes last. None takes an
    -- hour: what was seen farther ahead was written by a clock that went wrong.
    seen_at = CASE WHEN store_variant.seen_at < EXCLUDED.seen_at + interval '1 hour'
        THEN GREATEST(store_variant.seen_at, EXCLUDED.seen_at) ELSE EXCLUDED.seen_at END,
    {", ".join(f'"{name}" = EXCLUDED."{name}"' for name in _MIRRORED)}
"""

LINKS_LOCK = 0x466F724C
"""Our number among PostgreSQL's advisory locks, beside the account's: one at a time links an account's SKUs."""


@contextmanager
def linking(account: AccountId) -> Iterator[None]:
    """A transaction in which nobody else links SKUs of the account: the links, the marks and the journal together.

    A link that is written and not marked would never be told: its offer was parked as unlinked.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LINKS_LOCK, account])
        yield


def get(shop: ShopId) -> models.Shop:
    """The row; Shop.DoesNotExist when there is none."""
    return models.Shop.objects.get(pk=shop)


def every() -> list[models.Shop]:
    """All shops, oldest first."""
    return list(models.Shop.objects.order_by("pk"))


def note(shop: ShopId, **fields: object) -> None:
    """Write plain facts (marks, times) of a shop."""
    models.Shop.objects.filter(pk=shop).update(**fields)


def variant_of(row: models.Variant) -> Variant:
    """The article as it was last mirrored, as a value."""
    return Variant(
        variant=VariantId(row.variant),
        sku=row.sku,
        title=row.title,
        price=None if row.price_minor is None else Money(row.price_minor, row.currency),
        level=None
        if row.on_hand is None
        else StockLevel(row.on_hand, row.allocated or 0, tuple(AtLocation(*told) for told in row.locations)),
        ean=row.ean,
        asin=row.asin,
        tax_rate=row.tax_rate,
        active=row.active,
        group=row.group,
        group_prices=tuple((name, Money.parse(*text.split(" "))) for name, text in sorted(row.group_prices.items())),
        special=None
        if row.special_minor is None
        else Special(Money(row.special_minor, row.special_currency), row.special_first, row.special_last),
        cost=None if row.cost_minor is None else Money(row.cost_minor, row.cost_currency),
        problems=tuple(Problem(*problem) for problem in row.problems),
    )


def mirror(shop: ShopId, variants: Iterable[Variant], now: Instant, correlation: str = "") -> set[VariantId]:
    """Write what the shop has; the answer is which variants are new or differ from what was known.

    Their offers are marked in the same transaction: a difference that is written and not marked would never be
    seen as one again.
    """
    fresh = {variant.variant: variant for variant in variants}
    told = _columns(list(fresh.values()))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_KNOWN, [*told, shop])
        known = {name: (same, _Level(*before)) for name, same, *before in cursor.fetchall()}
        changed = {name for name in fresh if name not in known or not known[name][0]}
        cursor.execute(_WRITE, [shop, now, *told])
        there = {name: before for name, (_, before) in known.items() if before.gone_at is None}
        mark_variants(
            shop, changed, now, correlation, lane=lambda name, need: _lane(there.get(name), fresh[name], need)
        )
    return changed


class _Level(NamedTuple):
    """Of an article as it is known: what says how urgent a change of it is."""

    gone_at: Instant | None
    on_hand: int | None
    allocated: int | None
    same_locations: bool
    active: bool
    price_minor: int | None
    currency: str
    tax_rate: Decimal | None


def _columns(variants: Sequence[Variant]) -> list[str]:
    """These articles, column by column, as `_MIRRORED` names them, and their names before it."""
    prices, levels, specials = ([getattr(v, name) for v in variants] for name in ("price", "level", "special"))
    return [
        array(v.variant for v in variants), array(v.sku for v in variants), array(v.ean for v in variants),
        array(v.asin for v in variants), array(v.title for v in variants),
        array(price.minor if price else None for price in prices), array(price.currency if price else "" for price in prices),
        array(v.tax_rate for v in variants),
        array(level.on_hand if level else None for level in levels),
        array(level.allocated if level else None for level in levels),
        array(as_json([[one.name, one.on_hand, one.allocated] for one in level.locations] if level else []) for level in levels),
        array(v.active for v in variants), array(v.group for v in variants),
        array(as_json({name: str(price) for name, price in v.group_prices}) for v in variants),
        array(special.price.minor if special else None for special in specials),
        array(special.price.currency if special else "" for special in specials),
        array(special.first if special else None for special in specials),
        array(special.last if special else None for special in specials),
        array(v.cost.minor if v.cost else None for v in variants), array(v.cost.currency if v.cost else "" for v in variants),
        array(as_json([[p.code, p.text, p.field] for p in v.problems]) for v in variants),
    ]  # fmt: skip


def _lane(before: _Level | None, after: Variant, need: int) -> Lane:
    """How urgent it is to look at the offers of an article that has changed; `before` None: it is new, or was gone. `need`:
    so many pieces of it go with each one sold."""
    if before is None:
        return Lane.QUANTITY
    level, price = after.level, after.price
    free = None if level is None else (level.on_hand - level.allocated) // need
    was = None if before.on_hand is None else (before.on_hand - (before.allocated or 0)) // need
    stock = not before.same_locations or (level and level.on_hand, level and level.allocated, after.active) != (
        before.on_hand, before.allocated, before.active,
    )  # fmt: skip
    priced = (price.minor, price.currency) if price else (None, "")
    # An article that is not sold any more shows none.
    return roads.lane(
        free if after.active else 0, was, quantity=stock,
        price=(*priced, after.tax_rate) != (before.price_minor, before.currency, before.tax_rate),
    )  # fmt: skip


def close_mirror(shop: ShopId, begun_at: Instant, now: Instant, correlation: str = "") -> set[VariantId]:
    """After a complete read: what was not seen since `begun_at` is gone, its offers marked. The answer names them."""
    with transaction.atomic():
        gone = models.Variant.objects.select_for_update().filter(shop_id=shop, seen_at__lt=begun_at, gone_at=None)
        names = {VariantId(name) for name in gone.values_list("variant", flat=True)}
        models.Variant.objects.filter(shop_id=shop, variant__in=names).update(gone_at=now)
        mark_variants(shop, names, now, correlation)
    return names


def mark_variants(
    shop: ShopId,
    variants: Iterable[VariantId],
    now: Instant,
    correlation: str = "",
    also: Mapping[AccountId, Iterable[str]] | None = None,
    *,
    lane: Callable[[VariantId, int], Lane] = lambda _variant, _need: Lane.QUANTITY,
) -> None:
    """These variants may have changed: all offers that sell them, by themselves or in a bundle, are looked at again, at every
    account, and soon; `also` these SKUs. `lane`: how urgent a variant is where so many pieces of it go with each one sold."""
    by_account: dict[int, dict[Lane, set[str]]] = {
        account: {Lane.QUANTITY: set(skus)} for account, skus in (also or {}).items()
    }
    for (account, sku), parts in skus_of(shop, variants).items():
        urgent = min(lane(part.variant, part.need) for part in parts)
        by_account.setdefault(account, {}).setdefault(urgent, set()).add(sku)
    # In one order, always: two who mark the same accounts must not wait for each other.
    for account, found in sorted(by_account.items()):
        for name, skus in sorted(found.items()):
            offers.mark(AccountId(account), now, skus=skus, correlation=correlation, lane=name)
        runs.poke("reconcile_offers", f"account:{account}", now)


def confirmed_links(account: AccountId, skus: Sequence[SellerSku]) -> dict[SellerSku, VariantId]:
    """The decided link of each SKU that has one; a bundle has none."""
    rows = models.Link.objects.filter(account_id=account, sku__in=skus, decided_at__isnull=False, refused=False)
    return {SellerSku(sku): VariantId(variant) for sku, variant in rows.values_list("sku", "variant")}


def _said(links: Q, parts: Q) -> list[tuple[int, str, str, int, bool]]:
    """(account, SKU, variant, need, it is a bundle's) of the decided links and the parts of bundles, in one question."""
    decided = models.Link.objects.filter(links, decided_at__isnull=False, refused=False).annotate(
        need=Value(1, IntegerField()), place=Value(0, IntegerField())
    )
    within = models.BundlePart.objects.filter(parts).order_by()
    rows = decided.values_list("account_id", "sku", "variant", "need", "place").union(
        within.values_list("bundle__account_id", "bundle__sku", "variant", "need", "pk"), all=True
    )
    return [
        (account, sku, variant, need, place > 0)
        for account, sku, variant, need, place in sorted(rows, key=lambda row: row[4])
    ]


def contents(account: AccountId, skus: Sequence[SellerSku]) -> dict[SellerSku, Parts]:
    """What each SKU is that a person or an equal SKU says: one piece of one article, or a bundle."""
    named = arrays.names(skus)
    links, bundles = Q(account_id=account, sku__in=named), Q(bundle__account_id=account, bundle__sku__in=named)
    found: dict[SellerSku, Parts] = {}
    # Bundles come last. An older Forain beside this one knows none, and may link one by its equal SKU: the person's word counts.
    of_bundle: set[str] = set()
    for _, sku, variant, need, bundled in _said(links, bundles):
        if bundled and sku not in of_bundle:
            of_bundle.add(sku)
            found.pop(SellerSku(sku), None)
        found[SellerSku(sku)] = (*found.get(SellerSku(sku), ()), Part(VariantId(variant), need))
    return found


def skus_of(shop: ShopId, variants: Iterable[VariantId]) -> dict[tuple[int, str], Parts]:
    """(account, SKU) -> which of these variants it sells and how many pieces of each, of all SKUs of the shop that sell any."""
    names = arrays.names(variants)
    links, bundles = (
        Q(account__shop_id=shop, variant__in=names),
        Q(bundle__account__shop_id=shop, variant__in=names),
    )
    found: dict[tuple[int, str], Parts] = {}
    for account, sku, variant, need, _ in _said(links, bundles):
        found[account, sku] = (*found.get((account, sku), ()), Part(VariantId(variant), need))
    return found


def mirrored(shop: ShopId, variants: Iterable[VariantId]) -> dict[VariantId, Variant]:
    """These articles as they were last mirrored; one that is gone is absent."""
    rows = models.Variant.objects.filter(shop_id=shop, variant__in=list(variants), gone_at=None)
    return {VariantId(row.variant): variant_of(row) for row in rows}


def skus_of_group(account: AccountId, group: str) -> list[str]:
    """The account's SKUs that sell an article of this group, as last mirrored: more than a rule of the group is about, for a bundle
    belongs to a group only where all its articles do."""
    variants = models.Variant.objects.filter(shop__accounts=account, group=group, gone_at=None).values("variant")
    found = _said(Q(account_id=account, variant__in=variants), Q(bundle__account_id=account, variant__in=variants))
    return sorted({sku for _, sku, *_ in found})


def groups(account: AccountId) -> list[str]:
    """The names of the groups that the shop has its articles in."""
    rows = models.Variant.objects.filter(shop__accounts=account, gone_at=None).exclude(group="")
    return list(rows.order_by("group").values_list("group", flat=True).distinct())


def unlinked_skus(account: AccountId) -> QuerySet[models.Offer]:
    """Offers whose SKU has no decided link and is no bundle."""
    decided = models.Link.objects.filter(
        account_id=OuterRef("account_id"), sku=OuterRef("sku"), decided_at__isnull=False, refused=False
    )
    bundles = models.Bundle.objects.filter(account_id=OuterRef("account_id"), sku=OuterRef("sku"))
    return models.Offer.objects.filter(~Exists(decided), ~Exists(bundles), account_id=account)


def unlinked_variants(account: AccountId, shop: ShopId) -> QuerySet[models.Variant]:
    """Variants of the shop that no SKU of the account sells, by itself or in a bundle."""
    decided = models.Link.objects.filter(
        account_id=account, variant=OuterRef("variant"), decided_at__isnull=False, refused=False
    )
    within = models.BundlePart.objects.filter(bundle__account_id=account, variant=OuterRef("variant"))
    return models.Variant.objects.filter(~Exists(decided), ~Exists(within), shop_id=shop, gone_at=None)


def codes_to_ask(account: AccountId, skus: Sequence[SellerSku]) -> list[str]:
    """Product codes of these SKUs that could be linked by an EAN nobody told yet; [] where no article has an EAN free."""
    if not _eans_free(account).exists():
        return []
    rows = unlinked_skus(account).filter(sku__in=skus, ean="").exclude(product_code="")
    return sorted(set(rows.values_list("product_code", flat=True)))


def unnamed_skus(account: AccountId, site: str, after: str, most: int) -> list[SellerSku]:
    """SKUs of the site behind `after`, up to `most`, that could be linked by an EAN nobody told yet; [] where no article has
    an EAN free."""
    if not _eans_free(account).exists():
        return []
    rows = unlinked_skus(account).filter(site=site, ean="", sku__gt=after).exclude(product_code="")
    return [SellerSku(sku) for sku in rows.order_by("sku").values_list("sku", flat=True)[:most]]


def _eans_free(account: AccountId) -> QuerySet[models.Variant]:
    return models.Variant.objects.filter(shop__accounts=account, gone_at=None).exclude(ean="")


def note_eans(account: AccountId, product_code: str, eans: Sequence[str]) -> None:
    """The marketplace's word on a product's EANs: its offers get the one that an article of the shop carries."""
    rows = models.Variant.objects.filter(shop__accounts=account, gone_at=None, ean__in=list(eans)).order_by("ean")
    known = rows.values_list("ean", flat=True).first()
    if known is not None:
        models.Offer.objects.filter(account_id=account, product_code=product_code, ean="").update(ean=known)


def propose_links(account: AccountId, shop: ShopId, now: Instant) -> tuple[set[VariantId], int]:
    """Link equal SKUs at once; propose equal EAN or ASIN. The answer is (the variants newly linked, how many are proposed).

    Safe to repeat: a link, a proposal and a refusal each stay as they are. An SKU that several variants
    share is no equality but a doubt: proposed, decided by a person.
    """
    linked: set[VariantId] = set()
    proposed = 0
    found: dict[str, models.Offer] = {}
    for offer in unlinked_skus(account).only("sku", "ean", "product_code"):
        found.setdefault(offer.sku, offer)
    variants = models.Variant.objects.filter(shop_id=shop, gone_at=None)
    by_sku: dict[str, list[str]] = {}
    for sku, variant in variants.filter(sku__in=list(found)).values_list("sku", "variant"):
        by_sku.setdefault(sku, []).append(variant)
    codes = {o.ean for o in found.values() if o.ean}, {o.product_code for o in found.values() if o.product_code}
    by_code: dict[tuple[str, str], list[str]] = {}
    for row in variants.filter(Q(ean__in=codes[0]) | Q(asin__in=codes[1])):
        for how, code in (("same_ean", row.ean), ("same_asin", row.asin)):
            if code:
                by_code.setdefault((how, code), []).append(row.variant)
    for sku, offer in found.items():
        same = by_sku.get(sku, [])
        if len(same) == 1:
            if _decide(account, sku, same[0], "same_sku", "", now):
                linked.add(VariantId(same[0]))
            continue
        wanted = [(variant, "same_sku") for variant in same]
        wanted += [(variant, "same_ean") for variant in by_code.get(("same_ean", offer.ean), [])]
        wanted += [(variant, "same_asin") for variant in by_code.get(("same_asin", offer.product_code), [])]
        for variant, how in wanted:
            _, new = models.Link.objects.get_or_create(
                account_id=account, sku=sku, variant=variant, defaults={"how": how, "proposed_at": now}
            )
            proposed += new
    return linked, proposed


def _decide(account: AccountId, sku: str, variant: str, how: str, by: str, now: Instant) -> bool:
    """Make a link firm; a refusal stands against a mere equality, not against a person."""
    row, new = models.Link.objects.get_or_create(
        account_id=account,
        sku=sku,
        variant=variant,
        defaults={"how": how, "proposed_at": now, "decided_at": now, "decided_by": by},
    )
    if new or (row.refused and not by) or (row.decided_at and not row.refused):
        return new
    row.how, row.decided_at, row.decided_by, row.refused = how, now, by, False
    row.save()
    return True


def link(account: AccountId, sku: SellerSku, variant: VariantId, how: str, by: str, now: Instant) -> None:
    """A person (or a person's file) says: this SKU is this variant. What it was before is undone."""
    with transaction.atomic():
        models.Link.objects.filter(account_id=account, sku=sku).exclude(variant=variant).delete()
        _decide(account, sku, variant, how, by, now)


def unlink(account: AccountId, sku: SellerSku, variant: VariantId, by: str, now: Instant) -> None:
    """A person says: it is not. Remembered, so that it is not proposed again."""
    models.Link.objects.update_or_create(
        account_id=account,
        sku=sku,
        variant=variant,
        defaults={"how": "person", "proposed_at": now, "decided_at": now, "decided_by": by, "refused": True},
    )


def bundle(account: AccountId, sku: SellerSku, parts: Parts, how: str, by: str, now: Instant) -> None:
    """A person (or a person's file) says: this SKU is so many pieces of these. What it was as a bundle before is undone, and what was
    proposed for it needs no answer. Under `linking`, and only where the SKU has no decided link."""
    with transaction.atomic():
        models.Link.objects.filter(account_id=account, sku=sku, decided_at=None).delete()
        row, _ = models.Bundle.objects.update_or_create(
            account_id=account, sku=sku, defaults={"how": how, "said_at": now, "said_by": by}
        )
        row.parts.all().delete()
        models.BundlePart.objects.bulk_create(
            models.BundlePart(bundle=row, variant=part.variant, need=part.need) for part in parts
        )


def unbundle(account: AccountId, sku: SellerSku) -> bool:
    """A person says: it is no bundle any more. True: it was one."""
    return models.Bundle.objects.filter(account_id=account, sku=sku).delete()[0] > 0


def bundles(account: AccountId) -> QuerySet[models.Bundle]:
    """What is a bundle, with its parts."""
    return models.Bundle.objects.filter(account_id=account).prefetch_related("parts").order_by("sku")


def proposals(account: AccountId) -> QuerySet[models.Link]:
    """Links a person has yet to decide."""
    return models.Link.objects.filter(account_id=account, decided_at=None).order_by("sku", "variant")


def counts(shop: ShopId) -> Mapping[str, int]:
    """How many variants there are, and how many of them carry a problem."""
    return models.Variant.objects.filter(shop_id=shop, gone_at=None).aggregate(
        variants=Count("pk"), problems=Count("pk", filter=~Q(problems=[]))
    )
