"""Runs seeds, shrinks what fails to a short story, plants the mutants, and prints one table. `./forain simulate` is here."""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from . import mutants
from .events import EVENTS
from .story import Plan, Told, tell

FEWEST_EVENTS_A_DAY = 2.0
"""A run of at least a hundred days in which less than that happens proves nothing, whatever holds."""
SHRINK_RUNS = 40
"""So many shorter stories are tried at most for one that failed."""
CAUGHT_BY: dict[str, tuple[float, int, tuple[str, ...]]] = {
    "any_road_will_do": (3, 1, ("by_one_road_within_an_hour",)),
    "check_then_insert": (3, 13, ("never_twice_in_the_shop",)),
    "create_without_looking": (3, 15, ("never_twice_in_the_shop",)),
    "dead_creations_stay_dead": (3, 7, ("every_due_order_is_in_the_shop_once", "the_book_is_worked_off")),
    "creations_are_not_noted": (3, 0, ("the_book_is_worked_off",)),
    "cancelled_orders_live_on": (3, 21, ("every_due_order_is_in_the_shop_once",)),
    "settle_whatever_is_wanted": (3, 0, ("settled_is_what_was_looked_at",)),
    "ignore_the_grant": (3, 2, ("refusals_only_of_the_present_grant",)),
    "replace_for_merge": (3, 0, ("amazon_shows_what_the_rules_say",)),
    "retry_a_refusal": (3, 2, ("a_refusal_is_not_repeated",)),
    "trust_what_was_told": (3, 0, ("never_raised_by_older_knowledge",)),
    "mark_before_sending": (3, 1, ("amazon_shows_what_the_rules_say",)),
    "forget_pending_stock": (3, 0, ("never_raised_by_older_knowledge",)),
    "stock_before_sold_pieces": (3, 14, ("never_raised_by_older_knowledge",)),
    "raise_over_a_fall": (3, 10, ("never_raised_over_a_fall_that_was_seen",)),
    "lists_are_never_late": (
        3,
        5,
        ("the_count_misses_nothing", "every_due_order_is_in_the_shop_once", "never_raised_over_a_fall_that_was_seen"),
    ),
    "unit_price_for_line_total": (3, 0, ("amounts_to_the_cent",)),
    "a_quantity_for_everything": (3, 0, ("no_quantity_for_what_amazon_fulfils",)),
    "a_bucket_for_each_worker": (3, 1, ("within_the_rate_limits",)),
    "always_allowed": (3, 0, ("nothing_without_permission",)),
    "remind_again": (3, 0, ("reminders_once",)),
    "confirmed_before_it_is_told": (3, 16, ("each_shipment_is_confirmed_once",)),
    "issues_never_close": (3, 7, ("open_issues_tell_the_truth",)),
    "unforeseen": (3, 1, ("no_line_stopped_by_a_bug",)),
    "buyers_stay": (6, 14, ("no_buyer_after_the_retention_date",)),
    "buyers_come_back": (6, 1, ("no_buyer_after_the_retention_date",)),
    "confirms_for_everybody": (3, 10, ("each_account_for_itself",)),
    "one_access_token_for_all": (3, 0, ("each_account_for_itself",)),
    "marks_are_lost": (3, 10, ("amazon_shows_what_the_rules_say",)),
    "nothing_is_sealed": (3, 0, ("nothing_private_in_the_open",)),
    "stops_are_not_told": (3, 0, ("a_stop_is_told",)),
    "looks_all_the_time": (3, 0, ("looks_keep_their_pauses",)),
    "works_while_paused": (3, 0, ("nothing_for_the_shop_while_paused",)),
    "renewed_in_pieces": (3, 6, ("the_last_token_is_in_force", "refusals_only_of_the_present_grant", "a_stop_is_told")),
    "refused_goes_on": (3, 6, ("nothing_without_permission",)),
    "a_scope_for_each_worker": (3, 0, ("no_call_without_a_token_of_its_bucket",)),
    "a_bucket_of_another_operation": (3, 0, ("no_call_without_a_token_of_its_bucket",)),
    "never_remind": (3, 0, ("reminders_once",)),
    "a_quantity_takes_the_handling_time_away": (1, 0, ("amazon_shows_what_the_rules_say",)),
    "prices_without_percent": (3, 1, ("amazon_shows_what_the_rules_say",)),
    "one_address_for_all": (3, 0, ("to_the_buyer",)),
    "calls_within_a_transaction": (3, 0, ("no_call_out_within_a_transaction",)),
    "orders_of_everybody": (3, 8, ("no_foreign_order_in_the_shop",)),
    "writes_without_a_word": (3, 0, ("nothing_written_without_the_merchants_word",)),
    "the_first_token_stays": (3, 0, ("refusals_only_of_the_present_grant", "the_last_token_is_in_force")),
    "ill_for_ever": (3, 0, ("every_side_answers",)),
    "the_journal_repeats_itself": (3, 0, ("the_journal_tells_each_thing_once",)),
    "the_widest_rule_counts": (3, 3, ("amazon_shows_what_the_rules_say",)),
    "put_off_for_ever": (3, 2, ("amazon_shows_what_the_rules_say", "no_offer_stays_marked")),
    "settled_is_not_noted": (3, 0, ("no_offer_stays_marked",)),
    "denied_for_ever": (3, 4, ("permission_stands",)),
    "refusals_are_not_told": (3, 1, ("a_refusal_is_told",)),
    "noted_before_it_is_sent": (3, 6, ("nobody_goes_unreminded",)),
    "another_mail_each_time": (3, 12, ("each_reminder_comes_once",)),
    "everybody_reads_english": (3, 0, ("reminded_in_their_language",)),
    "confirms_what_is_cancelled": (3, 0, ("no_confirmation_for_a_cancelled_order",)),
    "tells_without_a_claim": (3, 0, ("told_while_the_claim_lives",)),
    "lands_by_any_date": (3, 12, ("open_issues_tell_the_truth", "nobody_lands_before_the_day")),
    "lands_when_it_is_announced": (3, 34, ("nobody_lands_before_the_day",)),
    "the_brake_is_off": (3, 3, ("a_broken_file_empties_no_shelf",)),
    "jumps_are_told": (3, 0, ("no_jump_without_a_word",)),
    "each_site_tells_its_own": (3, 0, ("one_site_tells_for_all", "amazon_shows_what_the_rules_say")),
    "the_most_pieces_count": (3, 3, ("amazon_shows_what_the_rules_say",)),
    "a_pause_stops_all_or_nothing": (3, 10, ("nothing_told_of_a_part_that_is_paused",)),
}
"""Mutant -> the shortest days and the first seed known to catch it, and the invariants it is to break: first the one that was
broken in that story."""
NO_MUTANT = {"told_to_its_end", "each_sku_once_in_a_feed"}
"""Not an invariant of the product, or held by the database alone (`feed_sku_once`): no planted defect is to break it."""


DOES_NOT_WORK = ("no_line_stopped_by_a_bug", "told_to_its_end")
"""What breaks where the planted defect itself is broken."""


@dataclass
class Sum:
    """What a run of many seeds came to."""

    seeds: int = 0
    days: float = 0.0
    steps: int = 0
    killed: int = 0
    events: int = 0
    counts: int = 0
    seconds: float = 0.0
    whole: bool = True
    """No story was told without some of its events."""

    def tell(self, plan: Plan) -> Told:
        """Tell a story, and count it."""
        begun = time.monotonic()
        told = tell(plan)
        self.seconds += time.monotonic() - begun
        self.seeds += 1
        self.days += plan.days
        self.steps += told.steps
        self.killed += told.killed
        self.events += told.events
        self.counts += told.counts
        self.whole &= not plan.without and plan.most_events is None
        return told

    def figures(self) -> dict[str, float]:
        """What can be added up over several runs."""
        return {
            "seeds": self.seeds, "days": self.days, "steps": self.steps, "events": self.events,
            "counts of all orders": self.counts, "workers killed": self.killed, "seconds of one core": self.seconds,
        }  # fmt: skip

    @property
    def too_quiet(self) -> bool:
        """So little happened that nothing is proven."""
        return self.whole and self.days >= 100 and self.events < FEWEST_EVENTS_A_DAY * self.days

    def table(self) -> str:
        seconds = max(self.seconds, 0.001)
        return (
            f"seeds {self.seeds} | days {self.days:g} | steps {self.steps} | events {self.events} ({self.events / max(self.days, 0.01):.1f} a day) | workers killed {self.killed} | "
            f"{self.seconds:.0f} s | {self.steps / seconds:.0f} steps a second | {self.days / seconds:.2f} account-days a second"
        )


def command(plan: Plan) -> str:
    """What replays a story."""
    more = "".join(f" --without {name!r}" for name in sorted(plan.without))
    more += "".join(f" --loud {name!r}" for name in sorted(plan.loud))
    more += f" --most-events {plan.most_events}" if plan.most_events is not None else ""
    return f"./forain simulate --seed {plan.seed} --days {plan.days:g}{more} --trace"


def shrink(told: Told) -> Told:
    """The shortest story found that breaks the same invariant: fewer days, fewer kinds of events, fewer events."""
    assert told.failure is not None
    best, left = told, SHRINK_RUNS

    def still(plan: Plan) -> bool:
        nonlocal best, left
        if left <= 0:
            return False
        left -= 1
        again = tell(plan)
        if again.failure is None or told.failure is None or again.failure.invariant != told.failure.invariant:
            return False
        best = again
        return True

    while best.plan.days > 0.02 and still(replace(best.plan, days=round(best.plan.days / 2, 4))):
        pass
    # Kinds that did not happen go at once; then one by one, the rarest reasons first.
    still(replace(best.plan, without=frozenset(EVENTS) - best.kinds))
    for name in sorted(best.kinds):
        still(replace(best.plan, without=best.plan.without | {name}))
    low, high = 0, best.events
    while low < high:
        middle = (low + high) // 2
        if still(replace(best.plan, most_events=middle)):
            high = middle
        else:
            low = middle + 1
    return best


def shortened(told: Told) -> str:
    """The short story of a failed seed, and how to see it again."""
    short = shrink(told)
    return "\n".join([f"short: {command(short.plan)}", *short.trace[-60:]])


def seeds(numbers: Iterable[int], days: float) -> tuple[Sum, list[Told]]:
    """Tell each seed; the answer is the sum and those that failed."""
    whole = Sum()
    told = [whole.tell(Plan(seed, days)) for seed in numbers]
    return whole, [one for one in told if one.failure is not None]


def caught(name: str, most: int, days: float, first: int = 0) -> Told | None:
    """The first seed in which the mutant breaks what it is to break; None: it does in none of `most`. Raises
    AssertionError where the same story does not hold without it either: then nothing is proven."""
    for seed in range(first, first + most):
        plan = Plan(seed, days, frozenset(mutants.WITHOUT.get(name, ())), loud=frozenset(mutants.LOUD[name]))
        with mutants.MUTANTS[name]():
            told = tell(plan)
        if told.failure is None:
            continue
        if told.failure.invariant in DOES_NOT_WORK and name != "unforeseen":
            raise AssertionError(f"{name} does not work any more: {told.failure}")
        if told.failure.invariant not in CAUGHT_BY[name][2]:
            continue
        # What happens after the failure proves nothing about it; a rest comes after what did.
        until = replace(plan, days=min(plan.days, round(told.days + 0.001, 3)))
        plain = tell(until)
        if plain.failure is not None:
            raise AssertionError(f"without {name} it does not hold either: {plain.failure}\nagain: {command(until)}")
        return told
    return None


def main(
    number: int,
    days: float,
    seed: int | None,
    trace: bool,
    without: frozenset[str],
    loud: frozenset[str],
    most_events: int | None,
    planted: bool,
    shrinking: bool,
) -> int:
    """`./forain simulate`: 0 when all held."""
    unknown = sorted((without | loud) - set(EVENTS))
    if unknown:
        print(f"nothing is called {', '.join(unknown)}; there are: {', '.join(EVENTS)}")
        return 2
    logging.getLogger().handlers.clear()
    first = seed or 0
    if planted:
        missed = 0
        for name in mutants.MUTANTS:
            told = caught(name, number, days, first)
            missed += told is None
            by = f"seed {told.plan.seed}: {told.failure}" if told else "NOT CAUGHT"
            print(f"{name:28} {by[:150]}", flush=True)
        return 1 if missed else 0
    whole = Sum()
    failures = 0
    for one in range(first, first + number):
        told = whole.tell(Plan(one, days, without, most_events, loud))
        if trace:
            print("\n".join(told.trace), flush=True)
        if told.failure is None:
            continue
        failures += 1
        print(f"seed {one}: {told.failure}\nagain: {command(told.plan)}", flush=True)
        if shrinking and not trace:
            print(shortened(told), flush=True)
    print(f"{whole.table()} | failed {failures}")
    if whole.too_quiet:
        print(f"less than {FEWEST_EVENTS_A_DAY:g} events a day happened: this proves nothing")
    return 1 if failures or whole.too_quiet else 0
