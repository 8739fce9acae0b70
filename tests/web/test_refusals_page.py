"""The page of what Amazon refuses: by cause, with what to do; try again exactly what was shown; CSV; on the offer and the command line."""

import csv
import html
import io
from datetime import timedelta

import pytest
from click.testing import CliRunner

from forain import wiring
from forain.cli import main
from forain.core.errors import Problem
from forain.flows import watch
from forain.store import models, refusals
from tests.people import come_in

FR, DE = "A13V1IB3VIYZZH", "A1PA6795UKMFR9"
HOSTILE = '"><script>alert(1)</script>\u202e{0}'


@pytest.fixture
def merchant(client, transactional_db):
    come_in(client)
    return client


@pytest.fixture
def account(transactional_db):
    now = wiring.deps().clock.now()
    application = models.Application.objects.create(marketplace="amazon", kind="private", client_id="c", created_at=now)
    row = models.Account.objects.create(
        marketplace="amazon", name="A", region="EU", seller="S", application=application, standing="granted",
        grant_no=1, granted_at=now, created_at=now,
    )  # fmt: skip
    models.AccountSite.objects.create(account=row, site=FR, country="FR", currency="EUR")
    return row


def refuse(account, sku, code="8541", text="The SKU data conflicts.", *, alarm="refused", hours=1, site=FR, **more):
    """One refused offer; `code` "": without a reason."""
    now = wiring.deps().clock.now()
    problems = [Problem(code, text, more.pop("field", ""), category=more.pop("category", ""))] if code else []
    told = {"wanted_no": 1, "settled_no": 1, "refused_at": now - timedelta(hours=hours), **more}
    return models.Offer.objects.create(
        account=account, site=site, sku=sku, title=f"Title of {sku}", alarm=alarm, alarm_detail=text,
        refusals=refusals.as_rows(problems), problems=refusals.as_rows(problems), **told,
    )  # fmt: skip


def page(merchant, address):
    return html.unescape(merchant.get(address).content.decode())


def seen(account):
    """(the name of all, code -> the name of its group), as the page shows them."""
    found = refusals.groups(account.pk, 99)
    return refusals.total(account.pk).shown, {group.code: group.shown for group in found}


def retry(merchant, account, **told):
    answer = merchant.post(f"/accounts/{account.pk}/refusals/retry", told, follow=True)
    return html.unescape(answer.content.decode())


def marked():
    return sorted(o.sku for o in models.Offer.objects.all() if o.wanted_no > o.settled_no)


def test_the_largest_group_comes_first_with_cause_cure_and_five_of_its_offers(merchant, account):
    refuse(account, "ONE", "90220", "'brand' is required.", field="brand")
    for number in range(7):
        refuse(account, f"SKU-{number}", hours=10 - number)

    shown = page(merchant, f"/accounts/{account.pk}/refusals")

    assert shown.index("The product number (EAN, UPC or ISBN) belongs") < shown.index("Details that Amazon requires")
    assert "Compare the two in Seller Central" in shown
    assert "7\N{NO-BREAK SPACE}offers" in shown
    assert "Amazon's code 8541" in shown
    assert "Field: brand" in shown
    assert [sku for sku in (f"SKU-{n}" for n in range(7)) if f">{sku}<" in shown] == [f"SKU-{n}" for n in range(5)]
    assert "and 2\N{NO-BREAK SPACE}more" in shown
    assert "https://sellercentral-europe.amazon.com/myinventory/inventory?searchTerm=SKU-0" in shown


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Refused by Amazon", "Amazon does not let your account sell this brand", "What to do:", "Try these again")),
     ("fr", ("Refusé par Amazon", "Amazon n'autorise pas votre compte à vendre cette marque", "Que faire :", "Réessayer celles-ci")),
     ("de", ("Von Amazon abgelehnt", "Amazon lässt Ihr Konto diese Marke nicht verkaufen", "Was zu tun ist:", "Diese erneut versuchen"))],
)  # fmt: skip
def test_it_speaks_the_readers_language(merchant, account, language, words):
    refuse(account, "SOAP", "6024")
    merchant.post("/language", {"language": language})

    shown = page(merchant, f"/accounts/{account.pk}/refusals").replace("\N{NO-BREAK SPACE}", " ")

    assert [part for part in words if part not in shown] == []
    assert "/gp/errorcode/6024" in shown


def test_an_unknown_code_goes_by_its_category_else_by_amazons_own_text(merchant, account):
    refuse(account, "DEAR", "18027", "The price is outside.", category="INVALID_PRICE")
    refuse(account, "ODD", "777", "Something only Amazon understands.")
    refuse(account, "MUTE", "", "", alarm="not_taken")

    shown = page(merchant, f"/accounts/{account.pk}/refusals")

    assert "Amazon does not accept the price" in shown
    assert "Forain's catalogue does not know" in shown
    assert "“Something only Amazon understands.”" in shown
    assert "Amazon does not show what it was told, and says no reason." in shown
    assert "/gp/errorcode/" not in shown


def test_what_amazon_and_sellers_write_stays_text(merchant, account):
    row = refuse(account, f"SKU{HOSTILE}", HOSTILE, HOSTILE, field=HOSTILE, category=HOSTILE)

    for address in (f"/accounts/{account.pk}/refusals", f"/offers/{row.pk}"):
        raw = merchant.get(address).content.decode()
        assert "<script>alert" not in raw
        assert "&lt;script&gt;alert(1)" in raw
        assert "\\u202e" in raw


def test_exactly_what_was_shown_is_tried_again_and_journalled_with_who(merchant, account):
    refuse(account, "SOAP")
    refuse(account, "OIL")
    refuse(account, "TEA", "90220")
    shown = seen(account)[1]["8541"]
    refuse(account, "LATE", hours=-1)
    later = wiring.deps().clock.now() + timedelta(hours=1)
    models.Run.objects.create(flow="reconcile_offers", subject=f"account:{account.pk}", due_at=later)

    told = retry(merchant, account, code="8541", shown=shown)

    assert "2\N{NO-BREAK SPACE}offers are tried again" in told
    assert marked() == ["OIL", "SOAP"]
    assert "LATE" in told
    assert set(models.Offer.objects.values_list("alarm", flat=True)) == {"refused"}, "it is shown until Amazon took it"
    assert "2\N{NO-BREAK SPACE}are being tried again" in told
    entry = models.Journal.objects.get(code="refusals_retried")
    assert entry.placeholders == {"by": "camille", "count": "2", "code": "8541"}
    assert "camille has 2\N{NO-BREAK SPACE}refused offers tried again (code 8541)" in page(merchant, "/journal")
    assert models.Run.objects.get().due_at < later, "at once, and not with the next change"


def test_one_button_tries_all_again(merchant, account):
    refuse(account, "SOAP")
    refuse(account, "TEA", "90220")
    refuse(account, "MUTE", "", "", alarm="not_taken")
    models.Offer.objects.create(account=account, site=FR, sku="HELD", alarm="held", wanted_no=1, settled_no=1)
    other = models.Account.objects.create(
        marketplace="amazon", name="B", region="EU", seller="T", application=account.application,
        created_at=account.created_at,
    )  # fmt: skip
    refuse(other, "THEIRS")

    assert "Try all again" in page(merchant, f"/accounts/{account.pk}/refusals")
    retry(merchant, account, shown=seen(account)[0])

    assert marked() == ["MUTE", "SOAP", "TEA"]
    assert models.Journal.objects.get(code="refusals_retried").placeholders["code"] == ""


def test_a_second_click_does_nothing(merchant, account):
    refuse(account, "SOAP")
    shown = seen(account)[1]["8541"]

    retry(merchant, account, code="8541", shown=shown)
    told = retry(merchant, account, code="8541", shown=shown)

    assert "are being tried again already" in told
    assert models.Offer.objects.get().wanted_no == 2
    assert models.Journal.objects.filter(code="refusals_retried").count() == 1
    assert "/refusals/retry" not in told, "there is nothing left to press"


@pytest.mark.parametrize("shown", ["", "x", "1", "1~x", "~", "0~2099-01-01T00:00:00+00:00", "9~2099-01-01", "²~",
                                   "1~2099-01-01T00:00:00", "9" * 40 + "~2099-01-01T00:00:00+00:00"])  # fmt: skip
def test_a_name_of_nothing_that_is_there_changes_nothing(merchant, account, shown):
    refuse(account, "SOAP")

    told = retry(merchant, account, code="8541", shown=shown)

    assert "These are not the same any more" in told
    assert (marked(), models.Journal.objects.count()) == ([], 0)


def test_others_that_came_into_what_was_shown_are_not_tried_with_it(merchant, account):
    refuse(account, "SOAP")
    shown = seen(account)[1]["8541"]
    refuse(account, "EARLIER", hours=5)

    assert "These are not the same any more" in retry(merchant, account, code="8541", shown=shown)
    assert marked() == []


def test_an_unknown_code_or_account_is_no_error(merchant, account):
    refuse(account, "SOAP")

    assert "already" in retry(merchant, account, code="x" * 9000, shown=seen(account)[0])
    assert merchant.post("/accounts/999/refusals/retry", {}).status_code == 404
    assert merchant.get("/accounts/999/refusals").status_code == 404
    assert merchant.get("/accounts/999/refusals.csv").status_code == 404
    assert merchant.get(f"/accounts/{account.pk}/refusals/retry").status_code == 405


def test_nothing_refused_is_said(merchant, account):
    assert "Amazon refuses nothing" in page(merchant, f"/accounts/{account.pk}/refusals")


@pytest.mark.parametrize(
    ("role", "may"), [("owner", True), ("operator", True), ("reader", False), ("accountant", None)]
)
def test_who_may_see_and_try_again(client, account, role, may):
    refuse(account, "SOAP")
    come_in(client, role, role)
    address = f"/accounts/{account.pk}/refusals"

    shown, sent = client.get(address), client.post(f"{address}/retry", {"shown": seen(account)[0]})

    assert (shown.status_code, client.get(f"{address}.csv").status_code) == ((403, 403) if may is None else (200, 200))
    assert sent.status_code == (302 if may else 403)
    assert (b"refusals/retry" in shown.content) is bool(may)
    assert marked() == (["SOAP"] if may else [])


def test_the_file_has_each_offer_with_cause_and_cure_and_runs_nothing(merchant, account):
    refuse(account, "=SUM(A1)", "8541", "=cmd|' /C calc'!A0")
    refuse(account, "TEA", "777", "Odd.", site=DE)
    merchant.post("/language", {"language": "fr"})

    def lines(query=""):
        answer = merchant.get(f"/accounts/{account.pk}/refusals.csv{query}")
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        return list(csv.DictReader(io.StringIO(b"".join(answer).decode())))

    found = lines()
    assert [(one["code"], one["sku"], one["site"]) for one in found] == [
        ("777", "TEA", DE), ("8541", "'=SUM(A1)", FR),
    ]  # fmt: skip
    assert found[1]["cause"].startswith("Le numéro du produit")
    assert found[1]["marketplace_says"].startswith("'=cmd")
    assert (found[0]["cause"], found[0]["marketplace_says"]) == ("", "Odd.")
    assert [one["sku"] for one in lines("?code=777")] == ["TEA"]


def test_many_refusals_cost_no_more_questions_than_few(merchant, account, django_assert_max_num_queries):
    for number in range(30):
        refuse(account, f"SKU-{number}", ("8541", "90220", "777", "8026")[number % 4])
    address = f"/accounts/{account.pk}/refusals"
    merchant.get(address)

    # Session, person, second factor and the head of the page take most of them.
    with django_assert_max_num_queries(20) as few:
        merchant.get(address)
    before = len(few)
    for number in range(300):
        refuse(account, f"MORE-{number}", str(1000 + number % 60))
    with django_assert_max_num_queries(before):
        assert "MORE-" in page(merchant, address)


def test_only_the_alarmed_offers_are_asked_and_not_the_shelf(account):
    from django.db import connection

    models.Offer.objects.bulk_create(
        models.Offer(account=account, site=FR, sku=f"WELL-{n}", wanted_no=1, settled_no=1) for n in range(5000)
    )
    refuse(account, "SOAP")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE store_offer")
        query, told = refusals._refused(account.pk).query.sql_with_params()
        cursor.execute(f"EXPLAIN {query}", told)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "offer_alarmed" in plan, plan


def test_the_offers_page_says_cause_and_cure_of_each_problem(merchant, account):
    row = refuse(account, "SOAP", "90220", "'brand' is required.", field="brand")
    more = [*row.refusals, ["18320", "Main image is missing.", "", "", "warning"], ["777", "Odd.", "", ""]]
    models.Offer.objects.update(refusals=more, problems=[])

    shown = page(merchant, f"/offers/{row.pk}")

    assert "Amazon does not take what was told." in shown
    assert f'href="/accounts/{account.pk}/refusals"' in shown
    assert "Details that Amazon requires for this product are missing." in shown
    assert "Fill in the fields named below" in shown
    assert "The main picture is missing" in shown
    assert "a hint only" in shown
    assert "“Odd.”" in shown


def test_an_offer_in_step_shows_what_amazon_objects_to_all_the_same(merchant, account):
    row = refuse(account, "SOAP", "18320", "Main image is missing.", alarm="")

    shown = page(merchant, f"/offers/{row.pk}")

    assert "The main picture is missing" in shown
    assert "Amazon does not take what was told." not in shown

    models.Offer.objects.update(problems=[["unreadable", "price", ""]])
    assert "What Amazon objects to" not in page(merchant, f"/offers/{row.pk}")


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Amazon refused 3 offers, A among them. Most frequent cause (2): The product number"),
     ("fr", "Amazon a refusé 3 offres, dont A. Cause la plus fréquente (2) : Le numéro du produit"),
     ("de", "Amazon lehnte 3 Angebote ab, darunter A. Häufigster Grund (2): Die Produktnummer")],
)  # fmt: skip
def test_the_notice_names_the_most_frequent_cause_and_leads_here(merchant, account, language, words):
    refuse(account, "C", "777", "Odd.")
    refuse(account, "A")
    refuse(account, "B")
    watch.derive_issues(wiring.deps())
    merchant.post("/language", {"language": language})

    shown = page(merchant, "/issues").replace("\N{NO-BREAK SPACE}", " ")

    assert words in shown
    assert f'href="/accounts/{account.pk}/refusals"' in shown
    assert "The SKU data conflicts." not in shown


def test_the_notice_names_one_cause_of_all_and_amazons_text_where_it_is_unknown(merchant, account):
    refuse(account, "A", "6024")
    watch.derive_issues(wiring.deps())
    assert "1\N{NO-BREAK SPACE}offer, A among them: Amazon does not let your account sell this brand." in page(
        merchant, "/issues"
    )

    models.Offer.objects.all().delete()
    refuse(account, "B", "777", "Odd.")
    watch.derive_issues(wiring.deps())
    assert "B among them: Odd." in page(merchant, "/issues")


def test_the_accounts_page_leads_here(merchant, account):
    assert f'href="/accounts/{account.pk}/refusals"' in page(merchant, f"/accounts/{account.pk}")


def forain(*arguments):
    done = CliRunner().invoke(main, ["refusals", *map(str, arguments)])
    assert done.exit_code in (0, 1, 2), done.output
    return done.exit_code, done.output


def test_what_the_page_can_the_command_line_can(account, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    assert forain(account.pk) == (0, "Amazon refuses nothing. All that was told was taken.\n")
    refuse(account, "SOAP", text="It conflicts\x1b[31m.")
    refuse(account, "TEA", "777", "Odd.")
    refuse(account, "OIL")

    code, told = forain(account.pk)
    lines = told.splitlines()
    assert code == 0
    assert lines[0].startswith("8541: 2\N{NO-BREAK SPACE}offers, since ")
    assert (
        lines[1]
        == "  The product number (EAN, UPC or ISBN) belongs to a product on Amazon whose data contradict yours."
    )
    assert lines[2].startswith("  What to do: Compare the two in Seller Central.")
    assert lines[3] == "  Amazon says: “It conflicts\\x1b[31m.”"
    assert lines[4] == "  SOAP OIL"
    assert "TEA" not in forain(account.pk, "--code", "8541")[1]
    assert marked() == []

    assert forain(account.pk, "--code", "1", "--retry") == (
        1,
        f"Error: nothing is refused with the code 1; see: forain refusals {account.pk}\n",
    )
    assert forain(account.pk, "--code", "777", "--retry")[1].splitlines()[-1] == (
        "1\N{NO-BREAK SPACE}offer is tried again. What Amazon takes disappears from here."
    )
    assert marked() == ["TEA"]
    assert forain(account.pk, "--retry")[0] == 0
    assert marked() == ["OIL", "SOAP", "TEA"]
    assert models.Journal.objects.filter(code="refusals_retried").first().placeholders["by"] == "command line"
    assert forain(99)[0] == 1

    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert "Was zu tun ist: Vergleichen Sie beide in Seller Central." in forain(account.pk)[1]
