"""Exchange rates from an address: what is right of a document counts, what is wrong is named, and the last good rates stay."""

import gzip
from datetime import date, timedelta
from decimal import Decimal

import httpx2
import pytest
from cryptography.fernet import Fernet

from forain import wiring
from forain.contracts.net import Response
from forain.core.errors import AdapterError, Malformed
from forain.engine import jobs
from forain.flows import poll_rates, set_rates, watch
from forain.store import models, runs
from forain.store.vault import Vault

from .conftest import DAY, FR, cutting
from .test_rules import decide, wanted

URL = "http://rates.example/daily"
SUNDAY = date(2026, 3, 1)


def sheet(day="2026-02-27", rates=(("USD", "1.0850"), ("GBP", "0.85"), ("SEK", "11.20")), more=""):
    """As the European Central Bank publishes it."""
    lines = "".join(f"<Cube currency='{currency}' rate='{rate}'/>" for currency, rate in rates)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
        'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><gesmes:subject>Reference rates</gesmes:subject>'
        f"<Cube><Cube time='{day}'>{lines}</Cube>{more}</Cube></gesmes:Envelope>"
    )


class Source:
    """The address, behind the same wire as the box."""

    def __init__(self):
        self.status, self.body, self.headers, self.error = "200 OK", sheet(), [], None
        self.asked = []

    def __call__(self, environ, start_response):
        self.asked.append((environ["PATH_INFO"], environ.get("HTTP_AUTHORIZATION", "")))
        if self.error is not None:
            raise self.error
        start_response(self.status, [("content-type", "text/xml; charset=UTF-8"), *self.headers])
        return [self.body if isinstance(self.body, bytes) else self.body.encode()]


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def abroad(make_house, source):
    """A shop in euros, and its one site in pounds."""

    def transport(box):
        through = cutting(box)
        return lambda environ, start: (source if environ["HTTP_HOST"] == "rates.example" else through)(environ, start)

    house = make_house({"SOAP": ("10.00", 12)}, transport=transport)
    house.live(30)
    models.AccountSite.objects.filter(site=FR).update(currency="GBP")
    decide(house)
    assert wanted(house) == (None, "", "held", "rate_missing")
    assert poll_rates.set_address(house.deps, URL, "Camille")
    return house


def poll(house):
    runs.force("house", house.deps.clock.now(), ["poll_rates"])
    jobs.run(house.deps, "poll_rates", "house")
    watch.derive_issues(house.deps)


def known():
    return {(r.source, r.target): (r.rate.normalize(), str(r.on), r.said_by) for r in models.Rate.objects.all()}


def told(code):
    row = models.Notice.objects.filter(code=code, closed_at=None).first()
    return row.placeholders if row else None


POUND = {("EUR", "GBP"): (Decimal("0.85"), "2026-02-27", "rates.example")}


def test_the_sheet_gives_the_pairs_that_are_needed_and_the_held_price_goes_out(abroad, source):
    poll(abroad)
    decide(abroad)

    assert known() == POUND
    assert wanted(abroad)[:2] == (850, "GBP")
    assert source.asked == [("/daily", "")]
    assert (told("rates_wrong"), told("rates_failing")) == (None, None)
    assert [e.placeholders["by"] for e in models.Journal.objects.filter(code="rate_said")] == ["rates.example"]


def test_the_same_sheet_once_more_marks_nothing(abroad):
    poll(abroad)
    decide(abroad)
    before = models.Offer.objects.get().wanted_no

    poll(abroad)

    assert models.Offer.objects.get().wanted_no == before


def test_a_list_of_ones_own_is_taken_as_it_is(abroad, source):
    source.body = "source,target,rate,on\nEUR,GBP,0.86,2026-02-28\nUSD,GBP,0.79,2026-03-01\n"

    poll(abroad)

    assert known() == {
        ("EUR", "GBP"): (Decimal("0.86"), "2026-02-28", "rates.example"),
        ("USD", "GBP"): (Decimal("0.79"), "2026-03-01", "rates.example"),
    }


def test_a_wrong_line_is_named_and_stops_no_other(abroad, source):
    source.body = (
        "source,target,rate,on\nEUR,USD,0,2026-03-01\nEUR,GBP,0.86,2026-03-01\nEUR,SEK,11,2026-03-02\nEUR,NOK,11\n"
        "EUR,PLN,4,\nEURO,CHF,1,2026-03-01\nEUR,DKK,7,2026-03-01\nEUR,DKK,8,2026-03-01\nEUR,HUF,390,2026-02-01\n"
    )

    poll(abroad)

    assert set(known()) == {("EUR", "GBP")}
    assert told("rates_wrong") == {"host": "rates.example", "count": "7", "what": "2: rate '0': not_a_number"}
    source.body = "source,target,rate,on\nEUR,GBP,0.86,2026-03-01\n"
    poll(abroad)
    assert told("rates_wrong") is None


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "DOCTYPE"),
        ("<html><body><br>Sign in</body></html>", "no_xml"),
        ("<html><body>Sign in</body></html>", "no rates"),
        (sheet()[:-40], "no_xml"),
        (sheet().replace("time=", "day="), "no rates"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]>" + sheet(), "DOCTYPE"),
        (sheet().encode("utf-16"), "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        ("<?xml version='1.0' encoding='utf-16'?><Cube time='2026-02-27'", "no_xml"),
        ("", "source, target, rate, on ?"),
        ("source,target,rate,on\n", "no rates"),
        ("source,target,rate\nEUR,GBP,0.85\n", "source, target, rate, on ?"),
        ('{"EUR": {"GBP": 0.85}}', "source, target, rate, on ?"),
        ("x" * (poll_rates.LARGEST + 1), "too large"),
        ("<a>" * 40 + "</a>" * 40, "nested too deeply"),
    ],
)
def test_what_is_no_document_of_rates_is_none(body, what):
    with pytest.raises(AdapterError) as found:
        read(body, ("EUR", "GBP"))

    assert found.value.placeholders.get("field", found.value.code) == what


def test_what_is_no_document_of_rates_changes_nothing_and_is_told_at_once(abroad, source):
    poll(abroad)
    for body in ("<html><body><br>Sign in</body></html>", "", sheet()[:-40], "x" * (poll_rates.LARGEST + 1)):
        source.body = body

        poll(abroad)

        assert known() == POUND
        found = told("rates_wrong")
        assert (found["cause"], found["host"]) == ("whole", "rates.example")
    source.body = sheet()
    poll(abroad)
    assert told("rates_wrong") is None


def test_a_bomb_of_zeros_is_not_unfolded(abroad, source):
    source.body, source.headers = gzip.compress(b"0" * (40 * 1024 * 1024)), [("content-encoding", "gzip")]

    poll(abroad)

    assert (known(), told("rates_wrong")["cause"]) == ({}, "whole")


def test_a_redirect_is_not_followed_wherever_it_leads(abroad, source):
    source.status = "302 Found"
    for place in ("http://127.0.0.1:1/rates", "http://169.254.169.254/latest/meta-data", "https://elsewhere.example/"):
        source.headers, source.asked = [("location", place)], []

        poll(abroad)

        assert (known(), told("rates_wrong")["what"], len(source.asked)) == ({}, "redirect", 1)


@pytest.mark.parametrize(
    "error", [httpx2.ConnectError("nobody"), httpx2.ReadTimeout("slow"), httpx2.RemoteProtocolError("cut")]
)
def test_an_address_that_does_not_answer_is_told_after_half_an_hour_and_the_last_rates_hold_for_a_week(
    abroad, source, error
):
    poll(abroad)
    decide(abroad)
    source.error = error

    poll(abroad)
    assert told("rates_failing") is None
    abroad.advance(1900)
    poll(abroad)

    assert known() == POUND
    assert told("rates_failing")["error"]
    assert wanted(abroad)[:2] == (850, "GBP")
    abroad.advance(7 * DAY)
    decide(abroad)
    assert wanted(abroad)[2:] == ("held", "rate_too_old")
    source.error, source.body = None, sheet("2026-03-06")
    poll(abroad)
    decide(abroad)
    assert (told("rates_failing"), wanted(abroad)[:2]) == (None, (850, "GBP"))


def test_a_refusal_is_no_document_even_where_it_looks_like_one(abroad, source):
    for status in ("404 Not Found", "403 Forbidden", "429 Too Many Requests", "503 Service Unavailable"):
        source.status = status

        poll(abroad)
        abroad.advance(1900)
        poll(abroad)

        assert known() == {}
        assert told("rates_failing") is not None


def test_a_private_address_is_not_opened_and_the_notice_says_so(abroad):
    guarded = wiring.build(abroad.deps.clock, Vault([Fernet.generate_key().decode()]), "http://127.0.0.1:8787")
    poll_rates.set_address(guarded, "http://127.0.0.1:1/rates", "Camille")

    poll_rates.poll_rates(guarded, None)
    abroad.advance(1900)
    poll_rates.poll_rates(guarded, None)
    watch.derive_issues(abroad.deps)

    assert "address_private" in told("rates_failing")["error"]


@pytest.mark.parametrize("day", ["2026-03-02", "2026-02-20", "soon", ""])
def test_a_day_that_cannot_be_is_no_day_of_a_rate(day):
    found, wrong = read(sheet(day, (("GBP", "0.90"),)), ("EUR", "GBP"))

    assert (found, len(wrong)) == ([], 1)


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "1e3", "0,85", "", "99999999", "0.00000001"])
def test_a_rate_that_cannot_be_is_named_and_the_others_are_taken(rate):
    found, wrong = read(sheet(rates=(("GBP", rate), ("SEK", "11.20"))), ("EUR", "GBP"), ("EUR", "SEK"))

    assert [r.target for r in found] == ["SEK"]
    assert [line.split()[0] for line in wrong] == ["GBP"]


def test_a_wrong_line_of_the_sheet_leaves_the_rate_before(abroad, source):
    poll(abroad)
    source.body = sheet("2026-03-01", (("GBP", "0"), ("USD", "1.1")))

    poll(abroad)

    assert known() == POUND
    assert told("rates_wrong") == {
        "host": "rates.example",
        "count": "1",
        "what": "GBP '0' ('2026-03-01'): not_a_number",
    }


def test_a_rate_entered_for_the_same_day_stays_and_a_later_sheet_takes_its_place(abroad, source):
    entered = set_rates.read("EUR", "GBP", "0.90", "2026-02-27", SUNDAY)
    set_rates.say(abroad.deps, [entered], "Camille")

    poll(abroad)
    assert known() == {("EUR", "GBP"): (Decimal("0.9"), "2026-02-27", "Camille")}

    source.body = sheet("2026-02-28")
    poll(abroad)
    assert known()["EUR", "GBP"] == (Decimal("0.85"), "2026-02-28", "rates.example")


def test_an_older_sheet_does_not_take_the_place_of_a_newer_one(abroad, source):
    poll(abroad)
    source.body = sheet("2026-02-26", (("GBP", "0.70"),))

    poll(abroad)

    assert known() == POUND


def test_without_an_address_nobody_is_asked_and_the_rates_stay(abroad, source):
    poll(abroad)
    source.error = httpx2.ConnectError("nobody")
    poll(abroad)
    assert poll_rates.set_address(abroad.deps, "", "Camille")
    abroad.advance(7200)

    poll(abroad)

    assert (known(), len(source.asked), told("rates_failing")) == (POUND, 2, None)


def test_what_is_no_address_is_refused_and_the_one_before_stays(abroad):
    for url in ("rates.example", "file:///etc/passwd", "ftp://rates.example/x", "http://me:pw@rates.example/"):
        assert not poll_rates.set_address(abroad.deps, url, "Camille")

    assert models.Instance.objects.get().rates_url == URL


def read(text, *needed):
    body = text if isinstance(text, bytes) else text.encode()
    return poll_rates.read(Response(200, {}, body), SUNDAY, set(needed))


def test_pairs_without_the_euro_are_made_of_two_rates():
    found, wrong = read(sheet(), ("GBP", "SEK"), ("USD", "EUR"), ("EUR", "USD"), ("EUR", "XYZ"))

    assert wrong == []
    assert {(r.source, r.target): r.rate for r in found} == {
        ("EUR", "USD"): Decimal("1.0850"), ("GBP", "SEK"): Decimal("13.17647059"), ("USD", "EUR"): Decimal("0.92165899"),
    }  # fmt: skip


def test_of_a_sheet_with_many_days_the_newest_counts():
    old = "<Cube time='2026-02-20'><Cube currency='GBP' rate='0.5'/></Cube>"

    found, wrong = read(sheet(more=old), ("EUR", "GBP"))

    assert ([(r.rate, r.on) for r in found], wrong) == ([(Decimal("0.85"), date(2026, 2, 27))], [])


def test_a_currency_that_stands_twice_is_not_believed():
    found, wrong = read(sheet(rates=(("GBP", "0.85"), ("GBP", "0.95"), ("USD", "1.1"))), ("EUR", "GBP"), ("EUR", "USD"))

    assert ([r.target for r in found], wrong) == (["USD"], ["GBP × 2"])


def test_more_rates_than_anybody_has_are_none():
    day = SUNDAY - timedelta(days=1)
    names = [f"{a}{b}{c}" for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJK" for c in "ABCDEFGHIJ"]
    lines = "".join(f"EUR,{name},1,{day}\n" for name in names[: poll_rates.MOST + 1])

    with pytest.raises(Malformed):
        read(f"source,target,rate,on\n{lines}")
