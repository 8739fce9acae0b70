"""Offers by report: asked for, waited for, fetched, and read in the words of its site."""

from datetime import timedelta

import pytest

from forain.core import errors as e
from forain.core.money import Money
from forain.marketplaces.amazon_mws.tests.parts import FR, T0, Wire, account, answer, key, refusal

FRENCH = (
    "nom-produit\tid-offre\tsku-vendeur\tprix\tquantité\ttype-id-produit\tASIN1\tid-produit\tcanal-traitement\tétat"
)
PLAIN = "item-name\tlisting-id\tseller-sku\tprice\tquantity\tproduct-id-type\tasin1\tproduct-id\tfulfillment-channel\tstatus"
CP1252 = "text/plain;charset=Cp1252"


def row(sku="SOAP", price="6.90", quantity="12", kind="1", code="B0", channel="DEFAULT", status="Active"):
    return f"Savon été\t1\t{sku}\t{price}\t{quantity}\t{kind}\tB0\t{code}\t{channel}\t{status}"


def file(*rows, head=FRENCH, encoding="cp1252"):
    return (
        200,
        "\n".join([head, *rows, ""]).encode(encoding),
        CP1252 if encoding == "cp1252" else f"text/plain;charset={encoding}",
    )


def requests(*found):
    told = "".join(
        f"<ReportRequestInfo><ReportRequestId>{number}</ReportRequestId><ReportProcessingStatus>{status}</ReportProcessingStatus>"
        f"<SubmittedDate>{at}</SubmittedDate><GeneratedReportId>{number}9</GeneratedReportId></ReportRequestInfo>"
        for number, status, at in found
    )
    return 200, answer("GetReportRequestList", f"<HasNext>false</HasNext>{told}")


YOUNG, OLD = "2020-03-01T09:58:30Z", "2020-03-01T09:50:00Z"
ASKED = (200, answer("RequestReport", "<ReportRequestInfo><ReportRequestId>5</ReportRequestId></ReportRequestInfo>"))


def test_a_look_reads_a_young_report_and_knows_the_words_of_the_site():
    wire = Wire(requests(("4", "_DONE_", YOUNG)), file(row(), row("EAN", kind="4", code="4006381333931"), row("OTHER")))

    seen = account(wire).observe([key("SOAP"), key("EAN"), key("GONE")]).offers

    assert wire.told(1)["ReportId"] == "49"
    assert [(o.key.sku, o.quantity, o.price, o.ean) for o in seen] == [
        ("SOAP", 12, Money(690, "EUR"), ""), ("EAN", 12, Money(690, "EUR"), "4006381333931"),
    ]  # fmt: skip
    assert (seen[0].title, seen[0].product_code, seen[0].buyable) == ("Savon été", "B0", True)


@pytest.mark.parametrize("status", ["_SUBMITTED_", "_IN_PROGRESS_"])
def test_a_look_waits_for_a_report_that_is_being_made(status):
    wire = Wire(requests(("4", status, YOUNG)))

    with pytest.raises(e.Busy) as raised:
        account(wire).observe([key()])

    assert raised.value.until == T0 + timedelta(seconds=45)
    assert len(wire.sent) == 1


@pytest.mark.parametrize(
    "found", [(), (("4", "_DONE_", OLD),), (("4", "_IN_PROGRESS_", OLD),), (("4", "_CANCELLED_", YOUNG),)]
)
def test_where_no_report_is_young_enough_one_is_asked_for(found):
    wire = Wire(requests(*found), ASKED)

    with pytest.raises(e.Busy):
        account(wire).observe([key()])

    assert (wire.told()["Action"], wire.told()["ReportType"]) == ("RequestReport", "_GET_MERCHANT_LISTINGS_ALL_DATA_")


def test_a_report_without_data_shows_no_offer():
    assert account(Wire(requests(("4", "_DONE_NO_DATA_", YOUNG)))).observe([key()]).offers == ()
    assert account(Wire(requests(("5", "_DONE_NO_DATA_", YOUNG)))).sweep(FR, "5").offers == ()


def test_a_sweep_begins_with_a_report_of_its_own_and_waits_for_that_one():
    first = account(Wire(ASKED)).sweep(FR, None)
    assert (first.offers, first.cursor) == ((), "5")

    with pytest.raises(e.Busy):
        account(Wire(requests(("5", "_IN_PROGRESS_", OLD)))).sweep(FR, "5")

    wire = Wire(requests(("5", "_DONE_", OLD)), file(row(), row("TWO")))
    page = account(wire).sweep(FR, "5")
    assert wire.told(0)["ReportRequestIdList.Id.1"] == "5"
    assert ([o.key.sku for o in page.offers], page.cursor) == (["SOAP", "TWO"], None)


@pytest.mark.parametrize("found", [(), (("5", "_CANCELLED_", YOUNG),), (("5", "_INVENTED_", YOUNG),)])
def test_a_report_that_will_never_be_ready_lets_the_sweep_begin_anew(found):
    with pytest.raises(e.Malformed):
        account(Wire(requests(*found))).sweep(FR, "5")


def read(*rows, **told):
    return account(Wire(requests(("5", "_DONE_", YOUNG)), file(*rows, **told))).sweep(FR, "5")


def test_what_amazon_fulfils_has_no_quantity_of_ours():
    (offer,) = read(row(quantity="", channel="AMAZON_EU")).offers

    assert (offer.fulfilled_by, offer.quantity, offer.channels) == ("marketplace", None, ("AMAZON_EU",))


def test_an_inactive_offer_is_there_and_cannot_be_bought():
    (offer,) = read(row(quantity="0", price="", status="Inactive")).offers

    assert (offer.quantity, offer.price, offer.buyable) == (0, None, False)


@pytest.mark.parametrize(
    "broken",
    [row(status="Strange"), row(price="6,90"), row(quantity="many"), row(quantity="-1"), row(channel=""), "SOAP"],
)
def test_a_line_that_cannot_be_read_is_named_and_the_others_are_read(broken):
    page = read(broken, row("TWO"))

    assert [o.key.sku for o in page.offers] == ["TWO"]
    assert len(page.unread) == 1


def test_english_headings_and_unicode_are_read_too():
    (offer,) = read(row(), head=PLAIN, encoding="utf-8").offers

    assert offer.title == "Savon été"


@pytest.mark.parametrize("head", ["", "<html>", FRENCH.replace("état", "humeur"), FRENCH.replace("sku-vendeur", "nom")])
def test_a_file_with_other_headings_is_malformed(head):
    with pytest.raises(e.Malformed):
        read(row(), head=head)


def test_a_refused_report_is_an_error_of_the_call():
    with pytest.raises(e.GrantRefused):
        account(Wire((401, refusal("AccessDenied", "AuthToken is not valid for SellerId and AWSAccountId")))).sweep(
            FR, None
        )
