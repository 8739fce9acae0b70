"""A folder is the shop: catalogue.csv in, orders as JSON files, shipments as CSV back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from forain.contracts.manifest import Field, ShopManifest
from forain.contracts.net import Net
from forain.contracts.shop import ShipmentPage, ShopCredentials, ShopOrder, Variant, VariantPage
from forain.core.errors import Problem, Rejected
from forain.core.ids import MarketplaceOrderId, VariantId
from forain.core.orders import OrderDraft
from forain.core.signals import Signal
from forain.core.stock import StockLevel
from forain.shops.files import catalogue, orders, shipments
from forain.shops.files.folder import Folder

__all__ = ["MANIFEST", "FilesShop", "open"]

CATALOGUE = "catalogue.csv"
LAST_GOOD = ".forain/catalogue.last-good.csv"
SEEN = ".forain/catalogue.seen-"

MANIFEST = ShopManifest(
    code="files",
    name="Files in a folder",
    capabilities=frozenset({"catalogue", "stock_reader", "order_writer", "shipment_reader"}),
    fields=(Field("folder", kind="folder", example="/srv/shop"),),
    limits=(),
    search_lag=timedelta(0),
    watch_every=timedelta(seconds=1),
)


class FilesShop:
    """`contracts.shop.Shop` over a folder."""

    def __init__(self, root: str) -> None:
        self._folder = Folder(root)

    def check(self) -> str:
        self._folder.ready()
        if self._folder.read(CATALOGUE) is None:
            raise Rejected([Problem("catalogue_missing", CATALOGUE)], "catalogue_missing")
        found = catalogue.parse(self._folder.read(CATALOGUE) or b"")
        if not found.whole:
            raise Rejected(found.problems, found.problems[0].code)
        return str(self._folder.root)

    def variants(self, cursor: str | None) -> VariantPage:
        found = self._in_force()
        variants = self._with_waiting(found.variants)
        return VariantPage(variants, None, found.problems, found.version)

    def stock(self, variants: Sequence[VariantId]) -> Mapping[VariantId, Variant]:
        wanted = set(variants)
        found = [v for v in self._in_force().variants if v.variant in wanted]
        return {v.variant: v for v in self._with_waiting(tuple(found))}

    def changed(self, since: str) -> tuple[str, tuple[Signal, ...]]:
        """The mark is three marks of the file system; a new catalogue says "everything", since cheap is enough."""
        self._folder.ready()
        marks = [self._folder.mark(name) for name in (CATALOGUE, "orders/new", "shipments")]
        mark = "/".join(marks)
        old = since.split("/") if since.count("/") == 2 else ["", "", ""]
        signals: list[Signal] = []
        if marks[0] != old[0]:
            signals += [Signal("variant", name) for name in self._changed_variants(old[0], marks[0])]
        if marks[1] != old[1] and since:
            signals += [Signal("stock", name) for name in orders.waiting_pieces(self._folder)]
        if marks[2] != old[2]:
            signals.append(Signal("shop_order", "shipments"))
        return mark, tuple(signals)

    def _changed_variants(self, old_mark: str, mark: str) -> list[str]:
        """Variants that differ from what the catalogue said at `old_mark`; ["*"] when that cannot be said.

        A copy is kept under the mark it belongs to, so that asking twice with one mark answers twice the same.
        """
        content = self._folder.read(CATALOGUE) or b""
        before = self._folder.read(f"{SEEN}{old_mark}.csv") if old_mark else None
        if self._folder.mark(CATALOGUE) == mark:
            self._folder.write(f"{SEEN}{mark}.csv", content)
            self._folder.forget(SEEN, {f"{SEEN}{mark}.csv", f"{SEEN}{old_mark}.csv"})
        now = catalogue.parse(content)
        if before is None or not now.whole:
            return ["*"]
        old = {v.variant: _plain(v) for v in catalogue.parse(before).variants}
        new = {v.variant: _plain(v) for v in now.variants}
        if now.problems or old.keys() != new.keys():
            return ["*"]
        return [name for name, variant in new.items() if old[name] != variant]

    def _in_force(self) -> catalogue.Catalogue:
        """The catalogue as it stands; a broken or absent file leaves the last good version in force, and says so."""
        self._folder.ready()
        content = self._folder.read(CATALOGUE)
        if content is None:
            broken = catalogue.Catalogue((), (Problem("catalogue_missing", CATALOGUE),), False, "")
        else:
            found = catalogue.parse(content)
            if found.whole:
                if self._folder.read(LAST_GOOD) != content:
                    self._folder.write(LAST_GOOD, content)
                return found
            broken = found
        last = self._folder.read(LAST_GOOD)
        if last is None:
            return broken
        return replace(catalogue.parse(last), problems=broken.problems, version=broken.version)

    def _with_waiting(self, variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
        waiting = orders.waiting_pieces(self._folder)
        if not waiting:
            return variants
        return tuple(
            replace(v, level=StockLevel(v.level.on_hand, v.level.allocated + waiting[v.variant]))
            if v.level is not None and v.variant in waiting
            else v
            for v in variants
        )

    def ensure_order(self, draft: OrderDraft) -> ShopOrder:
        return orders.ensure(self._folder, draft)

    def cancel_order(self, reference: MarketplaceOrderId) -> None:
        orders.cancel(self._folder, reference)

    def order(self, reference: MarketplaceOrderId) -> ShopOrder | None:
        return orders.shop_order(self._folder, reference)

    def shipments(self, references: Sequence[MarketplaceOrderId]) -> ShipmentPage:
        found, problems = shipments.read(self._folder, set(references))
        return ShipmentPage(tuple(found), None, tuple(problems))


def _plain(variant: Variant) -> Variant:
    """The variant without its line numbers: a line that moved is no change."""
    return replace(variant, problems=tuple(Problem(p.code, p.text) for p in variant.problems))


def open(credentials: ShopCredentials, net: Net | None) -> FilesShop:
    """An adapter for one folder; `net` is not used."""
    return FilesShop(credentials.options.get("folder", ""))
