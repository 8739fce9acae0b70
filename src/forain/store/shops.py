"""Connected shops, their mirrored catalogue, and the links between SKUs and variants."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from forain.contracts.shop import Variant
from forain.core.clock import Instant
from forain.core.errors import Problem
from forain.core.ids import AccountId, SellerSku, ShopId, VariantId
from forain.core.money import Money
from forain.core.stock import StockLevel
from forain.store import models, offers, runs

_MIRRORED = (
    "sku", "ean", "asin", "title", "price_minor", "currency", "tax_rate", "on_hand", "allocated", "active", "group",
    "problems",
)  # fmt: skip

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


def _row(shop: ShopId, variant: Variant, now: Instant) -> models.Variant:
    return models.Variant(
        shop_id=shop,
        variant=variant.variant,
        sku=variant.sku,
        ean=variant.ean,
        asin=variant.asin,
        title=variant.title,
        price_minor=variant.price.minor if variant.price else None,
        currency=variant.price.currency if variant.price else "",
        tax_rate=variant.tax_rate,
        on_hand=variant.level.on_hand if variant.level else None,
        allocated=variant.level.allocated if variant.level else None,
        active=variant.active,
        group=variant.group,
        problems=[[p.code, p.text, p.field] for p in variant.problems],
        seen_at=now,
        gone_at=None,
    )


def variant_of(row: models.Variant) -> Variant:
    """The article as it was last mirrored, as a value."""
    return Variant(
        variant=VariantId(row.variant),
        sku=row.sku,
        title=row.title,
        price=None if row.price_minor is None else Money(row.price_minor, row.currency),
        level=None if row.on_hand is None else StockLevel(row.on_hand, row.allocated or 0),
        ean=row.ean,
        asin=row.asin,
        tax_rate=row.tax_rate,
        active=row.active,
        group=row.group,
        problems=tuple(Problem(*problem) for problem in row.problems),
    )


def mirror(shop: ShopId, variants: Iterable[Variant], now: Instant, correlation: str = "") -> set[VariantId]:
    """Write what the shop has; the answer is which variants are new or differ from what was known.

    Their offers are marked in the same transaction: a difference that is written and not marked would never be
    seen as one again.
    """
    fresh = {v.variant: _row(shop, v, now) for v in variants}
    with transaction.atomic():
        known = {
            row.variant: row
            for row in models.Variant.objects.select_for_update().filter(shop_id=shop, variant__in=list(fresh))
        }
        changed = {
            VariantId(name)
            for name, row in fresh.items()
            if name not in known
            or known[name].gone_at is not None
            or any(getattr(known[name], field) != getattr(row, field) for field in _MIRRORED)
        }
        models.Variant.objects.bulk_create(
            fresh.values(),
            update_conflicts=True,
            unique_fields=["shop", "variant"],
            update_fields=[*_MIRRORED, "seen_at", "gone_at"],
        )
        mark_variants(shop, changed, now, correlation)
    return changed


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
) -> None:
    """These variants may have changed: their offers are looked at again, at every account, and soon; `also` these SKUs."""
    by_account: dict[int, set[str]] = {account: set(skus) for account, skus in (also or {}).items()}
    for account, sku in skus_of(shop, variants):
        by_account.setdefault(account, set()).add(sku)
    # In one order, always: two who mark the same accounts must not wait for each other.
    for account, skus in sorted(by_account.items()):
        offers.mark(AccountId(account), now, skus=skus, correlation=correlation)
        runs.poke("reconcile_offers", f"account:{account}", now)


def confirmed_links(account: AccountId, skus: Sequence[SellerSku]) -> dict[SellerSku, VariantId]:
    """The decided link of each SKU that has one."""
    rows = models.Link.objects.filter(account_id=account, sku__in=skus, decided_at__isnull=False, refused=False)
    return {SellerSku(sku): VariantId(variant) for sku, variant in rows.values_list("sku", "variant")}


def skus_of(shop: ShopId, variants: Iterable[VariantId]) -> dict[tuple[int, str], VariantId]:
    """(account, SKU) -> variant, of all that is linked to any of these variants of the shop."""
    rows = models.Link.objects.filter(
        account__shop_id=shop, variant__in=list(variants), decided_at__isnull=False, refused=False
    )
    return {(a, sku): VariantId(variant) for a, sku, variant in rows.values_list("account_id", "sku", "variant")}


def skus_of_group(account: AccountId, group: str) -> list[str]:
    """The account's SKUs that are linked to an article of this group, as last mirrored."""
    variants = models.Variant.objects.filter(shop__accounts=account, group=group, gone_at=None)
    rows = models.Link.objects.filter(account_id=account, decided_at__isnull=False, refused=False)
    return list(rows.filter(variant__in=variants.values("variant")).values_list("sku", flat=True))


def groups(account: AccountId) -> list[str]:
    """The names of the groups that the shop has its articles in."""
    rows = models.Variant.objects.filter(shop__accounts=account, gone_at=None).exclude(group="")
    return list(rows.order_by("group").values_list("group", flat=True).distinct())


def unlinked_skus(account: AccountId) -> QuerySet[models.Offer]:
    """Offers whose SKU has no decided link."""
    decided = models.Link.objects.filter(
        account_id=OuterRef("account_id"), sku=OuterRef("sku"), decided_at__isnull=False, refused=False
    )
    return models.Offer.objects.filter(~Exists(decided), account_id=account)


def unlinked_variants(account: AccountId, shop: ShopId) -> QuerySet[models.Variant]:
    """Variants of the shop that no SKU of the account is linked to."""
    decided = models.Link.objects.filter(
        account_id=account, variant=OuterRef("variant"), decided_at__isnull=False, refused=False
    )
    return models.Variant.objects.filter(~Exists(decided), shop_id=shop, gone_at=None)


def codes_to_ask(account: AccountId, skus: Sequence[SellerSku]) -> list[str]:
    """Product codes of these SKUs that could be linked by an EAN nobody told yet; [] where no article has an EAN free."""
    free = models.Variant.objects.filter(shop__accounts=account, gone_at=None).exclude(ean="")
    if not free.exists():
        return []
    rows = unlinked_skus(account).filter(sku__in=skus, ean="").exclude(product_code="")
    return sorted(set(rows.values_list("product_code", flat=True)))


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


def proposals(account: AccountId) -> QuerySet[models.Link]:
    """Links a person has yet to decide."""
    return models.Link.objects.filter(account_id=account, decided_at=None).order_by("sku", "variant")


def counts(shop: ShopId) -> Mapping[str, int]:
    """How many variants there are, and how many of them carry a problem."""
    return models.Variant.objects.filter(shop_id=shop, gone_at=None).aggregate(
        variants=Count("pk"), problems=Count("pk", filter=~Q(problems=[]))
    )
