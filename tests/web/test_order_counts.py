"""What Amazon's own report says of the orders stands on the pages and in the journal, in the reader's language."""

from datetime import timedelta

import pytest

from forain import wiring
from forain.store import models
from forain.web import words
from tests.people import come_in

LOST = ["302-0000000-0000001", "302-0000000-0000002"]


@pytest.fixture
def account(client, transactional_db):
    come_in(client)
    now = wiring.deps().clock.now()
    shop = models.Shop.objects.create(kind="files", name="Shop", hook_name="hook", created_at=now)
    application = models.Application.objects.create(
        marketplace="amazon", kind="private", client_id="amzn1.application-oa2-client.fake", created_at=now
    )
    return models.Account.objects.create(
        marketplace="amazon", name="Europe", region="EU", seller="A1EXAMPLE23456", application=application, shop=shop,
        standing="granted", grant_no=1, granted_at=now, created_at=now,
    )  # fmt: skip


def proof(account, **told):
    now = wiring.deps().clock.now()
    fields = {"since": now - timedelta(days=1), "until": now, "orders": 12, "done_at": now, **told}
    return models.OrderProof.objects.create(account=account, **fields)


def shown(client, path, language):
    text = client.get(path, headers={"accept-language": language}).content.decode()
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").replace("&#x27;", "'").split())


@pytest.mark.parametrize(
    ("language", "missing", "found", "incomplete"),
    [
        ("en", "12 orders, 2 missing: ", "12 orders, 0 missing. Found by it and read: ", "is not complete"),
        ("fr", "12 commandes, 2 manquent : ", "12 commandes, 0 manque. Trouvées ainsi et lues : ", "est incomplet"),
        ("de", "12 Bestellungen, 2 fehlen: ", "12 Bestellungen, 0 fehlen. Dadurch gefunden und gelesen: ", "unvollständig"),
    ],
)  # fmt: skip
def test_how_many_orders_and_which_are_missing_is_on_both_pages(client, account, language, missing, found, incomplete):
    pages = ["/", f"/accounts/{account.pk}"]
    row = proof(account, missing=LOST, still_missing=LOST)
    for page in pages:
        assert missing + ", ".join(LOST) in shown(client, page, language)

    models.OrderProof.objects.filter(pk=row.pk).update(still_missing=[])
    for page in pages:
        assert found + ", ".join(LOST) in shown(client, page, language)

    proof(account, absent=3, tries=1)
    for page in pages:
        assert incomplete in shown(client, page, language)
        assert LOST[0] not in shown(client, page, language)


@pytest.mark.parametrize(
    ("language", "told"), [("en", "from {} to {}"), ("fr", "du {} au {}"), ("de", "vom {} bis {}")]
)
@pytest.mark.parametrize("absent", [0, 1])
def test_the_time_that_was_counted_has_a_beginning_and_an_end(client, account, language, told, absent):
    row = proof(account, absent=absent)
    days = [words.day(language, moment).replace("\N{NO-BREAK SPACE}", " ") for moment in (row.since, row.until)]
    clocks = [f"{words.local(moment):%H:%M}" for moment in (row.since, row.until)]
    told = told.format(*(f"{day} {clock}" for day, clock in zip(days, clocks, strict=True)))
    for page in ("/", f"/accounts/{account.pk}"):
        assert told in shown(client, page, language)


@pytest.mark.parametrize(
    ("language", "waits"),
    [
        ("en", "1 paid order is not in the shop yet."),
        ("fr", "1 commande payée n'est pas encore dans la boutique."),
        ("de", "1 bezahlte Bestellung ist noch nicht im Shop."),
    ],
)
def test_a_paid_order_that_is_not_in_the_shop_is_counted_beside_the_report_and_can_be_put_aside(
    client, account, language, waits
):
    proof(account)
    now = wiring.deps().clock.now()
    row = models.Order.objects.create(
        account=account, order_id=LOST[0], site="A13V1IB3VIYZZH", state="creating", status="unshipped",
        fulfilled_by="merchant", purchased_at=now, updated_at=now, seen_at=now, intent_at=now, error="server_fault",
    )  # fmt: skip
    models.Notice.objects.create(
        code="order_not_created", subject=f"account:{account.pk}", severity="warning", account=account, opened_at=now,
        placeholders={"count": "1", "orders": LOST[0], "order": LOST[0], "problem": "server_fault"},
    )  # fmt: skip
    pages = ["/", f"/accounts/{account.pk}"]
    for page in pages:
        assert waits in shown(client, page, language)
    told = shown(client, "/issues", language)
    assert LOST[0] in told
    assert "state=creating" in told
    assert "order_not_created" not in told
    assert LOST[0] in shown(client, "/orders?state=creating", language)
    page = shown(client, f"/orders/{row.pk}", language)
    assert f"/orders/{row.pk}/retry" in page

    client.post(f"/orders/{row.pk}/aside")

    for page in pages:
        assert waits not in shown(client, page, language)


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_the_journal_and_the_list_of_what_to_do_name_them(client, account, language):
    now = wiring.deps().clock.now()
    told = {
        "count": "12", "missing": "2", "now": "0", "orders": ", ".join(LOST), "absent": "0", "unread": "0", "word": "FATAL",
        "since": "2026-03-01T10:00:00.000Z", "date": "2026-03-02T10:00:00.000Z", "order": LOST[0],
    }  # fmt: skip
    for code in ("orders_left_out", "orders_counted", "count_not_whole", "count_in_vain"):
        models.Journal.objects.create(at=now, correlation="c", account=account, code=code, placeholders=told)
    for code in ("orders_left_out", "orders_differ"):
        models.Notice.objects.create(
            code=code,
            subject=f"account:{account.pk}",
            severity="note",
            placeholders=told,
            account=account,
            opened_at=now,
        )

    journal, issues = shown(client, "/journal", language), shown(client, "/issues", language)

    assert journal.count(", ".join(LOST)) == 2
    assert issues.count(", ".join(LOST)) == 2
    for page in (journal, issues):
        assert not [
            code for code in ("orders_left", "orders_count", "count_not", "count_in", "orders_diff") if code in page
        ]
        assert "{" not in page.split("<main", 1)[1]
    assert f"q={LOST[0]}" in issues
