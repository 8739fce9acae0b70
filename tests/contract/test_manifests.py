"""Every adapter found says what it must of itself, in every language."""

import re

import pytest

from forain import plugins
from forain.contracts import marketplace as contract
from forain.contracts.manifest import MarketplaceManifest, ShopManifest
from forain.core.secret import Secret

ADAPTERS = [("marketplaces", code) for code in plugins.marketplaces()] + [("shops", code) for code in plugins.shops()]


def manifest(kind, code):
    return plugins.marketplace_manifest(code) if kind == "marketplaces" else plugins.shop_manifest(code)


@pytest.mark.parametrize(("kind", "code"), ADAPTERS)
def test_every_limit_has_a_source_and_the_day_it_was_read(kind, code):
    for limit in manifest(kind, code).limits:
        assert limit.source, limit.operation
        assert limit.read_on
        assert limit.rate > 0
        assert limit.burst >= 1


@pytest.mark.parametrize(("kind", "code"), ADAPTERS)
def test_every_field_and_code_has_words_in_every_language(kind, code):
    spoken = {language: plugins.words(kind, code, language) for language in plugins.LANGUAGES}
    found = manifest(kind, code)
    fields = (
        (*found.application_fields, *found.account_fields) if isinstance(found, MarketplaceManifest) else found.fields
    )

    assert len({frozenset(words) for words in spoken.values()}) == 1
    for field in fields:
        for words in spoken.values():
            assert words[f"field.{field.name}.label"]
            assert words[f"field.{field.name}.help"]


@pytest.mark.parametrize(("kind", "code"), ADAPTERS)
def test_the_example_of_a_field_fits_its_own_pattern(kind, code):
    found = manifest(kind, code)
    fields = (
        (*found.application_fields, *found.account_fields) if isinstance(found, MarketplaceManifest) else found.fields
    )
    for field in fields:
        if field.pattern and field.example and "..." not in field.example:
            assert re.fullmatch(field.pattern, field.example) or field.secret, field.name


def test_sites_are_told_once_and_belong_to_a_region():
    for code in plugins.marketplaces():
        found = plugins.marketplace_manifest(code)
        assert len({site.site_id for site in found.sites}) == len(found.sites)
        assert {site.region for site in found.sites} == set(found.regions)
        assert len(found.sites) == 23 or code != "amazon"


PROTOCOLS = {
    "authorizer": contract.Authorizer, "offer_writer": contract.OfferWriter,
    "bulk_writer": contract.BulkWriter, "offer_reader": contract.OfferReader,
    "shelf_reader": contract.ShelfReader, "order_reader": contract.OrderReader, "order_counter": contract.OrderCounter, "shipper": contract.Shipper,
    "secret_rotator": contract.SecretRotator, "fee_estimator": contract.FeeEstimator,
}  # fmt: skip


@pytest.mark.parametrize("code", plugins.marketplaces())
def test_a_marketplace_offers_what_its_capabilities_promise(code):
    found = plugins.marketplace_manifest(code)
    told = contract.Credentials(1, "SELLER", found.regions[0], "client", Secret("fake"), None, {})
    adapter = plugins.marketplaces()[code].open(told, None)

    assert found.capabilities <= set(PROTOCOLS)
    for capability in found.capabilities:
        promised = {name for name in vars(PROTOCOLS[capability]) if not name.startswith("_")}
        assert promised
        assert {name for name in promised if callable(getattr(adapter, name, None))} == promised


def test_a_folder_without_a_manifest_is_refused_with_all_that_is_wrong():
    from types import ModuleType

    with pytest.raises(plugins.BadManifest) as refused:
        plugins._checked({"hollow": ModuleType("hollow")}, ShopManifest)

    assert "no MANIFEST" in str(refused.value)
    assert "no open()" in str(refused.value)
