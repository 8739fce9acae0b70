"""I say which of my articles an Amazon SKU is, or which of them it is a bundle of: by a click, or with a file."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from forain.core.bundles import MOST_PARTS, NotABundle, Part, Parts, checked, is_bundle, ordinary
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
    """A person's word: linked, or remembered as not the same. Offers and held orders of the SKU are looked at again.

    Raises NotABundle ("bundle_already") for a link of what is a bundle.
    """
    now = deps.clock.now()
    number = AccountId(account.pk)
    with _linking(account, [sku], now):
        if same:
            _no_bundles(number, [sku])
            shops.link(number, sku, variant, "person", by, now)
            told = {"sku": sku, "variant": variant, "by": by}
            journal.write(now, "link_decided", account=number, subject=sku, placeholders=told)
        else:
            shops.unlink(number, sku, variant, by, now)
    link_account(deps, account)


def bundle(deps: Deps, account: models.Account, sku: SellerSku, told: Sequence[tuple[str, str]], by: str) -> None:
    """A person's word: the SKU is a bundle of these (article, need), as they were entered. What it was as a bundle before is undone;
    offers and held orders are looked at again. Raises NotABundle: nothing has changed. Safe to repeat."""
    parts = checked(told)
    known = _articles(account, {part.variant for part in parts})
    for place, part in enumerate(parts, start=1):
        if part.variant not in known:
            raise NotABundle("unknown_article", part.variant, place)
    with _linking(account, [sku], deps.clock.now()):
        _no_links(AccountId(account.pk), [sku])
        _say_bundle(deps, account, sku, parts, "person", by)
    link_account(deps, account)


def unbundle(deps: Deps, account: models.Account, sku: SellerSku, by: str) -> bool:
    """A person's word: it is no bundle any more. True: it was one."""
    now, number = deps.clock.now(), AccountId(account.pk)
    with _linking(account, [sku], now):
        was = shops.unbundle(number, sku)
        if was:
            journal.write(now, "bundle_dissolved", account=number, subject=sku, placeholders={"sku": sku, "by": by})
    link_account(deps, account)
    return was


def _say_bundle(deps: Deps, account: models.Account, sku: SellerSku, parts: Parts, how: str, by: str) -> None:
    now, number = deps.clock.now(), AccountId(account.pk)
    if shops.contents(number, [sku]).get(sku) == parts:
        return
    shops.bundle(number, sku, parts, how, by, now)
    told = {"sku": sku, "made_of": ", ".join(f"{part.need} × {part.variant}" for part in parts), "by": by}
    journal.write(now, "bundle_said", account=number, subject=sku, placeholders=told)


def _articles(account: models.Account, names: set[VariantId] | None = None) -> set[str]:
    """Those of the names that are articles of the shop now; None: all there are."""
    rows = models.Variant.objects.filter(shop=account.shop, gone_at=None)
    if names is not None:
        rows = rows.filter(variant__in=names)
    return set(rows.values_list("variant", flat=True))


def _no_links(account: AccountId, skus: Sequence[SellerSku]) -> None:
    """Raises NotABundle for the first of them that is linked to an article. Under `shops.linking`."""
    for sku, variant in sorted(shops.confirmed_links(account, skus).items()):
        raise NotABundle("linked_already", f"{sku} = {variant}")


def _no_bundles(account: AccountId, skus: Sequence[SellerSku]) -> None:
    """Raises NotABundle for the first of them that is a bundle. Under `shops.linking`."""
    for sku in shops.bundles(account).filter(sku__in=skus).values_list("sku", flat=True):
        raise NotABundle("bundle_already", sku)


@contextmanager
def _linking(account: models.Account, skus: Sequence[SellerSku], now: Instant) -> Iterator[None]:
    """A transaction in which it may change what these SKUs are.

    At its end they are looked at again, and with them all offers, at every account, of an article that one of them
    sells now or did before: what is sold of the SKU and waits counts there from now on, or no more.
    """
    number = AccountId(account.pk)
    with shops.linking(number):
        before = _sold_by(number, skus)
        yield
        changed = {part.variant for _, part in before ^ _sold_by(number, skus)}
        if account.shop_id is not None:
            shops.mark_variants(ShopId(account.shop_id), changed, now, journal.correlation(), also={number: skus})
        runs.force(f"account:{account.pk}", now, ["reconcile_offers", "import_orders"])


def _sold_by(account: AccountId, skus: Sequence[SellerSku]) -> set[tuple[SellerSku, Part]]:
    return {(sku, part) for sku, parts in shops.contents(account, skus).items() for part in parts}


def csv_lines(account: AccountId) -> Iterator[str]:
    """All decided links and all bundles as the lines of a CSV file: marketplace_sku, variant, how, need; a bundle has a line for each of its
    articles. `read_csv` reads the same."""
    rows = models.Link.objects.filter(account_id=account, decided_at__isnull=False, refused=False).order_by("sku")
    yield "marketplace_sku,variant,how,need\r\n"
    for found in rows.values_list("sku", "variant", "how").iterator():
        yield csv_files.line((*found, 1))
    for row in shops.bundles(account).iterator(chunk_size=1000):
        for part in row.parts.all():
            yield csv_files.line((row.sku, part.variant, row.how, part.need))


def read_csv(account: models.Account, content: bytes) -> list[tuple[SellerSku, Parts]] | WrongLine:
    """What the SKUs of a file are, or the first wrong line. Columns: marketplace_sku, variant, and need, without which it is 1.

    Lines with one SKU are one bundle where each says its need; without it two articles of one SKU are a contradiction.
    """
    rows = csv_files.rows(content, ("marketplace_sku", "variant"))
    if isinstance(rows, WrongLine):
        return rows
    known = _articles(account)
    found: dict[SellerSku, list[tuple[int, str, str]]] = {}
    for number, cells in rows:
        if not cells:
            return WrongLine(number, "marketplace_sku, variant ?")
        sku, variant, need = SellerSku(cells["marketplace_sku"]), cells["variant"], cells.get("need", "").strip()
        if len(sku) > LONGEST_SKU or "\0" in sku:
            return WrongLine(number, f"marketplace_sku {sku[:20]!a}")
        if not sku or not variant:
            return WrongLine(number, "marketplace_sku, variant ?")
        if variant not in known:
            return WrongLine(number, variant[:LONGEST_SKU], "unknown_article")
        said = found.setdefault(sku, [])
        if any(not need or not other for _, name, other in said if name != variant):
            return WrongLine(number, sku, "need_missing")
        if not need and any(name == variant and not other for _, name, other in said):
            # The same link once more.
            continue
        if len(said) == MOST_PARTS:
            return WrongLine(number, sku, "too_many_articles")
        said.append((number, variant, need))
    links = []
    for sku, lines in found.items():
        try:
            links.append((sku, _meant(lines)))
        except NotABundle as error:
            return WrongLine(lines[max(error.place, 1) - 1][0], error.variant or sku, error.code)
    return _not_both(AccountId(account.pk), links, found)


def _meant(lines: Sequence[tuple[int, str, str]]) -> Parts:
    """What the lines of one SKU say that it is. Raises NotABundle."""
    if len(lines) == 1 and lines[0][2] in ("", "1"):
        return ordinary(VariantId(lines[0][1]))
    return checked([(variant, need) for _, variant, need in lines])


def _not_both(
    account: AccountId, links: list[tuple[SellerSku, Parts]], lines: Mapping[SellerSku, Sequence[tuple[int, str, str]]]
) -> list[tuple[SellerSku, Parts]] | WrongLine:
    """The same, or the first line whose SKU is the other kind already: what a person said of it is undone by a person only."""
    linked = shops.confirmed_links(account, [sku for sku, parts in links if is_bundle(parts)])
    plain = [sku for sku, parts in links if not is_bundle(parts)]
    bundled = set(shops.bundles(account).filter(sku__in=plain).values_list("sku", flat=True))
    for sku, _ in links:
        if sku in linked:
            return WrongLine(lines[sku][0][0], f"{sku} = {linked[sku]}", "linked_already")
        if sku in bundled:
            return WrongLine(lines[sku][0][0], sku, "bundle_already")
    return links


def take(deps: Deps, account: models.Account, links: Sequence[tuple[SellerSku, Parts]], by: str) -> None:
    """Make these firm, all or none. Raises NotABundle where an SKU became the other kind since the file was read."""
    now, number = deps.clock.now(), AccountId(account.pk)
    with _linking(account, [sku for sku, _ in links], now):
        _no_links(number, [sku for sku, parts in links if is_bundle(parts)])
        _no_bundles(number, [sku for sku, parts in links if not is_bundle(parts)])
        for sku, parts in links:
            if is_bundle(parts):
                _say_bundle(deps, account, sku, parts, "file", by)
            else:
                shops.link(number, sku, parts[0].variant, "file", by, now)
    link_account(deps, account)
