"""The way to a private application: its steps, its roles, honest answers, and the state "waiting for Amazon"."""

import re
from datetime import timedelta

import pytest

from forain import wiring
from forain.core.ids import AccountId
from forain.store import accounts, models
from forain.web import house, words
from tests.people import add, come_in
from tests.web.test_authorizations_page import FR, connect
from tests.web.test_by_hand import sold
from tests.web.test_what_stands_on_the_pages import Page

LANGUAGES = ("en", "fr", "de")


@pytest.fixture
def merchant(client, transactional_db):
    return come_in(client)


def page(client, address="/register/amazon", language="en"):
    answer = client.get(address, headers={"accept-language": language})
    assert answer.status_code == 200
    return answer.content.decode()


def post(client, address="/register/amazon", **told):
    answer = client.post(address, told, headers={"accept-language": "en"})
    assert answer.status_code == 302
    return page(client, answer["Location"].split("#")[0])


def beside(text, place):
    return text.split(f'id="{place}"')[1].split("</section>")[0]


def today():
    return words.local(wiring.deps().clock.now()).date()


def opened(text):
    """The titles of the steps that stand open."""
    return re.findall(r"<details open>\s*<summary><b>([^<]+)</b>", text)


def account_of(kind="private"):
    account = connect("Amazon Europe", 200, kind=kind)
    now = wiring.deps().clock.now()
    models.AccountSite.objects.create(account=account, site=FR, country="FR", currency="EUR", writes_allowed_at=now)
    return account


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("with_account", [False, True])
def test_the_page_has_one_heading_its_language_a_label_for_each_field_and_no_script(merchant, language, with_account):
    address = f"/accounts/{account_of().pk}/register" if with_account else "/register/amazon"

    text = page(merchant, address, language)

    shown = Page(text)
    assert shown.headings == 1
    assert shown.unlabelled == []
    assert f'<html lang="{language}">' in text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\bsrc=)", text)
    assert re.findall(r"\b(?:register|standing|house|step|role|question)\.[a-z_]+", shown.text) == []


@pytest.mark.parametrize(
    ("language", "host", "name"),
    [("en", "sellercentral-europe.amazon.com", "Apps and Services > Develop Apps"),
     ("fr", "sellercentral-europe.amazon.com", "Applications et services > Développer des applications"),
     ("de", "sellercentral-europe.amazon.com", "Apps und Services > Apps entwickeln")],
)  # fmt: skip
def test_each_step_leads_to_the_page_itself_by_its_local_and_its_english_name(merchant, language, host, name):
    text = page(merchant, language=language)

    assert f'href="https://{host}/sellingpartner/developerconsole"' in text
    assert 'href="https://solutionproviderportal.amazon.com/"' in text
    assert f'href="https://{host}/sw/AccountInfo/MerchantToken/step/MerchantToken"' in text
    assert name.replace(">", "&gt;") in text
    assert "Apps and Services &gt; Develop Apps" in text


def test_the_chosen_country_opens_its_own_seller_central(merchant):
    text = post(merchant, what="choose", site="A1C3SOZRARQ6R3")

    assert 'href="https://sellercentral.amazon.pl/sellingpartner/developerconsole"' in text
    assert '<option value="A1C3SOZRARQ6R3" selected>' in text


def test_what_was_ticked_is_remembered_and_the_next_open_step_stands_open(merchant):
    assert opened(page(merchant)) == ["Professional plan, primary user"]

    post(merchant, what="step", step="plan", answer="yes")
    text = post(merchant, what="step", step="profile", answer="yes")

    assert opened(text) == ["Ask for all roles at once"]
    assert "2 / 7" in text
    assert "camille said so on" in text
    assert opened(post(merchant, what="step", step="plan", answer="no")) == ["Professional plan, primary user"]


def test_asking_for_the_roles_is_noted_with_its_day_and_shown_as_waiting(merchant):
    day = today() - timedelta(days=12)

    text = post(merchant, what="roles", role=["listing", "orders", "addresses"], said="asked", day=day.isoformat())

    waiting = beside(text, "waiting")
    assert waiting.count("12\N{NO-BREAK SPACE}days ago") == 3
    assert "5 to 10 working days" in waiting
    assert "Noted." in text
    assert models.Registration.objects.get().roles["addresses"] == {
        "said": "asked",
        "day": day.isoformat(),
        "by": "camille",
    }
    journal = Page(page(merchant, "/journal")).text
    assert journal.count("camille asked Amazon for the role") == 3


@pytest.mark.parametrize(("language", "ends"), [("en", "ago"), ("fr", "il y a"), ("de", "vor")])
def test_on_the_day_itself_no_days_are_counted(merchant, language, ends):
    post(merchant, what="roles", role=["addresses"], said="asked")

    line = re.findall(r"<li>([^<]+)</li>", beside(page(merchant, language=language), "waiting"))[0]

    assert "Direct-to-Consumer Shipping" in line
    assert ends not in line
    assert not re.search(r"(?<!\d)0\N{NO-BREAK SPACE}", line)
    assert line.endswith(f"{words.plain_day(language, today())}{' beantragt' if language == 'de' else ''}.")


def test_only_whoever_has_stock_at_amazon_is_told_to_ask_for_its_role(merchant):
    assert "Amazon Fulfillment" not in page(merchant)

    assert "Amazon Fulfillment" in post(merchant, what="choose", site=FR, ships="yes")
    assert "Amazon Fulfillment" not in post(merchant, what="choose", site=FR)


def test_a_role_whose_end_would_not_be_noticed_worked_when_it_was_last_seen(merchant):
    account = account_of()
    models.Account.objects.update(selling_plan="PROFESSIONAL", orders_imported_at=wiring.deps().clock.now())

    roles = beside(page(merchant, f"/accounts/{account.pk}/register"), "roles")

    pills = dict(
        re.findall(r'<b lang="en">([^<]+)</b>.*?<span class="pill (?:works|open|asked)">([^<]+)</span>', roles, re.S)
    )
    assert pills["Selling Partner Insights"] == "worked when last seen"
    assert pills["Inventory and Order Tracking"] == "works"


def test_restricted_roles_are_marked(merchant):
    roles = beside(page(merchant), "roles")

    marked = re.findall(
        r"<b lang=\"en\">([^<]+)</b>(?:\s*<small[^>]*>[^<]*</small>)? <span class=\"pill\">restricted", roles
    )
    assert marked == ["Direct-to-Consumer Shipping", "Tax Invoicing"]


@pytest.mark.parametrize(
    ("told", "place", "words_of"),
    [
        ({"what": "step", "step": "nonsense", "answer": "yes"}, "steps", "There is no such step"),
        ({"what": "step", "step": "proven", "answer": "yes"}, "steps", "Forain sees this step by itself"),
        ({"what": "roles", "role": ["nonsense"], "said": "asked"}, "roles", "There is no role nonsense here"),
        ({"what": "roles", "said": "asked"}, "roles", "Tick at least one role"),
        ({"what": "roles", "role": ["tax"], "said": "nonsense"}, "roles", "Choose"),
        ({"what": "roles", "role": ["tax"], "said": "asked", "day": "2999-01-01"}, "roles", "This day has not come yet"),
        ({"what": "roles", "role": ["tax"], "said": "asked", "day": "0001-01-01"}, "roles", "more than three years ago"),
        ({"what": "roles", "role": ["tax"], "said": "asked", "day": "31/12/2026"}, "roles", "Choose a day"),
        ({"what": "choose", "site": "NONSENSE"}, "choose", "There is no such country"),
        ({"what": "nonsense"}, "steps", "Choose"),
        ({}, "steps", "Choose"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_where_it_is_and_nothing_is_kept(merchant, told, place, words_of):
    text = post(merchant, **told)

    assert words_of in beside(text, place).split('role="alert"')[1].split("</p>")[0]
    assert text.count('role="alert"') == 1
    assert not models.Registration.objects.exclude(steps={}, roles={}, site="").exists()
    assert models.Journal.objects.count() == 0


@pytest.mark.parametrize("address", ["/register/nonsense", "/register/amazon_mws", "/accounts/9/register"])
def test_what_has_no_such_way_is_not_found(merchant, address):
    assert merchant.get(address).status_code == 404
    assert merchant.post(address, {"what": "step", "step": "plan", "answer": "yes"}).status_code == 404


def test_a_public_application_has_its_own_page(merchant):
    account = account_of("public")

    assert merchant.get(f"/accounts/{account.pk}/register")["Location"] == f"/accounts/{account.pk}"
    assert "/register" not in page(merchant, f"/accounts/{account.pk}")


@pytest.mark.parametrize("role", ["operator", "owner"])
def test_who_decides_may_tick_and_only_an_owner_is_led_to_the_secrets(client, transactional_db, role):
    come_in(client, "somebody", role)

    text = post(client, what="step", step="plan", answer="yes")

    assert models.Registration.objects.get().steps["plan"]["by"] == "somebody"
    assert ('href="/accounts/add/amazon"' in text) == (role == "owner")


@pytest.mark.parametrize("role", ["reader", "accountant"])
def test_who_only_reads_is_not_led_there(client, transactional_db, role):
    account = account_of()
    come_in(client, "somebody", role)

    assert client.get("/register/amazon").status_code == 403
    assert (
        client.post(
            f"/accounts/{account.pk}/register", {"what": "step", "step": "answers", "answer": "yes"}
        ).status_code
        == 403
    )
    assert not models.Registration.objects.exists()
    if role == "reader":
        assert "/register" not in page(client, f"/accounts/{account.pk}")


def test_connecting_leads_to_the_way_and_the_account_too(merchant):
    account = account_of()

    assert 'href="/register/amazon"' in page(merchant, "/accounts/add/amazon")
    assert f'href="/accounts/{account.pk}/register"' in page(merchant, f"/accounts/{account.pk}")


def test_an_account_of_a_box_leads_nowhere_and_says_so(merchant):
    account = account_of()
    models.Account.objects.update(options={"address.consent": "http://127.0.0.1:8788/seller-central/eu"})

    text = page(merchant, f"/accounts/{account.pk}/register")

    assert "sellercentral" not in text
    assert "solutionproviderportal" not in text
    assert "simulated Amazon" in text


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "order waits for its address and is not in your shop"), ("fr", "commande attend son adresse et n'est pas en boutique"),
     ("de", "Bestellung wartet auf ihre Anschrift und ist nicht im Shop")],
)  # fmt: skip
def test_the_overview_and_the_account_say_that_orders_wait_instead_of_all_is_well(merchant, language, said):
    account = account_of()
    sold(account, 1)
    models.Order.objects.update(hold_reason="address_missing")

    for address in ("/", f"/accounts/{account.pk}"):
        text = re.search(r'<p class="sync waits">([^<]+)</p>', page(merchant, address, language))
        assert text is not None
        assert text[1].replace("&#x27;", "'").endswith(said + ".")


def test_the_overview_names_the_role_without_which_orders_are_not_read(merchant):
    account = account_of()
    now, role = wiring.deps().clock.now(), "Inventory and Order Tracking"
    accounts.deny_operation(AccountId(account.pk), "searchOrders", role, "import_orders", now)

    for address in ("/", f"/accounts/{account.pk}"):
        assert "Orders are not read: the role Inventory and Order Tracking is missing." in page(merchant, address)


def answers(text, code):
    part = text.split(f'id="question-{code}"')[1].split("</details>")[0]
    return [re.sub(r"\s+", " ", one) for one in re.findall(r'<blockquote class="copy" lang="en">([^<]+)<', part)], part


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answers_to_copy_are_english_and_about_this_installation(merchant, language):
    models.Shop.objects.create(
        kind="files", name="Le Marché", options={"folder": "/srv"}, hook_name="h", created_at=wiring.deps().clock.now()
    )
    add("paul", "operator")

    text = page(merchant, language=language).replace("&#x27;", "'").replace("\N{NO-BREAK SPACE}", " ")

    assert "our own web shop (Le Marché)" in answers(text, "outside")[0][0]
    people, part = answers(text, "people")
    assert people[0].startswith("2 people have access")
    assert "1 owner, 1 operator, 0 accountant, 0 reader" in people[0]
    assert "1 of 2 have set it up" in people[1]
    assert "30 days after the order was shipped or cancelled" in answers(text, "policy")[0][0]
    at_rest, part = answers(text, "at_rest")
    assert "AES-128" in at_rest[0]
    assert "plain files" in at_rest[1]
    assert words.say(language, "standing.no") in part
    assert answers(text, "backups")[0] == ["The software makes no backups of its own."]
    assert answers(text, "incidents")[0] == []
    assert words.say(language, "house.incidents_todo")[:40] in answers(text, "incidents")[1]


def test_a_page_in_plain_over_the_network_is_no_good_answer(merchant, monkeypatch):
    deps = wiring.build(wiring.deps().clock, wiring.deps().vault, "http://forain.example:8787")
    monkeypatch.setattr(wiring, "deps", lambda: deps)

    told, part = answers(page(merchant), "network")

    assert "http://forain.example:8787 without encryption" in told[0]
    assert 'class="pill no"' in part
    assert "FORAIN_PUBLIC_URL" in part


def facts(monkeypatch, settings, hosts, url="http://127.0.0.1:8787"):
    deps = wiring.build(wiring.deps().clock, wiring.deps().vault, url)
    monkeypatch.setattr(wiring, "deps", lambda: deps)
    # The pages of a test are asked by the name "testserver".
    settings.ALLOWED_HOSTS = hosts
    return house.house()


@pytest.mark.parametrize(
    ("hosts", "url", "reach"),
    [
        (["127.0.0.1", "localhost", "[::1]"], "http://127.0.0.1:8787", "loopback"),
        (["127.0.0.1", "shop.example"], "http://127.0.0.1:8787", "named"), (["*"], "http://localhost:8787", "named"),
        (["shop.example"], "https://shop.example", "https"), (["shop.example"], "http://shop.example", "http"),
    ],
)  # fmt: skip
def test_pages_that_answer_to_a_name_are_not_said_to_be_out_of_reach(
    merchant, monkeypatch, settings, hosts, url, reach
):
    assert facts(monkeypatch, settings, hosts, url).reach == reach


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_without_an_address_is_the_merchants_to_explain(merchant, monkeypatch, settings, language):
    facts(monkeypatch, settings, ["127.0.0.1", "testserver"])

    text = page(merchant, language=language)

    told, part = answers(text, "network")
    assert told[0] == "The pages answer to testserver. Nothing opens without a login."
    assert "cannot be reached from the network" not in text
    assert "FORAIN_PUBLIC_URL" in part
    assert 'class="pill you"' in part
    assert "FORAIN_PUBLIC_URL" in answers(text, "transit")[1]


def test_keys_that_come_from_the_environment_are_not_said_to_lie_in_a_file(merchant, monkeypatch, settings):
    assert "in a file that only the software" in answers(page(merchant), "at_rest")[0][0]

    monkeypatch.setattr(settings.VAULT_KEYS, "in_file", False)
    told, part = answers(page(merchant), "at_rest")

    assert "in a file" not in told[0]
    assert "in the environment the software is started with" in told[0]
    assert "FORAIN_VAULT_KEYS" in part


def test_what_only_the_merchant_knows_is_not_said_for_them(merchant):
    text = page(merchant).replace("&#x27;", "'")

    use, part = answers(text, "why_pii")
    assert "phone number and mail address" in use[0]
    assert "a machine of our own" not in use[0]
    assert 'class="pill you"' in part
    sources, part = answers(text, "sources")
    assert sources == [
        "Forain reads Amazon information through the Selling Partner API, authorized for our own seller account."
    ]
    assert "Seller Central" in part
    assert 'class="pill partly"' in part
    testing, part = answers(text, "testing")
    assert testing == ["The software is tested with invented buyers and a simulated Amazon."]
    assert 'class="pill partly"' in part


def test_an_account_of_the_retired_interface_is_named_among_the_sources(merchant):
    connect("Old books", 200, kind="mws")
    models.Account.objects.update(marketplace="amazon_mws")

    assert answers(page(merchant), "sources")[0][0].endswith("and through the older interface MWS (Old books).")


@pytest.mark.parametrize(
    ("database", "kind"),
    [
        ({"HOST": "/tmp/forain-0-abc"}, ("private", "")), ({"HOST": "/var/run/postgresql"}, ("local", "")),
        ({"HOST": "localhost"}, ("local", "")), ({"HOST": ""}, ("local", "")),
        ({"HOST": "db.example", "OPTIONS": {"sslmode": "verify-full"}}, ("tls", "db.example")),
        ({"HOST": "db.example", "OPTIONS": {"sslmode": "prefer"}}, ("plain", "db.example")),
        ({"HOST": "db.example"}, ("plain", "db.example")),
    ],
)  # fmt: skip
def test_where_the_database_is(monkeypatch, settings, database, kind):
    monkeypatch.setitem(settings.DATABASES, "default", database)

    assert house._database() == kind


def test_a_shop_reached_in_plain_is_named(merchant):
    now = wiring.deps().clock.now()
    for name, url in (
        ("Safe", "https://a.example/x"),
        ("Plain", "http://b.example/x"),
        ("Here", "http://127.0.0.1:3000/x"),
    ):
        models.Shop.objects.create(kind="vendure", name=name, options={"url": url}, hook_name=name, created_at=now)

    told, _ = answers(page(merchant), "transit")

    assert told[-1] == "The connection to our web shop (Plain) is not encrypted."
