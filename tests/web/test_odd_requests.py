"""Requests no browser of a merchant sends: an answer that says so, never a fault, and nothing changed."""

import hashlib
import io

import pytest

from forain import wiring
from forain.config.wsgi import application
from forain.store import models
from tests.people import come_in

CONSENT = "http://127.0.0.1:1/seller-central/eu"


@pytest.fixture
def merchant(client, transactional_db):
    come_in(client)
    now = wiring.deps().clock.now()
    registered = models.Application.objects.create(marketplace="amazon", kind="public", client_id="c", created_at=now)
    client.account = models.Account.objects.create(
        marketplace="amazon", name="Camille", region="EU", seller="A1SELLERSELLER", application=registered,
        options={"address.consent": CONSENT}, created_at=now,
    )  # fmt: skip
    return client


@pytest.mark.parametrize(
    "path", ["/offers?q=%00", "/orders?q=a%00", "/journal?q=%00", "/orders?after=%00", "/amazon/login?selling_partner_id=%00", "/offers?%00=1"]
)  # fmt: skip
def test_a_nul_in_a_question_is_refused_with_a_sentence(merchant, path):
    answer = merchant.get(path)

    assert answer.status_code == 400
    assert "This request cannot be read" in answer.content.decode()


def test_a_nul_in_an_address_is_no_page(merchant):
    assert merchant.post("/hooks/%00", b"{}", content_type="application/json").status_code == 404
    assert merchant.post(f"/accounts/{merchant.account.pk}/sites/%00", {"answer": "yes"}).status_code == 404


@pytest.mark.parametrize("path", ["/login", "/shops/add", "/accounts/add/amazon", "/language"])
def test_a_nul_in_a_form_is_refused_with_a_sentence(client, merchant, path):
    answer = client.post(path, {"user": "\0", "name": "\0", "kind": "files", "language": "\0", "seller_id": "\0"})

    assert answer.status_code == 400
    assert "Nothing was changed" in answer.content.decode()


@pytest.mark.parametrize("text", ["²", "٣", "9" * 30, "9" * 5000, "-1", "1e5"])
@pytest.mark.parametrize("page", ["offers", "orders", "journal"])
def test_a_key_to_go_on_after_that_is_none_shows_the_beginning(merchant, page, text):
    assert merchant.get(f"/{page}", {"after": text}).status_code == 200


def test_a_kind_of_application_that_is_none_leads_back_to_the_form(merchant):
    assert merchant.post("/accounts/add/amazon", {"kind": "nonsense"})["Location"] == "/accounts/add/amazon"
    assert merchant.get("/accounts/add/amazon").status_code == 200


@pytest.mark.parametrize(
    "address", ["http://[", "box", "ftp://box/", "http://box/\nx-header: 1", "http://box:99999999/", "http:///x"]
)
def test_an_address_that_is_none_is_refused_before_anything_is_kept(merchant, address):
    """Kept, it would have broken the account's page for ever: the page's policy names its host."""
    told = {
        "kind": "public", "region": "EU", "seller_id": "A2OTHERSELLER1", "client_id": "amzn1.application-oa2-client.0123abcd",
        "client_secret": "amzn1.oa2-cs.v1.0123abcdef", "application_id": "amzn1.sp.solution.1", "address.consent": address,
    }  # fmt: skip

    answer = merchant.post("/accounts/add/amazon", told)

    assert answer.status_code == 422
    assert "http://127.0.0.1:8900" in answer.content.decode()
    assert models.Account.objects.count() == 1


def test_an_arrival_with_an_address_that_is_none_is_refused(merchant):
    query = {"amazon_callback_uri": "https://[", "amazon_state": "s", "selling_partner_id": "A1SELLERSELLER"}

    answer = merchant.get("/amazon/login", query, follow=True)

    assert "amazon_callback_uri" in answer.content.decode()
    assert models.Attempt.objects.count() == 0


def raw(client, path, kind, body=b"", length=None, host="127.0.0.1"):
    """The status of a request no client library would send."""

    told = []
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)) if length is None else length, "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(), "HTTP_HOST": host,
    }  # fmt: skip
    list(application(environ, lambda status, headers, *_: told.append(int(status[:3]))))
    return told[0]


@pytest.mark.parametrize("charset", ["rot13", "hex", "unicode_escape", "undefined", "nonsense"])
def test_letters_of_a_form_are_utf_8_whatever_its_sender_names(client, transactional_db, charset):
    assert raw(client, "/login", f"application/x-www-form-urlencoded; charset={charset}", b"user=a") == 403
    assert raw(client, "/login", f"application/x-www-form-urlencoded; charset*={charset}''x", b"user=a") == 403


def test_a_form_that_cannot_be_read_at_no_page_is_no_page(client, transactional_db):
    assert raw(client, "/nothing", "multipart/form-data", b"x") == 404
    assert raw(client, "/nothing", 'multipart/form-data; boundary="\xff"', b"x") == 404
    assert raw(client, "/nothing", "application/x-www-form-urlencoded", b"a=1&" * 1001) == 404
    assert raw(client, "/login", "multipart/form-data", b"x") == 400


def test_a_form_that_cannot_be_read_under_a_wrong_name_is_refused(client, transactional_db):
    assert raw(client, "/hooks/x", "application/x-www-form-urlencoded", b"a=1&" * 1001, host="evil.example") == 400


@pytest.mark.parametrize("length", ["x", "-1", "²", "9" * 30])
def test_a_length_that_is_no_number_is_refused(client, transactional_db, length):
    assert raw(client, "/hooks/x", "application/json", b"{}", length) == 400


LONG = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(80))
"""No index takes it, and a database that compresses cannot help."""


def test_a_name_no_index_takes_is_refused_with_a_sentence(merchant, tmp_path):
    (tmp_path / "catalogue.csv").write_text("sku,title,price,currency,on_hand\nA,A,1.00,EUR,1\n")
    told = {"kind": "private", "region": "EU", "seller_id": "A2OTHERSELLER1", "client_secret": "amzn1.oa2-cs.v1.0123abcdef", "refresh_token": "Atzr|a"}  # fmt: skip
    right = "amzn1.application-oa2-client.1"

    answers = [
        merchant.post("/shops/add", {"kind": "files", "name": LONG, "folder": str(tmp_path)}),
        merchant.post("/accounts/add/amazon", {**told, "client_id": right, "name": LONG}),
        merchant.post("/accounts/add/amazon", {**told, "client_id": right + LONG}),
    ]

    assert [a.status_code for a in answers] == [422, 422, 422]
    assert "At most 200 characters" in answers[0].content.decode()
    assert (models.Shop.objects.count(), models.Account.objects.count()) == (0, 1)


@pytest.mark.parametrize("sku", [LONG, "a\0b"])
def test_an_sku_no_table_takes_is_not_linked(merchant, sku):
    now = wiring.deps().clock.now()
    merchant.account.shop = models.Shop.objects.create(kind="files", name="F", hook_name="h", created_at=now)
    merchant.account.save()
    models.Variant.objects.create(shop=merchant.account.shop, variant="1", sku="A", seen_at=now)
    page = f"/accounts/{merchant.account.pk}/links"

    by_hand = merchant.post(f"{page}/decide", {"sku": sku, "variant": "1", "answer": "yes"}, follow=True)
    file = io.BytesIO(f"marketplace_sku,variant\nGOOD,1\n{sku},1\n".encode())
    by_file = merchant.post(f"{page}/upload", {"file": file}, follow=True)

    assert by_hand.status_code in (200, 400)
    assert "3" in by_file.content.decode().split('class="message error"')[1][:200]
    assert models.Link.objects.count() == 0
