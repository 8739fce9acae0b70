"""Links and bundles through the pages: by hand, and as CSV, out and in."""

import csv
import io
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from forain import wiring
from forain.core.bundles import part_line
from forain.store import models
from tests.people import come_in


@pytest.fixture
def merchant(client, transactional_db):
    come_in(client)
    return client


@pytest.fixture
def account(transactional_db):
    now = wiring.deps().clock.now()
    shop = models.Shop.objects.create(kind="files", name="S", hook_name="h", created_at=now)
    for variant in ("v1", "v2"):
        models.Variant.objects.create(shop=shop, variant=variant, sku=variant.upper(), seen_at=now)
    application = models.Application.objects.create(marketplace="amazon", kind="private", client_id="c", created_at=now)
    return models.Account.objects.create(
        marketplace="amazon", name="A", region="EU", seller="S", application=application, shop=shop, created_at=now
    )


def upload(merchant, account, content):
    file = SimpleUploadedFile("links.csv", content, "text/csv")
    return merchant.post(f"/accounts/{account.pk}/links/upload", {"file": file}, follow=True).content.decode()


def links():
    return set(models.Link.objects.filter(refused=False).values_list("sku", "variant"))


def test_what_goes_out_comes_in_again_as_it_was(merchant, account):
    upload(merchant, account, b"marketplace_sku,variant\r\nX,v1\r\n=1+1,v2\r\n")
    kept = links()
    written = b"".join(merchant.get(f"/accounts/{account.pk}/links.csv").streaming_content)
    models.Link.objects.all().delete()

    page = upload(merchant, account, written)

    assert kept == links() == {("X", "v1"), ("=1+1", "v2")}
    assert "2 SKUs taken from the file" in page.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"marketplace_sku,variant\nX,v1\nX,v2\n", "Line 3: X stands in several lines. If it is a bundle, say in each"),
        (b"marketplace_sku,variant\nX,v1\nY,v9\n", "Line 3: there is no article “v9” in the shop. Copy its id"),
        (b"marketplace_sku,variant\n" + b"X,v1\n" * (1024 * 1024 + 1), "Line 1: &gt; 5 MB"),
    ],
)
def test_a_wrong_line_or_a_file_too_large_is_named_and_nothing_is_changed(merchant, account, content, said):
    page = upload(merchant, account, content)

    assert said in page
    assert "Nothing was changed" in page
    assert links() == set()


ODD = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "|calc", "%x", "＝1", "'=1", "''=1", "'plain", "''", " =1", "A ",
    "'A ", " ", "a,b", 'a"b', "a;b", "two\nlines", "-", "=cmd|'/C calc'!A0", '=HYPERLINK("http://x";"y")',
]  # fmt: skip


def test_no_cell_that_goes_out_is_run_by_a_spreadsheet_and_each_comes_in_again_as_it_was(merchant, account):
    now = wiring.deps().clock.now()
    for number, text in enumerate(ODD):
        models.Variant.objects.create(shop=account.shop, variant=text, sku=f"O{number}", seen_at=now)
        models.Link.objects.create(
            account=account, sku=text, variant=text, how="person", proposed_at=now, decided_at=now
        )
    kept = links()
    written = b"".join(merchant.get(f"/accounts/{account.pk}/links.csv").streaming_content)
    models.Link.objects.all().delete()

    upload(merchant, account, written)

    cells = [cell for row in csv.reader(io.StringIO(written.decode(), newline="")) for cell in row]
    assert [cell for cell in cells if cell.lstrip()[:1] in tuple("=+-@|%＝＋－＠")] == []
    assert kept == links() == {(text, text) for text in ODD}


def test_only_these_files_write_csv():
    """Whoever writes another one must think of formulas too."""
    source = Path(wiring.__file__).parent
    writing = {
        file.name
        for file in source.rglob("*.py")
        if re.search(r"csv\.(Dict)?[wW]riter|text/csv|as_csv", file.read_text())
    }

    # sample_shop.py is the demo's merchant: invented articles, read by our own folder shop. poll_rates.py only reads them.
    assert writing == {
        "connect.py",
        "csv_files.py",
        "downloads.py",
        "links.py",
        "poll_rates.py",
        "refused_offers.py",
        "rules.py",
        "sample_shop.py",
    }


def bundles():
    return {row.sku: [(part.variant, part.need) for part in row.parts.all()] for row in models.Bundle.objects.all()}


def say(merchant, account, sku, *parts):
    told = {"sku": sku, "variant": [variant for variant, _ in parts], "need": [need for _, need in parts]}
    return merchant.post(f"/accounts/{account.pk}/links/bundle", told, follow=True)


def test_a_bundle_is_said_shown_and_dissolved(merchant, account):
    page = say(merchant, account, "SET", ("v1", "2"), ("", ""), ("v2", "1")).content.decode()

    assert bundles() == {"SET": [("v1", 2), ("v2", 1)]}
    assert "SET is a bundle now." in page
    assert "2 × v1" in page

    merchant.post(f"/accounts/{account.pk}/links/dissolve", {"sku": "SET"})
    assert bundles() == {}
    codes = models.Journal.objects.filter(subject="SET").order_by("pk").values_list("code", flat=True)
    assert list(codes) == ["bundle_said", "bundle_dissolved"]


@pytest.mark.parametrize(
    ("sku", "parts", "said"),
    [
        ("SET", [("v1", "0"), ("v2", "1")], "Article 1, v1: the pieces are a whole number from 1 to 10000"),
        ("SET", [("v1", "1"), ("v1", "2")], "Article 2, v1: it stands there twice"),
        ("SET", [("v1", "1"), ("v9", "2")], "Article 2: there is no article “v9” in the shop"),
        ("SET", [("v1", "1")], "One piece of v1 is no bundle. Link the SKU"),
        ("SET", [("", "2")], "A bundle needs an article"),
        ("LINKED", [("v1", "2")], "LINKED = v1: this SKU is linked already. Unlink it first"),
        ("", [("v1", "2")], "Please fill this in."),
        ("S" * 201, [("v1", "2")], ""),
    ],
)
def test_what_is_no_bundle_is_named_and_what_was_typed_stays(merchant, account, sku, parts, said):
    now = wiring.deps().clock.now()
    models.Link.objects.create(
        account=account, sku="LINKED", variant="v1", how="person", proposed_at=now, decided_at=now
    )

    answer = say(merchant, account, sku, *parts)

    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert f'name="sku" value="{sku}"' in answer.content.decode()
    assert all(f'value="{variant}"' in answer.content.decode() for variant, _ in parts)
    assert bundles() == {}


def test_a_bundle_is_not_linked_by_hand_before_it_is_dissolved(merchant, account):
    say(merchant, account, "SET", ("v1", "2"))

    told = {"sku": "SET", "variant": "v1", "answer": "yes"}
    page = merchant.post(f"/accounts/{account.pk}/links/decide", told, follow=True).content.decode()

    assert "SET is a bundle. Dissolve it first" in page
    assert links() == set()


def test_a_file_of_bundles_goes_out_and_comes_in_again_and_a_wrong_line_is_named(merchant, account):
    head = b"marketplace_sku,variant,need\r\n"
    upload(merchant, account, head + b"X,v1,\r\nSET,v1,2\r\nSET,v2,1\r\n")
    kept = links(), bundles()
    written = b"".join(merchant.get(f"/accounts/{account.pk}/links.csv").streaming_content)
    models.Bundle.objects.all().delete()
    models.Link.objects.all().delete()

    page = upload(merchant, account, written)
    assert (links(), bundles()) == kept == ({("X", "v1")}, {"SET": [("v1", 2), ("v2", 1)]})
    assert "2 SKUs taken from the file" in page.replace("\N{NO-BREAK SPACE}", " ")

    page = upload(merchant, account, head + b"SET,v1,2\r\nSET,v2,none\r\n")
    assert "Line 3: v2: the pieces are a whole number from 1 to 10000." in page
    assert "Nothing was changed" in page
    assert bundles() == kept[1]


def test_who_may_only_look_sees_bundles_and_no_form(client, account, transactional_db):
    now = wiring.deps().clock.now()
    row = models.Bundle.objects.create(account=account, sku="SET", how="file", said_at=now)
    models.BundlePart.objects.create(bundle=row, variant="v1", need=3)
    come_in(client, role="reader")

    page = client.get(f"/accounts/{account.pk}/links").content.decode()

    assert "3 × v1" in page
    assert "/links/bundle" not in page
    assert client.post(f"/accounts/{account.pk}/links/bundle", {"sku": "X"}).status_code == 403


def test_the_page_of_an_order_says_what_becomes_of_a_parcel_with_a_part_of_a_bundle(merchant, account):
    now = wiring.deps().clock.now()
    told = {"site": "FR", "state": "created", "status": "unshipped", "fulfilled_by": "merchant"}
    times = dict.fromkeys(("purchased_at", "updated_at", "seen_at"), now)
    order = models.Order.objects.create(account=account, order_id="1-2-3", pieces={"SET": 1}, **told, **times)
    parcel = {"order": order, "carrier": "DHL", "shipped_at": now, "seen_at": now}
    models.Parcel.objects.create(shop_parcel="1", reference="1", parts={part_line("7", 1, 2, 2): 2}, **parcel)
    page = f"/orders/{order.pk}"

    assert "the rest of the bundle has not left" in merchant.get(page).content.decode()

    models.Parcel.objects.create(
        shop_parcel="2", reference="2", parts={part_line("7", 2, 2, 1): 1}, items={"7": 1}, confirmed_at=now, **parcel
    )
    after = merchant.get(page).content.decode()
    assert "the rest of the bundle has not left" not in after
    assert "counted with the parcel that made the bundle whole" in after
