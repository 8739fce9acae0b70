"""All offers of a site by Amazon's report: what is asked, how a report ends, and what its file says however it is garbled."""

import gzip
import io
import json
import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.contracts.net import Download
from forain.core import errors as e
from forain.marketplaces import listing_file
from forain.marketplaces.amazon.tests.parts import (
    FR,
    REPORTS,
    Wire,
    account,
    asked_as_published,
    denied,
    fits,
    refusal,
)

DE, JP, PL = "A1PA6795UKMFR9", "A1VC38T7YXB528", "A1C3SOZRARQ6R3"
WORDS = {
    "en": ["item-name", "item-description", "listing-id", "seller-sku", "price", "quantity", "product-id-type", "asin1", "product-id",
           "fulfillment-channel", "status"],
    "fr": ["nom-produit", "item-description", "id-offre", "sku-vendeur", "prix", "quantité", "type-id-produit", "ASIN1", "id-produit",
           "canal-traitement", "état"],
    "de": ["Artikelbezeichnung", "Artikelbeschreibung", "Angebotsnummer", "Händler-SKU", "Preis", "Menge", "Produkt-ID-Typ", "ASIN 1",
           "Produkt-ID", "Versender", "Status"],
    "it": ["Nome dell'articolo", "Descrizione dell'articolo", "Numero offerta", "SKU venditore", "Prezzo", "Quantità",
           "Tipo di identificativo del prodotto", "ASIN 1", "Identificativo del prodotto", "Canale di gestione", "stato"],
    "es": ["Título del producto", "Descripción del producto", "Identificador del listing", "SKU del vendedor", "Precio", "Cantidad",
           "Tipo de identificador de producto", "ASIN 1", "Identificador del producto", "Canal de gestión logística", "estado"],
    "pl": ["nazwa-produktu", "opis-produktu", "identyfikator-oferty", "sku-sprzedawcy", "cena", "ilość",
           "typ-identyfikatora-produktu", "asin1", "identyfikator-produktu", "kanał-realizacji", "status"],
    "ja": ["商品名", "商品の説明", "出品ID", "出品者SKU", "価格", "数量", "商品IDタイプ", "ASIN 1", "商品ID", "フルフィルメント・チャンネル", "ステータス"],
}  # fmt: skip


def row(
    sku="SOAP", price="6.90", quantity="12", kind="1", code="B01", channel="DEFAULT", status="Active", title="Savon"
):
    return [title, "", "0001", sku, price, quantity, kind, "B01", code, channel, status]


def tsv(*rows, words="en", encoding="utf-8", end="\n"):
    return ("\n".join("\t".join(cells) for cells in [WORDS[words], *rows]) + end).encode(encoding)


def pages(content, kind="text/plain;charset=UTF-8", site=FR, currency="EUR", page=3):
    return list(listing_file.read(io.BytesIO(content), kind, 1, site, currency, page))


def read(content, *rest, **more):
    """(lines, unread) of the whole file."""
    found = pages(content, *rest, **more)
    return [line for one in found for line in one.lines], [line for one in found for line in one.unread]


class Storing(Wire):
    """Downloads too are answered from the list."""

    def download(self, request):
        answer = self.send(request)
        self.file = io.BytesIO(answer.body)
        return Download(answer.status, answer.headers, self.file)


def report(status, **more):
    told = {"reportId": "R1", "reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "createdTime": "2026-03-01T10:00:00Z"}
    return fits(REPORTS, "Report", told | {"processingStatus": status, **more})


def done(body, headers=None, status=200, **told):
    document = {"reportDocumentId": "D/1", "url": "https://storage.example/D1?X-Amz-Signature=fake", **told}
    return Storing(
        (200, report("DONE", reportDocumentId="D/1")), (200, fits(REPORTS, "ReportDocument", document)),
        (status, body, headers or {"content-type": "text/plain;charset=UTF-8"}),
    )  # fmt: skip


def test_the_questions_are_amazons_own_and_the_file_is_fetched_without_our_token():
    wire = Storing((202, fits(REPORTS, "CreateReportResponse", {"reportId": "R1"})))
    begun = account(wire).shelf(FR, None)
    told = done(tsv(row()))

    shelf = account(told).shelf(FR, begun.cursor)

    for request in [*wire.sent, *told.sent[:2]]:
        asked_as_published(REPORTS, request)
    assert json.loads(wire.sent[0].json) == {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [FR]}
    assert (told.sent[2].url, told.sent[2].authorized) == ("https://storage.example/D1?X-Amz-Signature=fake", False)
    assert (begun.pages, shelf.currency) == (None, "EUR")
    assert [line.sku for page in shelf.pages for line in page.lines] == ["SOAP"]
    assert told.file.closed


def test_a_file_that_is_not_read_to_its_end_is_let_go():
    wire = done(tsv(*[row(f"S{n}") for n in range(20_000)]))
    shelf = account(wire).shelf(FR, "R1")
    next(shelf.pages)

    shelf.pages.close()

    assert wire.file.closed


@pytest.mark.parametrize(
    ("answer", "cursor", "reason", "nothing"),
    [
        ((200, report("IN_QUEUE")), "R1", "", False), ((200, report("IN_PROGRESS")), "R1", "", False),
        ((200, report("CANCELLED")), None, "CANCELLED", True), ((200, report("FATAL", reportDocumentId="D/1")), None, "FATAL", False),
        ((404, refusal("NotFound")), None, "not_found", False),
    ],
)  # fmt: skip
def test_a_report_that_is_not_there_says_whether_it_comes(answer, cursor, reason, nothing):
    found = account(Storing(answer)).shelf(FR, "R1")

    assert (found.pages, found.cursor, found.reason, found.nothing) == (None, cursor, reason, nothing)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [(403, denied(), e.Denied), (400, refusal(), e.Rejected), (202, b"<html>", e.ServerFault), (202, {"reportId": ""}, e.Malformed)],
)  # fmt: skip
def test_a_refused_report_is_the_error_it_means(status, body, error):
    with pytest.raises(error):
        account(Storing((status, body))).shelf(FR, None)


@pytest.mark.parametrize("broken", [{"processingStatus": "NEW"}, {"processingStatus": "DONE"}, {"processingStatus": 7}])
def test_a_report_that_breaks_the_contract_is_malformed(broken):
    with pytest.raises(e.Malformed):
        account(Storing((200, broken))).shelf(FR, "R1")


def test_storage_that_refuses_is_ill_and_its_answer_is_let_go():
    wire = done(b"<Error/>", status=403)

    with pytest.raises(e.ServerFault):
        account(wire).shelf(FR, "R1")

    assert wire.file.closed


@pytest.mark.parametrize(
    ("words", "charset", "encoding", "title"),
    [
        ("en", "UTF-8", "utf-8", "Soap ☃"), ("fr", "Cp1252", "cp1252", "Savon à l’huile"), ("de", "ISO-8859-1", "latin-1", "Öl für Bärte"),
        ("it", "windows-1252", "cp1252", "Sapone è qui"), ("es", "utf-8", "utf-8-sig", "Jabón"), ("pl", "UTF-8", "utf-8", "Mydło"),
        ("ja", "Shift_JIS", "cp932", "表示ソープ十能"), ("ja", "Windows-31J", "cp932", "①石鹸"),
    ],
)  # fmt: skip
def test_a_file_is_read_in_the_words_and_letters_of_its_site(words, charset, encoding, title):
    content = tsv(row(title=title), row("OIL", quantity="0", status="Inactive"), words=words, encoding=encoding)

    lines, unread = read(content, f"text/plain;charset={charset}")

    assert unread == []
    assert [(x.sku, x.quantity, x.minor, x.own, x.buyable, x.channel, x.product_code) for x in lines] == [
        ("SOAP", 12, 690, True, True, "DEFAULT", "B01"), ("OIL", 0, 690, True, False, "DEFAULT", "B01"),
    ]  # fmt: skip
    assert lines[0].title == title


@pytest.mark.parametrize(("price", "minor"), [("1980", 1980), ("", None)])
def test_an_amount_is_in_the_coins_of_the_site(price, minor):
    ((line,), _) = read(tsv(row(price=price)), site=JP, currency="JPY")

    assert line.minor == minor


def test_what_amazon_fulfils_shows_no_quantity_of_ours_and_an_empty_cell_nothing():
    lines, _ = read(
        tsv(row(channel="AMAZON_EU", quantity=""), row("B", channel="AMAZON_EU", quantity="7"), row("C", "", ""))
    )

    assert [(x.own, x.quantity, x.minor) for x in lines] == [(False, None, 690), (False, None, 690), (True, None, None)]


def test_a_column_that_is_not_there_tells_nothing():
    words = ["sku venditore", "prezzo", "quantità", "canale di gestione"]
    ((line,), _) = read(("\t".join(words) + "\nSOAP\t6.90\t12\tDEFAULT\n").encode())

    assert (line.sku, line.buyable, line.product_code, line.title, line.ean) == ("SOAP", None, "", "", "")


def test_an_ean_is_one_only_where_it_is_said_to_be():
    lines, _ = read(tsv(row(kind="4", code="4006381333931"), row("B", kind="1", code="4006381333931")))

    assert [x.ean for x in lines] == ["4006381333931", ""]


@pytest.mark.parametrize("packed", [True, False])
def test_a_file_is_read_packed_or_not_a_page_at_a_time(packed):
    content = tsv(*[row(f"S{n}") for n in range(7)])

    found = pages(gzip.compress(content[:60]) + gzip.compress(content[60:]) if packed else content)

    assert [len(page.lines) for page in found] == [3, 3, 1]


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_however_a_file_ends_its_last_line_counts(end):
    assert [x.sku for x in read(tsv(row(), row("B"), end=end))[0]] == ["SOAP", "B"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "text/plain"), (b"\n\n", "text/plain"), (b"<html><body>503</body></html>", "text/html"), (b"\x1f\x8bnonsense", ""),
        (tsv(row(), encoding="utf-16"), "text/plain;charset=utf-16"), (tsv(row(), encoding="utf-16"), "text/plain"),
        (tsv(row()), "text/plain;charset=rot13"), (tsv(row(), words="fr", encoding="cp1252"), "text/plain;charset=UTF-8"),
        (tsv(row()).replace(b"price", b"quantity"), "text/plain"), (tsv(row()).replace(b"seller-sku", b"seller"), "text/plain"),
        (gzip.compress(tsv(row())) + b"rest", ""),
    ],
)  # fmt: skip
def test_what_is_no_file_of_offers_is_malformed(content, kind):
    with pytest.raises(e.Malformed):
        read(content, kind)


def test_a_file_that_was_cut_off_says_so_at_its_end():
    content = tsv(row(), row("B"), row("C"))
    for cut in range(1, 12):
        with pytest.raises(e.Malformed):
            read(gzip.compress(content)[:-cut])
    with pytest.raises(e.Malformed) as raised:
        read(content[:-20])
    assert raised.value.field == "file cut off"
    # The same line with an end is only a bad one.
    lines, unread = read(content[:-20] + b"\n")
    assert (len(lines), len(unread)) == (2, 1)


@pytest.mark.parametrize(
    ("broken", "sku", "field"),
    [
        (row(price="6,90"), "SOAP", "price"), (row(price="1e3"), "SOAP", "price"), (row(price="-1"), "SOAP", "price"),
        (row(price="6.905"), "SOAP", "price"), (row(quantity="many"), "SOAP", "quantity"), (row(quantity="-1"), "SOAP", "quantity"),
        (row(quantity="9" * 12), "SOAP", "quantity"), (row(quantity="٣"), "SOAP", "quantity"), (row(channel=""), "SOAP", "channel"),
        (row(status="Strange"), "SOAP", "status Strange"), (row(""), "", "sku"), (row("S" * 300), "", "sku"), (row("A\0B"), "", "sku"),
        (["SOAP"], "", "columns"), ([*row(), "more"], "", "columns"), (["no offer at all"], "", "columns"),
    ],
)  # fmt: skip
def test_one_bad_line_is_named_and_never_stops_the_others(broken, sku, field):
    for rows in ([broken, row("A"), row("B")], [row("A"), broken, row("B")], [row("A"), row("B"), broken]):
        lines, unread = read(tsv(*rows))

        assert [x.sku for x in lines] == ["A", "B"]
        assert [(x.key.sku, x.key.site, x.field) for x in unread] == [(sku, FR, field)]


def test_a_sku_whose_letters_are_lost_is_not_guessed():
    lines, unread = read(tsv(row("SÄGE"), row("B"), encoding="cp1252"))

    assert ([x.sku for x in lines], [x.key.sku for x in unread]) == (["B"], [""])


def test_the_order_of_the_columns_and_columns_nobody_knows_do_not_matter():
    chance = random.Random(1)
    for _ in range(20):
        columns = [*zip(WORDS["de"], row(), strict=True), ("Händlerversandgruppe", "x"), ("Erfindung", "y")]
        chance.shuffle(columns)
        content = "\n".join("\t".join(cells) for cells in zip(*columns, strict=True)) + "\n"
        ((line,), _) = read(content.encode("cp1252"), "text/plain;charset=Cp1252")
        assert (line.sku, line.quantity, line.minor) == ("SOAP", 12, 690)


def test_a_line_without_end_and_a_file_that_unpacks_without_end_are_not_held():
    with pytest.raises(e.Malformed):
        read(gzip.compress(tsv(row()) + b"x" * (8 * listing_file.LONGEST_LINE)))


def test_a_file_that_unpacks_to_more_than_there_can_be_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(listing_file, "LARGEST_FILE", 3 * listing_file.BLOCK)
    with pytest.raises(e.Malformed):
        read(gzip.compress(tsv(row()) + b"\n" * (5 * listing_file.BLOCK)), page=5000)


def test_a_large_file_is_never_held_whole():
    content = tsv(*[row(f"S{n:07}", title="A title of the usual length, of some words") for n in range(60_000)])
    packed = io.BytesIO(gzip.compress(content, 1))
    del content
    tracemalloc.start()
    try:
        count = sum(len(page.lines) for page in listing_file.read(packed, "", 1, FR, "EUR"))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert count == 60_000
    assert most < 24 * 1024 * 1024


@given(
    st.binary(max_size=400), st.integers(0, 500), st.integers(0, 500), st.sampled_from(["", ";charset=Cp1252", ";charset=Shift_JIS"]),
    st.booleans(),
)  # fmt: skip
def test_whatever_stands_in_a_file_only_malformed_comes_out(noise, cut, place, charset, packed):
    content = tsv(row(), row("B"), row("C", title="表"))
    garbled = content[:cut] + noise + content[place:]
    if packed:
        garbled = gzip.compress(content)[:cut] + noise

    try:
        lines, unread = read(garbled, f"text/plain{charset}")
    except e.Malformed:
        return
    assert all(0 < len(line.sku) <= 200 and "\0" not in "".join(map(str, line)) for line in lines)
    assert all("\0" not in line.key.sku for line in unread)
