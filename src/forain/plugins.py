"""Finds the adapters (folders and entry points), validates what they say of themselves, reads their words.

A new marketplace or shop is one new folder; nothing here names any.
"""

import importlib
import importlib.util
import pkgutil
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from types import ModuleType

import forain.marketplaces
import forain.shops
from forain.contracts.manifest import Field, MarketplaceManifest, ShopManifest
from forain.net.addresses import well_formed

LANGUAGES = ("en", "fr", "de")
LONGEST_VALUE = 500
"""Characters of a field's value that is no secret; an index takes no much longer ones."""


class BadManifest(Exception):
    """An adapter's manifest does not hold; raised at start, with all that is wrong."""


def _modules(package: ModuleType, group: str) -> dict[str, ModuleType]:
    found = {
        info.name: importlib.import_module(f"{package.__name__}.{info.name}")
        for info in pkgutil.iter_modules(package.__path__)
        if info.ispkg
    }
    for point in entry_points(group=group):
        found.setdefault(point.name, point.load())
    return found


@cache
def marketplaces() -> Mapping[str, ModuleType]:
    """Code -> adapter module with MANIFEST and open; then exchange, token_expired and ACCESS_TOKEN_HEADER, or signed and
    too_fast where each request carries a signature instead of an access token; says_ill where some refusals say
    that the other side is ill. Raises BadManifest."""
    return _checked(_modules(forain.marketplaces, "forain.marketplaces"), MarketplaceManifest)


@cache
def shops() -> Mapping[str, ModuleType]:
    """Code -> adapter module with MANIFEST and open. Raises BadManifest."""
    return _checked(_modules(forain.shops, "forain.shops"), ShopManifest)


def offered(addresses: Mapping[str, str]) -> tuple[str, ...]:
    """Codes of the marketplaces that may be connected: those with addresses of their own, and those the operator named
    one for in `addresses` (code -> address)."""
    return tuple(code for code, module in marketplaces().items() if module.MANIFEST.addresses.api or code in addresses)


def addresses_of(code: str, region: str, typed: Mapping[str, str], named: Mapping[str, str]) -> dict[str, str]:
    """An account's own addresses: those `typed` ("address.api", ...), and for an interface without any the one the operator
    named (code -> address, "{region}" in it)."""
    bare = code in named and not marketplace_manifest(code).addresses.api
    own = {"address.api": named[code].replace("{region}", region.lower())} if bare else {}
    return own | {name: address for name, address in typed.items() if address}


def marketplace_manifest(code: str) -> MarketplaceManifest:
    manifest: MarketplaceManifest = marketplaces()[code].MANIFEST
    return manifest


def shop_manifest(code: str) -> ShopManifest:
    manifest: ShopManifest = shops()[code].MANIFEST
    return manifest


def _checked(
    modules: dict[str, ModuleType], kind: type[MarketplaceManifest] | type[ShopManifest]
) -> Mapping[str, ModuleType]:
    wrong: list[str] = []
    for name, module in modules.items():
        manifest = getattr(module, "MANIFEST", None)
        if not isinstance(manifest, kind):
            wrong.append(f"{name}: no MANIFEST of type {kind.__name__}")
        elif manifest.code != name:
            wrong.append(f"{name}: the manifest calls itself {manifest.code!r}")
        else:
            wrong += [f"{name}: limit {limit.operation} has no source" for limit in manifest.limits if not limit.source]
        if not callable(getattr(module, "open", None)):
            wrong.append(f"{name}: no open()")
    if wrong:
        raise BadManifest("; ".join(wrong))
    return modules


@cache
def words(kind: str, code: str, language: str) -> Mapping[str, str]:
    """An adapter's own words of one language (flat: key -> sentence), English where a language is unknown.

    `kind`: "marketplaces" or "shops".
    """
    modules = marketplaces() if kind == "marketplaces" else shops()
    folder = files(modules[code]).joinpath("locale")
    file = folder.joinpath(f"{language if language in LANGUAGES else 'en'}.toml")
    return _flat(tomllib.loads(file.read_text(encoding="utf-8")))


def _flat(table: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = str(value)
    return found


def all_words(language: str) -> dict[str, str]:
    """The words of every adapter of one language together (codes of problems and errors)."""
    found: dict[str, str] = {}
    for code in shops():
        found |= words("shops", code, language)
    for code in marketplaces():
        found |= words("marketplaces", code, language)
    return found


def test_shop(code: str) -> ModuleType | None:
    """The real software an adapter brings along to be tried and tested with; None: it brings none."""
    name = f"{shops()[code].__name__}.testshop.shop"
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


def wrong_fields(fields: tuple[Field, ...], values: Mapping[str, str]) -> dict[str, str]:
    """Field name -> what is wrong with its value: `required`, `pattern`, `choice`, `address_wrong`. Empty: all is well."""
    wrong: dict[str, str] = {}
    for field in fields:
        value = values.get(field.name, "").strip()
        if not value:
            if field.required:
                wrong[field.name] = "required"
        elif (len(value) > LONGEST_VALUE and not field.secret) or (
            field.pattern and not re.fullmatch(field.pattern, value)
        ):
            wrong[field.name] = "pattern"
        elif field.choices and value not in field.choices:
            wrong[field.name] = "choice"
        elif field.kind == "url" and not well_formed(value):
            wrong[field.name] = "address_wrong"
    return wrong
