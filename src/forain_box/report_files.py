"""What stands in the files of reports: tab separated, with the headings and the encoding of the site they are for.

Files of listings are localized: their headings are in the site's language, and a column that has no word there is left
out; their encoding is an old one outside of America, told in the Content-Type. Files of orders are English everywhere.

Source: headings and encodings as connectors met them (public repositories, read 2026-11-24); item descriptions, images and
the zshop columns are empty, as they are in most files.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

from forain_box import amounts, order_news, standing
from forain_box.sites import SITES
from forain_box.state import Listing, Order, OrderLine, OrderReturn, Report
from forain_box.world import World

Row = dict[str, str]
LISTING_COLUMNS = (
    "item-name", "item-description", "listing-id", "seller-sku", "price", "quantity", "open-date", "image-url",
    "item-is-marketplace", "product-id-type", "zshop-shipping-fee", "item-note", "item-condition", "zshop-category1",
    "zshop-browse-path", "zshop-storefront-feature", "asin1", "asin2", "asin3", "will-ship-internationally",
    "expedited-shipping", "zshop-boldface", "product-id", "bid-for-featured-placement", "add-delete", "pending-quantity",
    "fulfillment-channel", "merchant-shipping-group", "status",
)  # fmt: skip
HEADINGS: dict[str, Row] = {
    "fr": {
        "item-name": "nom-produit", "listing-id": "id-offre", "seller-sku": "sku-vendeur", "price": "prix", "quantity": "quantité",
        "open-date": "date-ouverture", "product-id-type": "type-id-produit", "item-note": "note-état-article",
        "item-condition": "état-produit", "asin1": "ASIN1", "will-ship-internationally": "expédition-international",
        "expedited-shipping": "livraison-express", "product-id": "id-produit", "fulfillment-channel": "canal-traitement",
        "merchant-shipping-group": "groupe-expédition-vendeur", "status": "état",
    },
    "de": {
        "item-name": "Artikelbezeichnung", "item-description": "Artikelbeschreibung", "listing-id": "Angebotsnummer",
        "seller-sku": "Händler-SKU", "price": "Preis", "quantity": "Menge", "open-date": "Erstellungsdatum",
        "item-is-marketplace": "Artikel ist Marketplace-Angebot", "product-id-type": "Produkt-ID-Typ",
        "item-note": "Anmerkung zum Artikel", "item-condition": "Artikelzustand", "asin1": "ASIN 1",
        "will-ship-internationally": "Internationaler Versand", "expedited-shipping": "Expressversand", "product-id": "Produkt-ID",
        "pending-quantity": "Anzahl Bestellungen", "fulfillment-channel": "Versender",
        "merchant-shipping-group": "Händlerversandgruppe", "status": "Status",
    },
    "it": {
        "item-name": "Nome dell'articolo", "item-description": "Descrizione dell'articolo", "listing-id": "Numero offerta",
        "seller-sku": "SKU venditore", "price": "Prezzo", "quantity": "Quantità", "open-date": "Data di creazione",
        "item-is-marketplace": "Articolo per la vendita", "product-id-type": "Tipo di identificativo del prodotto",
        "item-note": "Note sull'articolo", "item-condition": "Condizione dell'articolo", "asin1": "ASIN 1",
        "will-ship-internationally": "Spedizione internazionale", "expedited-shipping": "Spedizione Express",
        "product-id": "Identificativo del prodotto", "add-delete": "Aggiungi o elimina",
        "pending-quantity": "Quantità in sospeso", "fulfillment-channel": "Canale di gestione",
        "merchant-shipping-group": "gruppo-spedizione-venditore", "status": "stato",
    },
    "es": {
        "item-name": "Título del producto", "item-description": "Descripción del producto",
        "listing-id": "Identificador del listing", "seller-sku": "SKU del vendedor", "price": "Precio", "quantity": "Cantidad",
        "open-date": "Fecha de creación", "item-is-marketplace": "Producto para vender",
        "product-id-type": "Tipo de identificador de producto", "item-note": "Nota sobre el producto",
        "item-condition": "Estado del producto", "asin1": "ASIN 1", "will-ship-internationally": "Envío internacional",
        "expedited-shipping": "Envío urgente", "product-id": "Identificador del producto", "add-delete": "Añadir o eliminar",
        "pending-quantity": "Cantidad pendiente", "fulfillment-channel": "Canal de gestión logística", "status": "estado",
    },
    "pl": {
        "item-name": "nazwa-produktu", "item-description": "opis-produktu", "listing-id": "identyfikator-oferty",
        "seller-sku": "sku-sprzedawcy", "price": "cena", "quantity": "ilość", "open-date": "data-otwarcia",
        "item-is-marketplace": "produkt-jest-(na)rynku", "product-id-type": "typ-identyfikatora-produktu",
        "item-note": "uwaga-o-produkcie", "item-condition": "stan-produktu", "asin1": "asin1",
        "will-ship-internationally": "wysyłka-międzynarodowa", "expedited-shipping": "przyspieszona-wysyłka",
        "product-id": "identyfikator-produktu", "add-delete": "dodaj-usuń", "pending-quantity": "ilość-oczekująca",
        "fulfillment-channel": "kanał-realizacji", "merchant-shipping-group": "grupa-wysyłki-sprzedawcy", "status": "status",
    },
    "ja": {
        "item-name": "商品名", "item-description": "商品の説明", "listing-id": "出品ID", "seller-sku": "出品者SKU", "price": "価格",
        "quantity": "数量", "open-date": "出品日", "product-id-type": "商品IDタイプ", "item-note": "コンディション説明",
        "item-condition": "コンディション", "asin1": "ASIN 1", "asin2": "ASIN 2", "asin3": "ASIN 3",
        "will-ship-internationally": "国外へ配送可", "expedited-shipping": "迅速な配送", "product-id": "商品ID",
        "pending-quantity": "在庫数", "fulfillment-channel": "フルフィルメント・チャンネル",
        "merchant-shipping-group": "merchant-shipping-group", "status": "ステータス",
    },
}  # fmt: skip
ENCODINGS = {"ja": ("Shift_JIS", "cp932"), "pl": ("UTF-8", "utf-8"), "tr": ("UTF-8", "utf-8"), "ar": ("UTF-8", "utf-8")}
OLD_ENCODING = ("Cp1252", "cp1252")
"""Amazon's word for it in the Content-Type, and Python's."""
OPEN_COLUMNS = ("sku", "asin", "price", "quantity")
ORDER_COLUMNS = (
    "amazon-order-id", "merchant-order-id", "purchase-date", "last-updated-date", "order-status", "fulfillment-channel",
    "sales-channel", "order-channel", "ship-service-level", "product-name", "sku", "asin", "item-status", "quantity", "currency",
    "item-price", "item-tax", "shipping-price", "shipping-tax", "gift-wrap-price", "gift-wrap-tax", "item-promotion-discount",
    "ship-promotion-discount", "ship-city", "ship-state", "ship-postal-code", "ship-country", "promotion-ids",
    "is-business-order", "purchase-order-number", "price-designation",
)  # fmt: skip
SHIPPING_COLUMNS = (
    "order-id", "order-item-id", "purchase-date", "payments-date", "reporting-date", "promise-date", "days-past-promise",
    "buyer-email", "buyer-name", "buyer-phone-number", "sku", "product-name", "quantity-purchased", "quantity-shipped",
    "quantity-to-ship", "ship-service-level", "recipient-name", "ship-address-1", "ship-address-2", "ship-address-3", "ship-city",
    "ship-state", "ship-postal-code", "ship-country", "is-business-order", "purchase-order-number", "price-designation",
)  # fmt: skip
RETURN_COLUMNS = (
    "Order ID", "Order date", "Return request date", "Return request status", "Amazon RMA ID", "Merchant RMA ID", "Label type",
    "Label cost", "Currency code", "Return carrier", "Tracking ID", "Label to be paid by", "A-to-Z Claim", "Is prime", "ASIN",
    "Merchant SKU", "Item Name", "Return quantity", "Return Reason", "In policy", "Return type", "Resolution", "Invoice number",
    "Return delivery date", "Order Amount", "Order quantity", "SafeT Action reason", "SafeT claim id", "SafeT claim state",
    "SafeT claim creation time", "SafeT claim reimbursement amount", "Refunded Amount",
)  # fmt: skip
STATUSES = {
    "PENDING_AVAILABILITY": "Pending", "PENDING": "Pending", "UNSHIPPED": "Unshipped", "PARTIALLY_SHIPPED": "Shipping",
    "SHIPPED": "Shipped", "CANCELLED": "Cancelled", "UNFULFILLABLE": "Cancelled",
}  # fmt: skip


def write(world: World, report: Report) -> tuple[str, bytes] | None:
    """(content type, content); None: there is no data, so there is no file."""
    columns, rows_of = FILES[report.report_type]
    rows = list(rows_of(world, report))
    if not rows:
        return None
    language = SITES[report.marketplace_ids[0]][2].partition("_")[0]
    headings, encoding = {column: column for column in columns}, ("UTF-8", "utf-8")
    if columns is LISTING_COLUMNS:
        headings = HEADINGS.get(language, headings)
        if SITES[report.marketplace_ids[0]][3] != "na":
            encoding = ENCODINGS.get(language, OLD_ENCODING)
    shown = [column for column in columns if column in headings]
    lines = ["\t".join(headings[column] for column in shown)]
    lines += ["\t".join(_cell(row.get(column, "")) for column in shown) for row in rows]
    # Letters that an old encoding has not are lost, as they are at Amazon.
    content = ("\n".join(lines) + "\n").encode(encoding[1], "replace")
    return f"text/plain;charset={encoding[0]}", content


def _cell(value: str) -> str:
    return value.replace("\t", " ").replace("\r", " ").replace("\n", " ")


def _listings(world: World, report: Report, site_of: Callable[[Listing], str | None]) -> Iterator[tuple[Listing, str]]:
    for listing in world.listings_of(report.seller_id):
        site = site_of(listing)
        if site is not None:
            yield listing, site


def _here(report: Report) -> Callable[[Listing], str | None]:
    return lambda x: next((site for site in report.marketplace_ids if site in x.marketplace_ids), None)


def _all(world: World, report: Report) -> Iterator[Row]:
    return (_listing(world, x, site) for x, site in _listings(world, report, _here(report)))


def _open(world: World, report: Report) -> Iterator[Row]:
    for listing, site in _listings(world, report, _here(report)):
        if _status(world, listing, site) == "Active":
            row = _listing(world, listing, site)
            yield {"sku": row["seller-sku"], "asin": row["asin1"], "price": row["price"], "quantity": row["quantity"]}


def _inactive(world: World, report: Report) -> Iterator[Row]:
    for listing, site in _listings(world, report, _here(report)):
        if _status(world, listing, site) == "Inactive":
            yield _listing(world, listing, site)


def _status(world: World, listing: Listing, site: str) -> str:
    if not listing.complete:
        return "Incomplete"
    suspended = world.state.sellers[listing.seller_id].suspended_listings
    return "Active" if standing.BUYABLE in standing.statuses(listing, site, suspended=suspended) else "Inactive"


def _listing(world: World, listing: Listing, site: str) -> Row:
    """A row; what Amazon fulfils has no quantity here."""
    by_amazon = next((channel for channel in listing.availability if channel.startswith("AMAZON_")), "")
    quantity = None if by_amazon else standing.stock_on(listing, [site]).get("DEFAULT")
    return {
        "item-name": listing.title, "listing-id": f"{listing.number:010}", "seller-sku": listing.sku,
        "price": _money(listing.prices.get(site)), "quantity": "" if quantity is None else str(quantity),
        "open-date": _day(listing.created_at, site), "item-is-marketplace": "y", "product-id-type": "1", "item-condition": "11",
        "asin1": listing.asin, "product-id": listing.asin, "pending-quantity": "0", "fulfillment-channel": by_amazon or "DEFAULT",
        "status": _status(world, listing, site),
    }  # fmt: skip


def _day(moment: datetime, site: str) -> str:
    """As files of listings spell a moment: differently from site to site, with a zone that is a word."""
    form = {"JP": "%Y/%m/%d %H:%M:%S UTC", "US": "%Y-%m-%d %H:%M:%S UTC"}.get(SITES[site][0], "%d/%m/%Y %H:%M:%S UTC")
    return moment.astimezone(UTC).strftime(form)


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else str(amount)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _orders(world: World, report: Report, by: str) -> Iterable[tuple[Order, OrderLine]]:
    assert report.since is not None
    assert report.until is not None
    for order in world.orders_of(report.seller_id, by, report.since, report.until):
        if order.marketplace_id in report.marketplace_ids:
            yield from ((order, line) for line in order.lines)


def _all_orders(by: str) -> Callable[[World, Report], Iterator[Row]]:
    return lambda world, report: (_order(order, line) for order, line in _orders(world, report, by))


def _order(order: Order, line: OrderLine) -> Row:
    """Without the buyer. Pending and cancelled lines carry no price; a price is the whole line's."""
    status = STATUSES[order.status]
    ended = order.status == "CANCELLED" or line.cancelled >= line.quantity
    row = {
        "amazon-order-id": order.order_id, "merchant-order-id": order.seller_order_id or order.order_id,
        "purchase-date": _moment(order.created_at), "last-updated-date": _moment(order.updated_at), "order-status": status,
        "fulfillment-channel": "Amazon" if order.fulfilled_by == "AMAZON" else "Merchant",
        "sales-channel": SITES[order.marketplace_id][4].removeprefix("www.").capitalize(), "ship-service-level": "Standard",
        "product-name": line.title, "sku": line.sku, "asin": line.asin, "item-status": "Cancelled" if ended else status,
        "quantity": "0" if ended else str(line.quantity - line.cancelled), "is-business-order": str("AMAZON_BUSINESS" in order.programs).lower(),
    }  # fmt: skip
    if order.status.startswith("PENDING") or ended:
        return row
    parts = amounts.details(order, line)
    return row | {
        "currency": order.currency, "item-price": str(parts["ITEM"]), "item-tax": _some(parts.get("TAX ITEM")),
        "shipping-price": _some(parts["SHIPPING"]), "shipping-tax": _some(parts.get("TAX SHIPPING")),
        "gift-wrap-price": _some(parts["GIFT_WRAP"]), "gift-wrap-tax": _some(parts.get("TAX GIFT_WRAP")),
        "item-promotion-discount": _some(parts["DISCOUNT ITEM"]), "ship-promotion-discount": _some(parts["DISCOUNT SHIPPING"]),
        "promotion-ids": line.promotion_id, "ship-city": order.address.get("city", ""),
        "ship-state": order.address.get("stateOrRegion", ""), "ship-postal-code": order.address.get("postalCode", ""),
        "ship-country": order.address.get("countryCode", ""),
    }  # fmt: skip


def _some(amount: Decimal | None) -> str:
    return str(amount) if amount else ""


def _to_ship(world: World, report: Report) -> Iterator[Row]:
    """What the merchant has still to ship, with the buyer: the file is restricted."""
    now = world.now()
    for order, line in _orders(world, report, "created"):
        left = line.quantity - line.shipped - line.cancelled
        if order.fulfilled_by != "MERCHANT" or order.status not in ("UNSHIPPED", "PARTIALLY_SHIPPED") or left < 1:
            continue
        promise = order_news.ship_by(order)[1]
        address = order.address
        yield {
            "order-id": order.order_id, "order-item-id": line.item_id, "purchase-date": _moment(order.created_at),
            "payments-date": _moment(order.pending_until or order.created_at), "reporting-date": _moment(now),
            "promise-date": _moment(promise), "days-past-promise": str((now - promise).days),
            "buyer-email": order.buyer.get("buyerEmail", ""), "buyer-name": order.buyer.get("buyerName", ""),
            "buyer-phone-number": address.get("phone", ""), "sku": line.sku, "product-name": line.title,
            "quantity-purchased": str(line.quantity), "quantity-shipped": str(line.shipped), "quantity-to-ship": str(left),
            "ship-service-level": "Standard", "recipient-name": address.get("name", ""),
            "ship-address-1": address.get("addressLine1", ""), "ship-address-2": address.get("addressLine2", ""),
            "ship-address-3": address.get("addressLine3", ""), "ship-city": address.get("city", ""),
            "ship-state": address.get("stateOrRegion", ""), "ship-postal-code": address.get("postalCode", ""),
            "ship-country": address.get("countryCode", ""), "is-business-order": str("AMAZON_BUSINESS" in order.programs).lower(),
        }  # fmt: skip


def _returns(world: World, report: Report) -> Iterator[Row]:
    """What came back in this time. An order that had a return changed then or later."""
    assert report.since is not None
    assert report.until is not None
    for order in world.orders_of(report.seller_id, "updated", report.since, world.now()):
        lines = {line.item_id: line for line in order.lines}
        for returned in order.returns if order.marketplace_id in report.marketplace_ids else ():
            if report.since <= returned.at <= report.until and order.fulfilled_by == "MERCHANT":
                yield _return(order, lines[returned.item_id], returned)


def _return(order: Order, line: OrderLine, returned: OrderReturn) -> Row:
    return {
        "Order ID": order.order_id, "Order date": _short(order.created_at), "Return request date": _short(returned.at),
        "Return request status": "Approved", "Amazon RMA ID": returned.rma_id, "Label type": "AmazonPrePaidLabel",
        "Currency code": order.currency, "Label to be paid by": "Seller", "A-to-Z Claim": "N",
        "Is prime": "Y" if "PRIME" in order.programs else "N", "ASIN": line.asin, "Merchant SKU": line.sku, "Item Name": line.title,
        "Return quantity": str(returned.quantity), "Return Reason": f"CR-{returned.reason}", "In policy": "Y",
        "Return type": "C-Returns", "Resolution": "StandardRefund", "Return delivery date": _short(returned.at),
        "Order Amount": str(amounts.line_total(order, line)), "Order quantity": str(line.quantity),
        "Refunded Amount": _some(line.refunded),
    }  # fmt: skip


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _short(moment: datetime) -> str:
    """10-Jul-2026, whatever language the machine speaks."""
    return f"{moment.day:02}-{MONTHS[moment.month - 1]}-{moment.year}"


FILES: dict[str, tuple[tuple[str, ...], Callable[[World, Report], Iterator[Row]]]] = {
    "GET_MERCHANT_LISTINGS_ALL_DATA": (LISTING_COLUMNS, _all),
    "GET_MERCHANT_LISTINGS_INACTIVE_DATA": (LISTING_COLUMNS, _inactive),
    "GET_FLAT_FILE_OPEN_LISTINGS_DATA": (OPEN_COLUMNS, _open),
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL": (ORDER_COLUMNS, _all_orders("created")),
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL": (ORDER_COLUMNS, _all_orders("updated")),
    "GET_FLAT_FILE_ACTIONABLE_ORDER_DATA_SHIPPING": (SHIPPING_COLUMNS, _to_ship),
    "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE": (RETURN_COLUMNS, _returns),
}
"""Every report type there is here: its columns and its rows."""
