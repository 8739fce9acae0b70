"""The way to an application of one's own, as an adapter tells it: complete, in every language, and no role without a name."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from forain import plugins
from forain.contracts.net import Response
from forain.core import errors, house
from forain.marketplaces.amazon import MANIFEST
from forain.marketplaces.amazon import errors as amazon_errors
from forain.web import words
from forain_box.spapi.gate import OPERATIONS as BOX
from tests.core.test_house import GOOD

WAYS = [code for code in plugins.marketplaces() if plugins.marketplace_manifest(code).registration.steps]
OF_NO_ROLE = {
    "token": "the login",
    "reportFile": "the storage",
    "feedFile": "the storage",
    "getMarketplaceParticipations": "the probe: its refusal is the account's",
    "rotateApplicationClientSecret": "of the application, without an account's grant",
}
DENIED = b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
USED = sorted(limit.operation for limit in MANIFEST.limits if limit.operation not in OF_NO_ROLE)


def test_amazon_has_a_way_and_the_retired_interface_has_none():
    assert WAYS == ["amazon"]


@pytest.mark.parametrize("code", WAYS)
def test_steps_roles_pages_and_questions_hang_together_and_have_words_in_every_language(code):
    manifest = plugins.marketplace_manifest(code)
    told = manifest.registration
    fields = {field.name for field in (*manifest.application_fields, *manifest.account_fields)}

    assert told.kind in {kind.code for kind in manifest.application_kinds}
    assert told.page(told.orders) is not None
    for step in told.steps:
        assert all(told.page(page) for page in step.pages), step.code
        assert {field for field, _ in step.copies} <= fields, step.code
        assert step.seen_by or not step.only_seen, step.code
    for question in told.questions:
        assert set(question.answers) <= house.CODES, question.code
    assert {answer for question in told.questions for answer in question.answers} == house.CODES
    keys = [f"step.{step.code}.{part}" for step in told.steps for part in ("title", "text")]
    keys += [f"role.{role.code}" for role in told.roles] + [f"question.{question.code}" for question in told.questions]
    for language in plugins.LANGUAGES:
        assert [key for key in keys if not plugins.words("marketplaces", code, language).get(key)] == []


@pytest.mark.parametrize("code", WAYS)
def test_every_page_has_an_address_on_each_site_and_an_english_name(code):
    manifest = plugins.marketplace_manifest(code)
    for page in manifest.registration.pages:
        assert page.names["en"]
        assert set(page.names) <= set(plugins.LANGUAGES)
        for site in manifest.sites:
            assert re.fullmatch(r"https://[a-z.-]+(/[\w./-]*)?", page.address.replace("{host}", site.consent_host))


def test_the_roles_of_the_requirement_are_there_and_the_restricted_ones_are_marked():
    roles = {role.name: role for role in MANIFEST.registration.roles}

    assert set(roles) >= {"Product Listing", "Pricing", "Inventory and Order Tracking", "Direct-to-Consumer Shipping", "Tax Invoicing"}  # fmt: skip
    assert {name for name, role in roles.items() if role.restricted} == {"Direct-to-Consumer Shipping", "Tax Invoicing"}
    assert {name for name, role in roles.items() if role.marketplace_ships} == {"Amazon Fulfillment"}


def test_every_operation_the_adapter_calls_is_in_the_manifest():
    folder = Path(amazon_errors.__file__).parent
    called = {name for file in folder.glob("*.py") for name in re.findall(r'Request\(\s*(?:operation=)?"(\w+)"', file.read_text())}  # fmt: skip
    asked = {name for file in folder.glob("*.py") for name in re.findall(r'of_api\(\w+, "(\w+)"', file.read_text())}

    assert len(called | asked) > 8
    assert called | asked <= {limit.operation for limit in MANIFEST.limits}


@pytest.mark.parametrize("operation", USED)
def test_a_denied_operation_names_its_role_and_the_box_asks_for_the_same(operation):
    role = next(role for role in MANIFEST.registration.roles if operation in role.operations)

    error = amazon_errors.of_api(Response(403, {}, DENIED), operation)

    assert isinstance(error, errors.Denied)
    assert (error.operation, error.role) == (operation, role.name)
    assert role.name in next(one for one in BOX if one.name == operation).roles
    for language in words.LANGUAGES:
        told = {"operation": operation, "role": role.name, "date": "2026-03-01"}
        for cause in ("", "asked", "refused", "granted"):
            assert role.name in words.tell(language, "issue.role_missing", {**told, "cause": cause})


def test_every_operation_of_a_role_is_called():
    assert sorted(operation for role in MANIFEST.registration.roles for operation in role.operations) == USED


HOUSES = [
    GOOD,
    replace(GOOD, reach="http", database="plain", database_host="db", folders=("F",), plain_shops=("P",), alarms=False, factors=0, reviewed=False, shops=()),
    replace(GOOD, reach="loopback", database="local"),
    replace(GOOD, database="tls", database_host="db"),
    replace(GOOD, reach="named", hosts=("s.example",), keys_in_file=False, retired=("Old",)),
]  # fmt: skip


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("code", sorted(house.CODES))
def test_every_answer_has_words_and_what_is_not_a_yes_says_what_to_do(code, language):
    for facts in HOUSES:
        if (told := house.answer(code, facts)) is None:
            continue
        key = f"house.{told.words}"
        assert words.has(key) or told.standing == "you", key
        if told.standing != "yes":
            assert words.has(f"{key}_todo"), key
        for known in (key, f"{key}_todo"):
            if words.has(known):
                assert "{" not in words.say(language, known, told.values)
