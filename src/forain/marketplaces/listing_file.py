"""Amazon's file of all offers of a site, which its old and its new interface make alike: one line an SKU, in the site's words.

It is tab separated without quotes, its columns in no promised order, and says neither how many lines it has nor when it was
made. It is read in a stream: nothing of it is kept but the page that is handed on.

Source: report type pages; headings and encodings as connectors met them (public repositories), read 2026-11-24 and 2026-11-30.
"""

import codecs
import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import BinaryIO

from forain.contracts.marketplace import ShelfLine, ShelfPage, UnreadOffer
from forain.core.errors import Malformed
from forain.core.ids import AccountId, OfferKey, SellerSku, SiteId
from forain.core.money import Money
from forain.marketplaces.order_file import ENCODINGS

HEADINGS = {
    "sku": {"seller-sku", "sku-vendeur", "händler-sku", "sku venditore", "sku del vendedor", "sku-sprzedawcy", "出品者sku"},
    "title": {"item-name", "nom-produit", "artikelbezeichnung", "nome dell'articolo", "título del producto", "nazwa-produktu", "商品名"},
    "price": {"price", "prix", "preis", "prezzo", "precio", "cena", "価格"},
    "quantity": {"quantity", "quantité", "menge", "quantità", "cantidad", "ilość", "数量"},
    "asin": {"asin1", "asin 1"},
    "code": {"product-id", "id-produit", "produkt-id", "identificativo del prodotto", "identificador del producto", "id-produktu",
             "identyfikator-produktu", "商品id"},
    "code_kind": {"product-id-type", "type-id-produit", "produkt-id-typ", "tipo di identificativo del prodotto",
                  "tipo de identificador de producto", "typ-identyfikatora-produktu", "商品idタイプ"},
    "channel": {"fulfillment-channel", "canal-traitement", "versender", "canale di gestione", "canal de gestión logística",
                "kanał-realizacji", "フルフィルメント・チャンネル"},
    "status": {"status", "état", "stato", "estado", "ステータス"},
}  # fmt: skip
"""Our name of a column -> what it is headed with in the languages of Amazon's sites, in small letters."""
NEEDED = ("sku", "price", "quantity", "channel")
"""Without one of these columns a file tells nothing; without another one it tells less."""
COLUMNS = ("sku", "title", "price", "quantity", "asin", "code", "code_kind", "channel", "status")
STATUSES = {"Active": True, "Inactive": False, "Incomplete": False, "": None}
"""Amazon's word for how an offer stands, the same in every language -> whether it can be bought."""
OWN_CHANNEL = "DEFAULT"
EAN = "4"
LONGEST_NAME = 200
LONGEST_LINE = 1024 * 1024
"""Bytes; a description has some thousands."""
LARGEST_FILE = 4 * 1024**3
"""Bytes, unpacked: some ten million offers."""
BLOCK = 1024 * 1024
PAGE = 5000
"""Lines that are handed on together."""
MOST_KEPT = 50_000
"""So many spellings of amounts are remembered: the same few stand in almost every line."""
UNREADABLE = "\ufffd"


def read(
    file: BinaryIO, content_type: str, account: AccountId, site: SiteId, currency: str, page: int = PAGE
) -> Iterator[ShelfPage]:
    """The file page by page, `page` lines each; packed or not, as it says itself. A line that cannot be read is named.

    Raises Malformed for what is no such file and for one that was cut off: that shows at its end only.
    """
    reading: _Reading | None = None
    for lines, whole in _lines(_blocks(file), _encoding(content_type)):
        if reading is None:
            reading = _Reading(account, site, currency, lines[0])
            lines = lines[1:]
        for start in range(0, len(lines), page):
            found = reading.page(lines[start : start + page])
            if found.unread and not whole:
                # The last line, without an end, and not readable: the rest of the file is missing.
                raise Malformed("file cut off")
            yield found
    if reading is None:
        raise Malformed("heading sku")


def _encoding(content_type: str) -> str:
    charset = re.search(r"charset\s*=\s*\"?([\w.-]+)", content_type, re.ASCII)
    encoding = ENCODINGS.get(charset[1].lower() if charset else "")
    if encoding is None:
        raise Malformed("charset")
    return encoding


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """The unpacked content, a block at a time."""
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    content: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=file) if packed else file
    size = 0
    while True:
        try:
            block = content.read(BLOCK)
        except EOFError:
            raise Malformed("file cut off") from None
        except (zlib.error, gzip.BadGzipFile):
            raise Malformed("gzip") from None
        if not block:
            return
        size += len(block)
        if size > LARGEST_FILE:
            raise Malformed("file too large")
        yield block


def _lines(blocks: Iterator[bytes], encoding: str) -> Iterator[tuple[list[str], bool]]:
    """Lines of a block, and whether their ends were there. In no encoding of ENCODINGS is a tab or a line's end a part of a
    letter."""
    rest, first = b"", True
    for block in blocks:
        content = rest + block
        end = content.rfind(b"\n") + 1
        rest = content[end:]
        if len(rest) > LONGEST_LINE:
            raise Malformed("line too long")
        if end:
            whole = content[:end].removeprefix(codecs.BOM_UTF8) if first else content[:end]
            first = False
            yield _text(whole, encoding).split("\n")[:-1], True
    if rest:
        yield [_text(rest, encoding)], False


def _text(content: bytes, encoding: str) -> str:
    text = content.decode(encoding, "replace")
    if "\0" in text:
        # No database keeps it.
        text = text.replace("\0", UNREADABLE)
    return text.replace("\r\n", "\n").removesuffix("\r") if "\r" in text else text


Pick = Callable[[list[str]], tuple[str, ...]]


class _Reading:
    """Reads lines by the headings of their file. Raises Malformed where a column that is needed is missing or there twice.

    `amounts`, `counts`: spelling -> value, of what stood in lines before.
    """

    def __init__(self, account: AccountId, site: SiteId, currency: str, head: str) -> None:
        self._account, self._site, self._currency = account, site, currency
        self._amounts: dict[str, int | None] = {"": None}
        self._counts: dict[str, int | None] = {"": None}
        words = [word.strip().strip('"').lower() for word in head.split("\t")]
        named = [_NAMES.get(word, "") for word in words]
        wrong = next((name for name in NEEDED if named.count(name) != 1), None)
        if wrong is not None:
            raise Malformed(f"heading {wrong}")
        self._width = len(named)
        # A column that is not there is an empty cell behind the last one.
        places = (named.index(name) if name in named else self._width for name in COLUMNS)
        self._pick: Pick = itemgetter(*places)

    def page(self, lines: Sequence[str]) -> ShelfPage:
        """These lines; empty ones are none. One function for all of a line: a million of them go through it."""
        found: list[ShelfLine] = []
        unread: list[UnreadOffer] = []
        width, pick, counts, amounts = self._width, self._pick, self._counts, self._amounts
        for line in lines:
            cells = line.split("\t")
            if len(cells) != width:
                if line:
                    # A cell that broke its line, or one too many: what stands where is not known.
                    unread.append(UnreadOffer(self._key(""), "columns"))
                continue
            cells.append("")
            sku, title, price, quantity, asin, code, kind, channel, status = pick(cells)
            try:
                if not sku or len(sku) > LONGEST_NAME or UNREADABLE in sku:
                    sku = ""
                    raise Malformed("sku")
                if not channel or len(channel) > LONGEST_NAME:
                    raise Malformed("channel")
                if status not in STATUSES:
                    raise Malformed(f"status {status}"[:100])
                pieces = counts[quantity] if quantity in counts else self._count(quantity)
                minor = amounts[price] if price in amounts else self._amount(price)
            except Malformed as error:
                unread.append(UnreadOffer(self._key(sku), error.field))
                continue
            own = channel == OWN_CHANNEL
            found.append(
                ShelfLine(
                    sku, pieces if own else None, minor, own, STATUSES[status], channel, asin,
                    code if kind == EAN else "", title,
                )
            )  # fmt: skip
        return ShelfPage(found, unread)

    def _key(self, sku: str) -> OfferKey:
        return OfferKey(self._account, self._site, SellerSku(sku))

    def _count(self, text: str) -> int | None:
        told = text.strip()
        if told and not (told.isascii() and told.isdigit() and len(told) < 10):
            raise Malformed("quantity")
        return _remembered(self._counts, text, int(told) if told else None)

    def _amount(self, text: str) -> int | None:
        told = text.strip()
        try:
            minor = Money.parse(told, self._currency).minor if told else None
        except ValueError:
            raise Malformed("price") from None
        if minor is not None and minor < 0:
            raise Malformed("price")
        return _remembered(self._amounts, text, minor)


def _remembered(kept: dict[str, int | None], text: str, value: int | None) -> int | None:
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[text] = value
    return value


_NAMES = {word: name for name, words in HEADINGS.items() for word in words}
