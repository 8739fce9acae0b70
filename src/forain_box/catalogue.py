"""Look-ups over Amazon's catalogue: by article number, by word, by family."""

import re
from collections.abc import Iterator

from forain_box import codes
from forain_box.state import Product

_WORD = re.compile(r"\w+")


class Catalogue:
    """Kept beside `state.catalogue`, which stays what is true."""

    def __init__(self, products: dict[str, Product]) -> None:
        self._products = products
        self._codes: dict[str, dict[str, None]] = {}
        self._words: dict[str, dict[str, None]] = {}
        self._children: dict[str, dict[str, None]] = {}
        for product in products.values():
            self._index(product)

    def put(self, product: Product) -> Product:
        """A new product, or a known one told anew."""
        old = self._products.get(product.asin)
        if old:
            for where, key in self._keys(old):
                where.get(key, {}).pop(old.asin, None)
        self._products[product.asin] = product
        self._index(product)
        return product

    def _index(self, product: Product) -> None:
        for where, key in self._keys(product):
            where.setdefault(key, {})[product.asin] = None

    def _keys(self, product: Product) -> list[tuple[dict[str, dict[str, None]], str]]:
        found = [(self._words, word) for word in dict.fromkeys(words(f"{product.title} {product.brand}"))]
        found += [
            (self._codes, code)
            for code in (codes.gtin(product.ean), product.minsan and f"MINSAN{product.minsan}")
            if code
        ]
        return [*found, (self._children, product.parent)] if product.parent else found

    def of_code(self, kind: str, value: str) -> list[Product]:
        """Products of an article number; several may share one. `kind`: EAN, GTIN, ISBN, JAN, UPC or MINSAN."""
        if kind == "MINSAN":
            key = f"MINSAN{value}" if value else ""
        else:
            key = codes.gtin(value) if kind in codes.spellings(value) else ""
        return [self._products[asin] for asin in self._codes.get(key, ())]

    def of_words(self, text: str) -> tuple[int, Iterator[Product]]:
        """(about how many, those with every word of `text`). The rarest word decides how much is looked at."""
        shelves = [self._words.get(word, {}) for word in words(text)]
        if not shelves:
            return 0, iter(())
        rarest = min(shelves, key=len)
        return len(rarest), (self._products[asin] for asin in rarest if all(asin in shelf for shelf in shelves))

    def children(self, asin: str) -> list[str]:
        return list(self._children.get(asin, ()))


def words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def on_site(product: Product, site: str) -> bool:
    return not product.marketplace_ids or site in product.marketplace_ids
