"""Seller Central: the consent as a seller meets it, the old page's path word by word, and the lists."""

import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from forain_box import small_world
from tests.box.client import FORM, FR, US, Client

HOST = {"host": "127.0.0.1:8900"}
CENTRAL = "/seller-central/eu"


class Seller(Client):
    """Keeps Seller Central's cookie, as a browser does."""

    cookie = ""

    def visit(self, path, form=None, **query):
        address = f"/seller-central/{self.region}/{path}?{urlencode(query)}"
        headers = {**HOST, "cookie": self.cookie, **(FORM if form is not None else {})}
        answer = self.ask("GET" if form is None else "POST", address, urlencode(form or {}).encode(), headers)
        self.cookie = answer.headers.get("set-cookie", self.cookie).partition(";")[0]
        return answer

    def sign_in(self, user="primary"):
        return self.visit("home", seller_id="SELLER1", user=user)

    def consent(self, form=None, **changes):
        asked = {"application_id": self.application["application_id"], "state": "s", "redirect_uri": "http://me/cb"}
        return self.visit("apps/authorize/consent", form, **(asked | changes))


@pytest.fixture
def seller():
    return Seller()


def text(answer):
    return re.sub(r"<[^>]+>", " ", answer.body.decode())


def test_who_is_signed_in_is_remembered(seller):
    assert "Who are you" in text(seller.visit("orders"))
    seller.sign_in()

    assert "Orders" in text(seller.visit("orders"))


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("fr", ["Paramètres", "Permissions utilisateur", "Consulter Gérer vos applications", "Autoriser un nouveau développeur",
                "Nom de l'application", "Numéro de compte du développeur d'application"]),
        ("de", ["Einstellungen", "Benutzerberechtigungen", "Anwendungen verwalten", "Neuen Entwickler autorisieren",
                "Name der Anwendung", "Kontonummer des Anwendungsentwicklers"]),
        ("en", ["Settings", "User Permissions", "Visit Manage Your Apps", "Authorize new developer", "Application name",
                "Application developer account number"]),
    ],
)  # fmt: skip
def test_the_path_of_the_old_page_reads_word_by_word(seller, lang, words):
    seller.sign_in()

    pages = [
        seller.visit(path, lang=lang)
        for path in ("home", "user-permissions", "apps/manage", "user-permissions/new-developer")
    ]

    read = " ".join(text(page) for page in pages).replace("&#x27;", "'")
    assert [word for word in words if word not in read] == []


def test_the_language_is_kept_from_page_to_page(seller):
    seller.sign_in()
    seller.visit("home", lang="fr")
    for path in ("user-permissions", "apps/manage", "user-permissions/new-developer", "home"):
        assert '<html lang="fr">' in seller.visit(path).body.decode()
    assert '<html lang="de">' in seller.visit("mail", lang="de").body.decode()
    assert "Paramètres" not in text(seller.visit("home"))


def test_another_language_is_the_same_page(seller):
    seller.sign_in()
    links = re.findall(r'href="(\?[^"]*lang=fr[^"]*)"', seller.consent().body.decode())
    page = seller.ask(
        "GET", f"{CENTRAL}/apps/authorize/consent{unescape(links[0])}", b"", {**HOST, "cookie": seller.cookie}
    )

    assert page.status == 200
    assert "Autoriser A" in text(page)


def test_the_field_has_its_own_name_for_the_united_states():
    seller = Seller(region="na", sites=(US,))
    seller.sign_in()

    assert "Nom de la demande" in text(seller.visit("user-permissions/new-developer", lang="fr"))


def test_a_developer_is_authorized_and_the_three_values_are_there_to_copy(seller):
    seller.control(
        "POST", "mws-developers", {"name": "magnalister", "developer_number": "4141-0616-7444", "region": "eu"}
    )
    seller.sign_in()
    form = {"application_name": "Magnalister", "developer_number": "414106167444"}

    assert "agree" in text(seller.visit("user-permissions/new-developer", form))
    page = text(seller.visit("user-permissions/new-developer", form | {"agreed": "yes"}))

    assert all(value in page for value in ("SELLER1", FR, "amzn.mws."))
    assert "amzn.mws." in text(seller.visit("apps/manage"))


@pytest.mark.parametrize(
    "form",
    [{}, {"application_name": "magnalister", "developer_number": "1"}, {"application_name": "other", "developer_number": "4141-0616-7444"},
     {"application_name": "magnalister", "developer_number": "8260-4311-6738"}],
)  # fmt: skip
def test_a_wrong_name_or_number_is_said_and_authorizes_nobody(seller, form):
    small_world.furnish(seller.box.world)
    seller.sign_in()

    answer = seller.visit("user-permissions/new-developer", form | {"agreed": "yes"})

    assert answer.status == 400
    assert seller.box.world.state.mws_tokens == []


def test_a_token_is_deactivated_renewed_and_deleted_by_its_buttons(seller):
    seller.control("POST", "mws-developers", {"name": "m", "developer_number": "4141-0616-7444"})
    seller.control(
        "POST", "sellers/SELLER1/mws-authorize", {"application_name": "m", "developer_number": "4141-0616-7444"}
    )
    seller.sign_in()
    (token,) = seller.box.world.state.mws_tokens

    for action, standing in (("deactivate", "inactive"), ("renew", "active"), ("delete", "deleted")):
        seller.visit("apps/manage", {"action": action, "developer_number": "4141-0616-7444"})
        assert token.standing == standing


def test_only_the_primary_user_may_authorize(seller):
    seller.sign_in("secondary")

    assert "SPDC8143" in text(seller.consent())
    assert seller.consent({"decision": "confirm"}).status == 400
    assert seller.box.world.state.codes == {}


def test_an_unlisted_application_may_have_twenty_five_sellers(seller):
    for n in range(25):
        seller.control("POST", "sellers", {"seller_id": f"S{n}", "region": "eu", "marketplace_ids": [FR]})
        answer = seller.consent({"decision": "confirm"}, seller_id=f"S{n}")
        code = parse_qs(urlsplit(answer.headers["location"]).query)["spapi_oauth_code"][0]
        assert seller.login(grant_type="authorization_code", code=code, redirect_uri="http://me/cb")[0] == 200

    assert "CONSENT_LIMIT_REACHED" in text(seller.consent(seller_id="SELLER1"))


def test_cancel_calls_nobody_back(seller):
    seller.sign_in()
    answer = seller.consent({"decision": "cancel"})

    assert (answer.status, answer.headers.get("location")) == (200, None)
    assert seller.box.world.state.codes == {}


def test_after_the_end_the_seller_enables_it_without_the_applications_login(seller):
    seller.advance(366 * 86400)
    seller.sign_in()
    name = seller.application["application_id"]
    assert "Enable" in text(seller.visit("apps/manage"))

    away = seller.visit("apps/manage", {"action": "enable", "application_id": name})
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    back = seller.visit("apps/authorize/consent", {"decision": "confirm"}, **{k: v[0] for k, v in asked.items()})

    query = parse_qs(urlsplit(back.headers["location"]).query)
    assert "state" not in query
    assert (
        seller.login(grant_type="authorization_code", code=query["spapi_oauth_code"][0], redirect_uri="http://me/cb")[0]
        == 200
    )


def test_what_ends_soon_is_shown_at_home_and_among_the_applications(seller):
    seller.advance(340 * 86400)
    seller.sign_in()

    assert "2027-03-01" in text(seller.visit("home"))
    assert "expires soon" in text(seller.visit("apps/manage"))
    assert "Renew your authorization" in text(seller.visit("mail"))


def test_orders_and_inventory_show_the_chosen_site(seller):
    order = seller.buy()[1]["order_id"]
    seller.sign_in()

    assert order in text(seller.visit("orders"))
    assert "SOAP" in text(seller.visit("inventory"))


def test_names_with_markup_are_shown_as_text(seller):
    seller.control(
        "POST", "sellers", {"seller_id": "S9", "name": "<script>x</script>", "region": "eu", "marketplace_ids": [FR]}
    )

    assert b"<script>" not in seller.visit("home", seller_id="S9").body
