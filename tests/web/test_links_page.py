"""Links as CSV, out and in, through the pages."""

import csv
import io
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from forain import wiring
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
    assert "2 links taken from the file" in page.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"marketplace_sku,variant\nX,v1\nY,v9\n", "Line 3: variant v9"),
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
        file.name for file in source.rglob("*.py") if re.search(r"csv\.(Dict)?[wW]riter|text/csv", file.read_text())
    }

    # sample_shop.py is the demo's merchant: invented articles, read by our own folder shop.
    assert writing == {"csv_files.py", "links.py", "rules.py", "sample_shop.py"}
