"""Each marketplace's catalogue of refusals is whole: every kind has its cause and its cure in every language, and no others."""

import pytest

from forain import plugins


@pytest.mark.parametrize("language", plugins.LANGUAGES)
@pytest.mark.parametrize("code", plugins.marketplaces())
def test_every_kind_has_cause_and_cure_and_nothing_is_left_over(code, language):
    kinds = set(plugins.marketplace_manifest(code).refusals.kinds.values())
    told = plugins.words("marketplaces", code, language)

    named = {name for name in told if name.startswith("problem.")}

    assert named == {f"problem.{kind}.{part}" for kind in kinds for part in ("cause", "cure")}
    for name in named:
        assert len(told[name].strip()) > 15, name
        assert told[name][-1] in ".?!", name
        assert "{" not in told[name], name


def test_the_languages_say_it_each_in_its_own_words():
    spoken = [plugins.words("marketplaces", "amazon", language) for language in plugins.LANGUAGES]

    for name in spoken[0]:
        if name.startswith("problem."):
            assert len({told[name] for told in spoken}) == len(spoken), name


def test_what_users_most_often_ask_about_is_known():
    refusals = plugins.marketplace_manifest("amazon").refusals

    known = {
        code: refusals.kind(code)
        for code in ("8541", "8542", "8560", "90057", "99001", "6024", "8026", "13013", "90220")
    }

    assert all(known.values()), known
    assert len(refusals.kinds) >= 40


def test_the_code_goes_before_the_category_and_an_unknown_one_is_unknown():
    refusals = plugins.marketplace_manifest("amazon").refusals

    assert refusals.kind("8541", "INVALID_ATTRIBUTE") == "conflict"
    assert refusals.kind("18027", "INVALID_PRICE") == "price"
    assert refusals.kind("18027", "INVALID_IMAGE") == "image"
    assert (refusals.kind("18027"), refusals.kind(""), refusals.kind("x", "y")) == ("", "", "")


def test_addresses_hold_what_is_filled_in_and_lead_to_the_marketplace():
    refusals = plugins.marketplace_manifest("amazon").refusals

    assert refusals.offer_page.format(host="h", sku="s") == "https://h/myinventory/inventory?searchTerm=s"
    assert refusals.code_page.format(host="h", code="8026") == "https://h/gp/errorcode/8026"
    assert refusals.explained <= set(refusals.kinds)
