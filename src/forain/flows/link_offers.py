"""I say which of my articles an Amazon SKU is: by a click, or with a file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from forain.core.clock import Instant
from forain.core.ids import AccountId, SellerSku, ShopId, VariantId
from forain.flows import csv_files
from forain.flows.csv_files import WrongLine
from forain.flows.deps import Deps
from forain.flows.mirror_catalogue import link_account
from forain.store import journal, models, runs, shops

LONGEST_SKU = 200
"""Characters; Amazon's have forty at most, and an index takes no much longer ones."""


def decide(deps: Deps, account: models.Account, sku: SellerSku, variant: VariantId, *, same: bool, by: str) -> None:
    """A person's word: linked, or remembered as not the same. Offers and held orders of the SKU are looked at again."""
    now = deps.clock.now()
    number = AccountId(account.pk)
    with _linking(account, [sku], now):
        if same:
            shops.link(number, sku, variant, "person", by, now)
            told = {"sku": sku, "variant": variant, "by": by}
            journal.write(now, "link_decided", account=number, subject=sku, placeholders=told)
        else:
            shops.unlink(number, sku, variant, by, now)
    link_account(deps, account)


@contextmanager
def _linking(account: models.Account, skus: Sequence[SellerSku], now: Instant) -> Iterator[None]:
    """A transaction in which links of these SKUs may change.

    At its end they are looked at again, and with them all offers, at every account, of an article that one of them
    belongs to now or did before: what is sold of the SKU and waits counts there from now on, or no more.
    """
    number = AccountId(account.pk)
    with shops.linking(number):
        before = set(shops.confirmed_links(number, skus).items())
        yield
        changed = {variant for _, variant in before ^ set(shops.confirmed_links(number, skus).items())}
        if account.shop_id is not None:
            shops.mark_variants(ShopId(account.shop_id), changed, now, journal.correlation(), also={number: skus})
        runs.force(f"account:{account.pk}", now, ["reconcile_offers", "import_orders"])


def csv_lines(account: AccountId) -> Iterator[str]:
    """All decided links as the lines of a CSV file: marketplace_sku, variant, how. `read_csv` reads the same links."""
    rows = models.Link.objects.filter(account_id=account, decided_at__isnull=False, refused=False).order_by("sku")
    yield "marketplace_sku,variant,how\r\n"
    for found in rows.values_list("sku", "variant", "how").iterator():
        yield csv_files.line(found)


def read_csv(account: models.Account, content: bytes) -> list[tuple[SellerSku, VariantId]] | WrongLine:
    """The links of a file with the columns marketplace_sku and variant, or the first wrong line."""
    rows = csv_files.rows(content, ("marketplace_sku", "variant"))
    if isinstance(rows, WrongLine):
        return rows
    known = set(models.Variant.objects.filter(shop=account.shop, gone_at=None).values_list("variant", flat=True))
    found: dict[SellerSku, VariantId] = {}
    for number, cells in rows:
        if not cells:
            return WrongLine(number, "marketplace_sku, variant ?")
        sku, variant = SellerSku(cells["marketplace_sku"]), VariantId(cells["variant"])
        if len(sku) > LONGEST_SKU or "\0" in sku:
            return WrongLine(number, f"marketplace_sku {sku[:20]!a}")
        if not sku or variant not in known:
            return WrongLine(number, f"variant {variant or '?'}")
        if found.get(sku, variant) != variant:
            return WrongLine(number, f"{sku} × 2")
        found[sku] = variant
    return list(found.items())


def take(deps: Deps, account: models.Account, links: list[tuple[SellerSku, VariantId]], by: str) -> None:
    """Make these links firm, all or none."""
    now = deps.clock.now()
    with _linking(account, [sku for sku, _ in links], now):
        for sku, variant in links:
            shops.link(AccountId(account.pk), sku, variant, "file", by, now)
    link_account(deps, account)
