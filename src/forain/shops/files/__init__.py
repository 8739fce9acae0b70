"""A folder is the shop: catalogue.csv in, orders as JSON files, shipments as CSV back."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import islice

from forain.contracts.manifest import Field, ShopManifest
from forain.contracts.net import Net
from forain.contracts.shop import ShipmentPage, ShopCredentials, ShopOrder, Variant, VariantPage
from forain.core.errors import Problem, Rejected, ServerFault
from forain.core.ids import MarketplaceOrderId, VariantId
from forain.core.orders import OrderDraft
from forain.core.signals import Signal
from forain.shops.files import in_force, orders, shipments, watch
from forain.shops.files.folder import Folder

__all__ = ["MANIFEST", "FilesShop", "open"]

PAGE_SIZE = 5_000

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
        """The folder's path; tried out by writing, and the catalogue read. Raises Rejected with what to mend."""
        self._folder.check(in_force.CATALOGUE)
        found = in_force.read(self._folder)
        if not found.stands:
            raise Rejected(found.problems, found.problems[0].code)
        return str(self._folder.root)

    def variants(self, cursor: str | None) -> VariantPage:
        """A catalogue that changes between two pages is begun again; problems stand on the last page."""
        self._ready()
        waiting, unread = orders.waiting(self._folder)
        found = in_force.read(self._folder)
        waiting = self._waiting_since(waiting)
        if found.catalogue is None:
            return VariantPage((), None, (*found.problems, *unread), found.version)
        version, _, place = (cursor or "").rpartition(":")
        begin = int(place) if version == found.version and place.isdigit() else 0
        end = begin + PAGE_SIZE
        rows = islice(found.catalogue.variants.values(), begin, end)
        variants = tuple(in_force.with_waiting(v, waiting.get(v.variant, 0)) for v in rows)
        if end < len(found.catalogue.variants):
            return VariantPage(variants, f"{found.version}:{end}", (), found.version)
        return VariantPage(variants, None, (*found.problems, *unread), found.version)

    def stock(self, variants: Sequence[VariantId]) -> Mapping[VariantId, Variant]:
        """Raises ServerFault where the catalogue is broken and there never was a good one."""
        self._ready()
        waiting, _ = orders.waiting(self._folder)
        found = in_force.read(self._folder)
        waiting = self._waiting_since(waiting)
        if found.catalogue is None:
            raise ServerFault(found.problems[0].code, placeholders=_told(found.problems[0]))
        known = found.catalogue.variants
        return {name: in_force.with_waiting(known[name], waiting.get(name, 0)) for name in variants if name in known}

    def _waiting_since(self, before: dict[VariantId, int]) -> dict[VariantId, int]:
        """Pieces waiting before or after the catalogue was read, whichever is more.

        The merchant's system lowers on_hand and then moves the file; Forain adds files. With one look only,
        a piece could be in neither the order folder nor off the catalogue, and would be sold twice.
        """
        after, _ = orders.waiting(self._folder)
        return {name: max(before.get(name, 0), after.get(name, 0)) for name in before | after}

    def changed(self, since: str) -> tuple[str, tuple[Signal, ...]]:
        self._ready()
        return watch.changed(self._folder, since)

    def ensure_order(self, draft: OrderDraft) -> ShopOrder:
        self._ready()
        return orders.ensure(self._folder, draft)

    def cancel_order(self, reference: MarketplaceOrderId) -> None:
        self._ready()
        orders.cancel(self._folder, reference)

    def order(self, reference: MarketplaceOrderId) -> ShopOrder | None:
        self._ready()
        return orders.shop_order(self._folder, reference)

    def shipments(self, references: Sequence[MarketplaceOrderId]) -> ShipmentPage:
        self._ready()
        found, problems = shipments.read(self._folder, frozenset(references))
        return ShipmentPage(found, problems)

    def _ready(self) -> None:
        self._folder.ready(in_force.CATALOGUE)


def _told(problem: Problem) -> dict[str, str]:
    return {"problem": problem.text, "where": problem.field}


def open(credentials: ShopCredentials, net: Net | None) -> FilesShop:
    """An adapter for one folder; `net` is not used."""
    return FilesShop(credentials.options.get("folder", ""))
