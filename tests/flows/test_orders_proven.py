"""No order is missing, and that is proven: Amazon's own report counts them, and what it has more is read and imported."""

import gzip
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from forain.core.secret import Secret
from forain.engine import jobs
from forain.flows import authorize, import_orders
from forain.net.addresses import Forbidden
from forain.store import models, runs

from .conftest import DAY, cutting

HOUR = 3600


def step(house, *flows):
    """Run these flows of the account now, whatever they are planned for."""
    runs.force(f"account:{house.account_id}", house.deps.clock.now(), list(flows))
    for flow in flows:
        jobs.run(house.deps, flow, f"account:{house.account_id}")


def read(house):
    """The lists of orders are read twice, minutes apart, and what they show is worked off."""
    for _ in range(2):
        step(house, "import_orders")
        house.advance(400)


def go_on(house):
    """Wait until the proof is due again, and let it go one step; the answer is how long that was, in seconds."""
    wait = (models.Run.objects.get(flow="prove_orders").due_at - house.deps.clock.now()).total_seconds()
    house.advance(max(wait, 0))
    jobs.run(house.deps, "prove_orders", f"account:{house.account_id}")
    return wait


def prove(house, most=40):
    """Let the proof go on, each step when it is due, until it has compared a count; the answer is its newest one."""
    known = models.OrderProof.objects.count()
    for _ in range(most):
        go_on(house)
        if models.OrderProof.objects.count() > known:
            step(house, "import_orders", "prove_orders")
            jobs.run(house.deps, "derive_issues", "house")
            return models.OrderProof.objects.latest("id")
    line = models.Run.objects.get(flow="prove_orders")
    raise AssertionError(f"no count: {line.error} {line.places}")


def day_passes(house, days=1.1):
    house.advance(days * DAY)
    read(house)


def place(house):
    return models.Run.objects.get(flow="prove_orders").places.get("count", {})


def asked(house, operation):
    return len([r for r in house.control("GET", "requests") if r["operation"] == operation])


def files(house, change):
    """From now on the files of reports are changed on their way: bytes, unpacked, to bytes."""
    answer = house.box.answer

    def garbled(request):
        response = answer(request)
        if request.parts[0] == "documents":
            packed = response.body.startswith(b"\x1f\x8b")
            response.body = change(gzip.decompress(response.body) if packed else response.body)
        return response

    house.box.answer = garbled
    return lambda: setattr(house.box, "answer", answer)


def stop(house):
    house.control("POST", f"sellers/{house.seller}/revoke", {})
    for _ in range(4):
        house.advance(100)
        runs.force(f"account:{house.account_id}", house.deps.clock.now())
        house.tick()
    assert house.account.standing == "refused"


def renew(house):
    told = {"application_id": house.application["application_id"]}
    token = house.control("POST", f"sellers/{house.seller}/authorize", told)
    authorize.enter_token(house.deps, house.account, Secret(token["refresh_token"]), None)
    house.advance(180)


@pytest.fixture
def open_house(house):
    """Connected, with one order in the shop."""
    house.tick()
    house.live(120, step=40)
    house.first = house.buy("SOAP")["order_id"]
    read(house)
    assert house.shop_orders() == [house.first]
    return house


def test_a_day_of_orders_is_counted_and_none_is_missing(open_house):
    pending, cancelled = open_house.buy("OIL", pending_seconds=30 * DAY), open_house.buy("OIL")
    read(open_house)
    open_house.control("POST", f"orders/{cancelled['order_id']}/cancel", {})
    day_passes(open_house)

    proof = prove(open_house)

    assert (proof.orders, proof.missing, proof.worth, proof.absent, proof.unread) == (3, [], {}, 0, 0)
    assert models.Order.objects.get(order_id=pending["order_id"]).hold_reason == "pending"
    told = models.Journal.objects.get(code="orders_counted").placeholders
    assert (told["count"], told["missing"]) == ("3", "0")


def test_nothing_is_counted_before_a_day_has_passed_and_then_once_a_day(open_house):
    open_house.advance(20 * HOUR)
    read(open_house)
    step(open_house, "prove_orders")
    assert asked(open_house, "createReport") == 0
    for day in range(1, 4):
        day_passes(open_house)
        prove(open_house)
        step(open_house, "prove_orders")
        assert asked(open_house, "createReport") == day

    proofs = models.OrderProof.objects.order_by("id")
    assert all(later.since < earlier.until for earlier, later in pairwise(proofs))


def test_an_order_that_no_list_ever_shows_is_found_read_and_imported(open_house):
    open_house.control("POST", "faults", {"kind": "omit", "count": 2})
    lost = sorted(open_house.buy(sku)["order_id"] for sku in ("OIL", "SOAP"))
    day_passes(open_house)
    assert open_house.shop_orders() == [open_house.first]

    proof = prove(open_house)

    assert open_house.shop_orders() == sorted([open_house.first, *lost])
    assert (proof.orders, proof.missing, proof.still_missing) == (3, lost, [])
    assert open_house.journal().count("orders_left_out") == 1
    told = models.Journal.objects.get(code="orders_counted").placeholders
    assert (told["count"], told["missing"], told["now"], told["orders"]) == ("3", "2", "0", ", ".join(lost))
    assert "orders_left_out" not in open_house.refused_codes()


def test_what_cannot_be_read_yet_is_named_until_it_is(open_house):
    open_house.control("POST", "faults", {"kind": "omit", "count": 1})
    lost = open_house.buy("OIL")["order_id"]
    day_passes(open_house)
    open_house.control("POST", "faults", {"kind": "unknown-enum", "operation": "getOrder"})

    proof = prove(open_house)

    assert (proof.orders, proof.still_missing) == (2, [lost])
    notice = models.Notice.objects.get(code="orders_left_out", closed_at=None)
    assert (notice.placeholders["count"], notice.placeholders["orders"]) == ("1", lost)
    open_house.control("DELETE", "faults")
    open_house.advance(HOUR)
    step(open_house, "import_orders", "prove_orders")
    jobs.run(open_house.deps, "derive_issues", "house")
    proof.refresh_from_db()
    assert (proof.missing, proof.still_missing) == ([lost], [])
    assert lost in open_house.shop_orders()
    assert "orders_left_out" not in open_house.refused_codes()


def test_a_cancellation_and_a_payment_that_no_list_shows_are_seen(open_house):
    paid = open_house.buy("OIL", pending_seconds=2 * HOUR)["order_id"]
    cancelled = open_house.buy("SOAP")["order_id"]
    read(open_house)
    open_house.box.world.state.omitted += [paid, cancelled]
    open_house.control("POST", f"orders/{cancelled}/cancel", {})
    day_passes(open_house)
    assert paid not in open_house.shop_orders()

    assert prove(open_house).missing == []

    assert paid in open_house.shop_orders()
    assert [p.stem for p in (open_house.folder / "orders/cancelled").iterdir()] == [cancelled]


def test_an_amount_that_our_book_has_otherwise_is_read_once_more(open_house):
    models.Order.objects.update(total_minor=1)
    day_passes(open_house)

    assert prove(open_house).worth == {}

    assert models.Order.objects.get().total_minor == 1180
    assert "orders_differ" not in open_house.refused_codes()


def test_an_amount_that_stays_another_is_a_note_for_a_person(open_house):
    files(open_house, lambda body: body.replace(b"\t6.90\t", b"\t5.90\t"))
    day_passes(open_house)

    assert prove(open_house).worth == {open_house.first: ["10.80 EUR"]}

    notice = models.Notice.objects.get(code="orders_differ", closed_at=None)
    assert (notice.severity, notice.placeholders["orders"]) == ("note", open_house.first)
    assert open_house.shop_orders() == [open_house.first]


def test_an_order_cancelled_while_it_is_counted_differs_from_nothing(open_house):
    day_passes(open_house)
    step(open_house, "prove_orders")
    open_house.advance(60)
    open_house.control("POST", f"orders/{open_house.first}/cancel", {})
    read(open_house)

    proof = prove(open_house)

    assert (proof.orders, proof.worth) == (1, {})
    assert "orders_differ" not in open_house.refused_codes()


def test_an_amount_that_differed_is_no_matter_any_more_once_the_order_is_cancelled(open_house):
    files(open_house, lambda body: body.replace(b"\t6.90\t", b"\t5.90\t"))
    day_passes(open_house)
    assert prove(open_house).worth == {open_house.first: ["10.80 EUR"]}
    open_house.control("POST", f"orders/{open_house.first}/cancel", {})

    open_house.advance(HOUR)
    step(open_house, "import_orders", "prove_orders")
    jobs.run(open_house.deps, "derive_issues", "house")

    assert "orders_differ" not in open_house.refused_codes()


def test_after_a_stop_the_gap_is_counted_as_soon_as_amazon_can_have_counted_it(open_house):
    stop(open_house)
    open_house.control("POST", "faults", {"kind": "omit", "count": 1})
    lost, seen = (open_house.buy(sku)["order_id"] for sku in ("OIL", "SOAP"))
    open_house.advance(2 * HOUR)
    renew(open_house)
    read(open_house)
    assert open_house.shop_orders() == sorted([open_house.first, seen])
    step(open_house, "prove_orders")
    assert asked(open_house, "createReport") == 0
    open_house.advance(HOUR)
    read(open_house)

    proof = prove(open_house)

    assert proof.until >= open_house.account.resumed_at
    assert (proof.orders, proof.missing, proof.still_missing) == (3, [lost], [])
    assert lost in open_house.shop_orders()


def test_what_the_list_left_out_between_the_last_proof_and_a_stop_is_proven_after_it(open_house):
    day_passes(open_house)
    proven = prove(open_house)
    open_house.control("POST", "faults", {"kind": "omit", "count": 1})
    lost = open_house.buy("OIL")["order_id"]
    open_house.advance(12 * HOUR)
    read(open_house)
    stop(open_house)
    open_house.advance(20 * DAY)
    renew(open_house)
    assert open_house.account.catch_up_from > proven.until
    read(open_house)
    assert lost not in open_house.shop_orders()
    open_house.advance(HOUR)
    read(open_house)

    proof = prove(open_house)

    assert proof.since < proven.until < open_house.account.resumed_at <= proof.until
    assert (proof.whole, proof.missing, proof.still_missing) == (True, [lost], [])
    assert lost in open_house.shop_orders()


def test_a_gap_longer_than_a_report_spans_is_counted_piece_by_piece_to_its_end(open_house):
    first = open_house.account.import_since
    open_house.rotate()
    open_house.advance(70 * DAY)
    recent = open_house.buy("OIL")["order_id"]
    read(open_house)
    open_house.advance(HOUR)
    read(open_house)

    proofs = [prove(open_house)]
    while proofs[-1].until - first < (open_house.deps.clock.now() - first) * 0.98:
        proofs.append(prove(open_house))

    assert all((proof.until - proof.since).days <= 29 for proof in proofs)
    assert all(later.since <= earlier.until for earlier, later in pairwise(proofs))
    assert (proofs[0].since, proofs[-1].missing) == (first, [])
    assert recent in open_house.shop_orders()
    assert len(proofs) <= 4


def test_a_report_that_failed_is_asked_for_anew_after_an_hour(open_house):
    open_house.control("POST", "faults", {"kind": "report-fatal", "count": 2})
    day_passes(open_house)
    waits = []
    while not models.OrderProof.objects.exists():
        waits.append(go_on(open_house))

    assert len([wait for wait in waits if 3500 < wait <= 3600]) == 2
    assert asked(open_house, "createReport") == 3
    assert open_house.journal().count("count_in_vain") == 1
    assert models.OrderProof.objects.get().missing == []


def test_a_report_cancelled_though_there_are_orders_is_believed_by_nobody(open_house):
    open_house.control("POST", "faults", {"kind": "report-cancelled", "count": 1})
    day_passes(open_house)

    first, second = prove(open_house), prove(open_house)

    assert (first.whole, first.absent, first.orders) == (False, 1, 0)
    assert (second.whole, second.orders, second.missing, second.since) == (True, 1, [], first.since)
    assert (second.done_at - first.done_at).total_seconds() >= HOUR


def test_a_quiet_day_is_cancelled_by_amazon_and_that_is_believed(house):
    house.tick()
    house.live(40, step=20)
    read(house)
    day_passes(house)

    proof = prove(house)

    assert (proof.whole, proof.orders) == (True, 0)


def test_a_very_slow_report_is_waited_for_ever_more_rarely_and_given_up_in_the_end(open_house):
    day_passes(open_house)
    open_house.box.world.write_delay = (DAY, DAY)
    while not place(open_house):
        go_on(open_house)
    begun = open_house.deps.clock.now()
    waits = [go_on(open_house)]
    while place(open_house):
        waits.append(go_on(open_house))

    assert 6 * HOUR < (open_house.deps.clock.now() - begun).total_seconds() < 7 * HOUR
    assert (min(waits) >= 29, max(waits) <= 901, len(waits) < 60) == (True, True, True)
    assert "count_in_vain" in open_house.journal()


@pytest.mark.parametrize("operation", ["createReport", "getReport", "getReportDocument"])
@pytest.mark.parametrize("kind", ["cut", "cut-after-write", "status-500", "html-503", "truncated", "throttle"])
def test_an_ill_amazon_costs_time_and_never_the_count(open_house, operation, kind):
    open_house.control("POST", "faults", {"kind": "omit", "count": 1})
    lost = open_house.buy("OIL")["order_id"]
    day_passes(open_house)
    open_house.control("POST", "faults", {"kind": kind, "operation": operation, "count": 2})

    proof = prove(open_house, most=60)

    assert (proof.orders, proof.missing, proof.still_missing) == (2, [lost], [])


def test_a_crash_goes_on_with_the_same_report(open_house):
    day_passes(open_house)
    while not place(open_house):
        go_on(open_house)
    begun = place(open_house)["cursor"]

    def dies(body):
        raise SystemExit

    mended = files(open_house, dies)
    with pytest.raises(SystemExit):
        prove(open_house)
    assert place(open_house)["cursor"] == begun
    mended()

    prove(open_house)

    assert asked(open_house, "createReport") == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body[:-60],
        lambda body: body[: body.index(b"\n", body.index(b"\n") + 1) + 1],
        lambda body: body[: body.index(b"\n") + 1],
        lambda body: body + b"one line that nobody can read\n",
    ],
)
def test_a_report_that_was_cut_is_no_proof_and_is_asked_for_anew(open_house, change):
    open_house.buy("OIL")
    read(open_house)
    day_passes(open_house)
    mended = files(open_house, change)

    proof = prove(open_house)

    assert not proof.whole or proof.orders == 2
    assert open_house.journal().count("orders_counted") == int(proof.whole)
    mended()
    if not proof.whole:
        again = prove(open_house)
        assert (again.whole, again.orders, again.missing, again.since) == (True, 2, [], proof.since)


def test_a_report_never_whole_is_asked_for_thrice_and_then_once_a_day(open_house):
    files(open_house, lambda body: body[: body.index(b"\n") + 1])
    day_passes(open_house)

    for _ in range(3):
        prove(open_house)
    with pytest.raises(AssertionError):
        prove(open_house)

    assert [proof.tries for proof in models.OrderProof.objects.order_by("id")] == [1, 2, 3]
    assert open_house.journal().count("count_not_whole") == 1
    day_passes(open_house)
    assert prove(open_house).tries == 4


def test_days_whose_counts_were_never_whole_are_counted_again_until_one_is(open_house):
    open_house.control("POST", "faults", {"kind": "omit", "count": 1})
    lost = open_house.buy("OIL")["order_id"]
    mended = files(open_house, lambda body: body[: body.index(b"\n") + 1])
    for _ in range(10):
        open_house.buy("SOAP")
        day_passes(open_house)
        assert not prove(open_house, most=4).whole
    assert lost not in open_house.shop_orders()
    mended()
    day_passes(open_house)

    proof = prove(open_house)

    assert (proof.whole, proof.missing, proof.still_missing) == (True, [lost], [])
    assert lost in open_house.shop_orders()
    day_passes(open_house)
    assert (proof.until - prove(open_house).since).total_seconds() == 7 * DAY


def test_days_that_are_never_counted_whole_do_not_keep_the_newest_from_being_counted(open_house):
    begin = open_house.account.import_since
    files(open_house, lambda body: body[: body.index(b"\n") + 1])
    for days in (10, 10, 10, 10):
        open_house.buy("SOAP")
        day_passes(open_house, days)
        newest = prove(open_house)

    assert newest.since > begin
    assert (newest.until - newest.since).days == 28
    assert open_house.deps.clock.now() - newest.until < timedelta(hours=8)


def test_an_order_that_cannot_be_read_is_missing_also_when_the_counts_begin_after_it(open_house):
    open_house.control("POST", "faults", {"kind": "omit", "count": 1})
    lost = open_house.buy("OIL")["order_id"]
    open_house.control("POST", "faults", {"kind": "unknown-enum", "operation": "getOrder"})
    day_passes(open_house)
    assert prove(open_house).still_missing == [lost]
    for days in (6, 3):
        day_passes(open_house, days)
        proof = prove(open_house)

    assert (proof.whole, proof.missing, proof.still_missing) == (True, [], [lost])
    assert "orders_left_out" in open_house.refused_codes()
    open_house.control("DELETE", "faults")
    open_house.advance(HOUR)
    step(open_house, "import_orders", "prove_orders")
    jobs.run(open_house.deps, "derive_issues", "house")
    proof.refresh_from_db()
    assert proof.still_missing == []
    assert lost in open_house.shop_orders()
    assert "orders_left_out" not in open_house.refused_codes()


def test_a_file_that_is_none_is_asked_for_anew_and_stops_no_import(open_house):
    mended = files(open_house, lambda body: b"<html>")
    day_passes(open_house)
    for _ in range(6):
        go_on(open_house)
    assert models.Run.objects.get(flow="prove_orders").error.startswith("malformed")
    assert place(open_house) == {}
    order = open_house.buy("OIL")["order_id"]
    read(open_house)
    assert order in open_house.shop_orders()
    mended()

    assert prove(open_house).missing == []


def test_the_address_of_a_file_is_opened_only_where_forain_may_go(make_house):
    def guarding(box):
        """A wire behind which storage is a private address: what the guard at the transport says of it."""
        inner = cutting(box)

        def answer(environ, start_response):
            if environ["PATH_INFO"].startswith("/documents/"):
                raise Forbidden("address_private", "box", "10.0.0.1")
            return inner(environ, start_response)

        return answer

    house = make_house(transport=guarding)
    house.tick()
    house.buy("SOAP")
    read(house)
    day_passes(house)
    for _ in range(6):
        go_on(house)

    assert models.OrderProof.objects.count() == 0
    assert "address_private" in models.Run.objects.get(flow="prove_orders").error


def test_an_application_without_the_role_is_told_so_and_orders_go_on(open_house, monkeypatch):
    day_passes(open_house)
    open_house.control("POST", "faults", {"kind": "forbidden", "operation": "createReport"})

    step(open_house, "prove_orders")

    assert open_house.account.denied_operations["createReport"]["role"] == "Inventory and Order Tracking"
    assert open_house.account.standing == "granted"
    order = open_house.buy("OIL")["order_id"]
    read(open_house)
    assert order in open_house.shop_orders()


def test_a_marketplace_without_a_second_source_is_never_asked(open_house):
    class Opener:
        def __init__(self, inner):
            self._inner = inner

        def __getattr__(self, name):
            return getattr(self._inner, name)

        def marketplace_manifest(self, code):
            found = self._inner.marketplace_manifest(code)
            return replace(found, capabilities=found.capabilities - {"order_counter"})

    open_house.deps = replace(open_house.deps, open=Opener(open_house.deps.open))
    day_passes(open_house)
    step(open_house, "prove_orders")

    assert asked(open_house, "createReport") == 0


def test_an_order_put_aside_unread_is_missing_no_more(open_house):
    open_house.control("POST", "faults", {"kind": "omit", "count": 1})
    lost = open_house.buy("OIL")["order_id"]
    open_house.control("POST", "faults", {"kind": "unknown-enum", "operation": "getOrder"})
    day_passes(open_house)
    assert prove(open_house).still_missing == [lost]

    row = models.Order.objects.get(order_id=lost)
    import_orders.put_aside(open_house.deps, open_house.account, row, "camille")
    open_house.advance(HOUR)
    step(open_house, "prove_orders")

    assert models.OrderProof.objects.get().still_missing == []
