"""The issue catalogue: what only a person can mend. Issues are derived from facts, never written by hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from forain.core import authorization, landing, people
from forain.core.authorization import Application, Facts, Phase
from forain.core.clock import Instant
from forain.core.landing import NO_LANDING, Landing, Stage

SIDE_ILL_AFTER = timedelta(minutes=30)
"""So long a side may be away before a person is told."""


class Severity(StrEnum):
    """How much it presses: something stands still, soon will, or is worth knowing."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTE = "note"


CATALOGUE: dict[str, Severity] = {
    "authorization_expired": Severity.CRITICAL,
    "authorization_revoked": Severity.CRITICAL,
    "authorization_overdue": Severity.CRITICAL,
    "authorization_expiring": Severity.WARNING,
    "authorization_doubted": Severity.NOTE,
    "landing_announced": Severity.WARNING,
    "landing_held": Severity.CRITICAL,
    "landing_under_way": Severity.CRITICAL,
    "emptied": Severity.CRITICAL,
    "holiday": Severity.NOTE,
    "accounts_doubted": Severity.WARNING,
    "application_refused": Severity.CRITICAL,
    "secret_overdue": Severity.CRITICAL,
    "secret_expiring": Severity.WARNING,
    "rotation_unanswered": Severity.CRITICAL,
    "rotation_refused": Severity.WARNING,
    "new_secret_refused": Severity.WARNING,
    "queue_failing": Severity.WARNING,
    "queue_refused": Severity.WARNING,
    "queue_unreadable": Severity.WARNING,
    "clock_wrong": Severity.CRITICAL,
    "plan_individual": Severity.CRITICAL,
    "listings_suspended": Severity.WARNING,
    "role_missing": Severity.WARNING,
    "side_ill": Severity.WARNING,
    "mail_failing": Severity.WARNING,
    "mail_refused": Severity.WARNING,
    "webhook_failing": Severity.WARNING,
    "site_read_only": Severity.NOTE,
    "offer_refused": Severity.WARNING,
    "offer_not_taken": Severity.WARNING,
    "offer_not_on_marketplace": Severity.WARNING,
    "offer_held": Severity.WARNING,
    "brake_zero": Severity.CRITICAL,
    "brake_prices": Severity.CRITICAL,
    "price_jump": Severity.WARNING,
    "feed_failed": Severity.WARNING,
    "order_held": Severity.WARNING,
    "order_not_created": Severity.WARNING,
    "order_total_differs": Severity.WARNING,
    "cancel_asked": Severity.WARNING,
    "cancel_refused": Severity.WARNING,
    "orders_missing": Severity.CRITICAL,
    "orders_left_out": Severity.CRITICAL,
    "orders_differ": Severity.NOTE,
    "proof_overdue": Severity.WARNING,
    "orders_silent": Severity.WARNING,
    "offers_silent": Severity.WARNING,
    "shipments_silent": Severity.WARNING,
    "shipment_refused": Severity.WARNING,
    "shipments_unshown": Severity.WARNING,
    "bundles_in_part": Severity.WARNING,
    "shop_refused": Severity.CRITICAL,
    "catalogue_problem": Severity.WARNING,
    "rates_failing": Severity.WARNING,
    "rates_wrong": Severity.WARNING,
    "links_to_decide": Severity.NOTE,
    "people_to_review": Severity.WARNING,
    "internal": Severity.CRITICAL,
}
"""Every code there is. Words, cause and cure of each stand in the pages' texts, in each language."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing for a person. `subject`: which account, offer, order ("" = the whole house); `code` and
    `subject` together are its identity. `placeholders` fill its sentence, and hold no buyers' data."""

    code: str
    subject: str
    placeholders: tuple[tuple[str, str], ...] = ()

    @property
    def severity(self) -> Severity:
        """What the catalogue says of its code."""
        return CATALOGUE[self.code]


@dataclass(frozen=True, slots=True)
class Finding:
    """A count or a case some flow met and stored: one offer refused, one order held. Becomes an issue as it is."""

    code: str
    subject: str
    placeholders: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SideFact:
    """How one outside party (shop, marketplace, mail server) does. `failing_since` None: it answers.

    `clock_off`: by how many seconds our clock is ahead of the hour its answers carry (negative: behind); 0: it is right.
    """

    side: str
    failing_since: Instant | None
    error: str = ""
    clock_off: int = 0


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What the issues of one account are derived from. `selling_plan` "" when the marketplace never said."""

    subject: str
    authorization: Facts
    application: Application
    selling_plan: str = ""
    suspended_sites: tuple[str, ...] = ()
    read_only_sites: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    landing: Landing = NO_LANDING


def derive(
    accounts: Iterable[AccountFacts],
    sides: Iterable[SideFact],
    now: Instant,
    people_confirmed_at: Instant | None = None,
) -> frozenset[Issue]:
    """All issues there are at `now`. Pure: what is not in the answer is mended.

    `people_confirmed_at`: when an owner last said who still needs access; None while there is nobody. Several accounts in doubt have most likely one cause, which is not the sellers': they are one issue.
    """
    found: set[Issue] = set()
    accounts, sides = list(accounts), list(sides)
    # A shop's clock may itself be wrong; a marketplace's is right.
    marketplaces = {account.subject for account in accounts}
    for account in accounts:
        found |= _of_account(account, now)
    together = authorization.suspects({account.subject: account.authorization for account in accounts}, now)
    if together:
        found -= {Issue("authorization_doubted", subject) for subject in together}
        found.add(Issue("accounts_doubted", "", (("count", str(len(together))),)))
    for side in sides:
        if side.failing_since and now - side.failing_since >= SIDE_ILL_AFTER:
            since = side.failing_since.isoformat(timespec="minutes")
            found.add(Issue(_code_of(side.side), side.side, (("error", side.error), ("since", since))))
    off = next((side.clock_off for side in sides if side.clock_off and side.side in marketplaces), 0)
    if off:
        direction = "ahead" if off > 0 else "behind"
        found.add(Issue("clock_wrong", "house", (("cause", direction), ("minutes", str(abs(off) // 60)))))
    if people_confirmed_at is not None and people.review_due(people_confirmed_at, now):
        found.add(Issue("people_to_review", "", (("date", people_confirmed_at.isoformat()),)))
    return frozenset(found)


def _code_of(side: str) -> str:
    """A side that carries neither orders nor offers has words and a cure of its own."""
    own = {"mail": "mail_failing", "webhook": "webhook_failing", "queue": "queue_failing", "rates": "rates_failing"}
    return own.get(side.partition(":")[0], "side_ill")


def _of_account(account: AccountFacts, now: Instant) -> set[Issue]:
    """What a person must do for one account; nothing while they have taken it out."""
    found: set[Issue] = set()
    facts, subject = account.authorization, account.subject
    end = facts.expires_at.isoformat() if facts.expires_at else ""
    left = authorization.days_left(facts, now)
    guess = _guess(facts.estimated)
    match authorization.phase(facts, now):
        case Phase.EXPIRED:
            found.add(Issue("authorization_expired", subject, (("date", end), *guess)))
        case Phase.REVOKED:
            day = facts.refused_at.isoformat() if facts.refused_at else ""
            found.add(Issue("authorization_revoked", subject, (("cause", authorization.cause(facts)), ("date", day))))
        case Phase.OVERDUE:
            found.add(Issue("authorization_overdue", subject, (("date", end), *guess)))
        case Phase.EXPIRING:
            found.add(Issue("authorization_expiring", subject, (("date", end), ("days", str(left)), *guess)))
        case Phase.DOUBTED:
            if facts.doubted_at and now - facts.doubted_at >= authorization.QUIET_DOUBT:
                found.add(Issue("authorization_doubted", subject))
            if facts.expires_at and facts.expires_at > now and authorization.near(facts.expires_at, now):
                # The date is as near as it was: a hiccup does not take the reminder off the page.
                found.add(Issue("authorization_expiring", subject, (("date", end), ("days", str(left)), *guess)))
        case Phase.DISCONNECTED:
            return found
        case Phase.ACTIVE:
            pass
    found |= _of_landing(account, now)
    if account.application.refused_at:
        found.add(Issue("application_refused", subject, (("cause", account.application.refused_code),)))
    secret_end = account.application.secret_expires_at
    if secret_end and authorization.near(secret_end, now):
        told = (("date", secret_end.isoformat()), *_guess(account.application.secret_estimated))
        if now < secret_end:
            found.add(Issue("secret_expiring", subject, told))
        elif account.application.refused_at is None:
            found.add(Issue("secret_overdue", subject, told))
    if account.selling_plan == "INDIVIDUAL":
        found.add(Issue("plan_individual", subject))
    for site in account.suspended_sites:
        found.add(Issue("listings_suspended", subject, (("site", site),)))
    for site in account.read_only_sites:
        found.add(Issue("site_read_only", f"{subject}/{site}", (("site", site),)))
    # In doubt as well as refused: `reason` says what the marketplace answered last.
    denied = authorization.denied_everything(facts)
    found |= {Issue(f.code, f.subject, f.placeholders) for f in account.findings if not (denied and _said_by_cause(f))}
    return found


def _guess(estimated: bool) -> tuple[tuple[str, str], ...]:
    """The placeholder that has a sentence say that its day is not sure."""
    return (("estimated", "yes"),) if estimated else ()


def _of_landing(account: AccountFacts, now: Instant) -> set[Issue]:
    """What becomes of the quantities before the permission ends, while it is near."""
    facts, found, subject = account.authorization, account.landing, account.subject
    match landing.stage(facts, found, now):
        case Stage.ANNOUNCED:
            at = landing.begins_at(facts, found.told, now).isoformat()
            return {Issue("landing_announced", subject, (("date", at),))}
        case Stage.HELD if facts.expires_at and now - facts.expires_at <= landing.HELD_SAID_FOR:
            told = (("cause", found.obstacle), ("count", str(found.left) if found.told.begun_at else ""))
            return {Issue("landing_held", subject, told)}
        case Stage.HELD | Stage.UNDER_WAY if found.told.begun_at:
            left, since = str(found.left) if found.left else "", found.told.begun_at.isoformat()
            cause = "" if found.blocked else "stoppable"
            return {Issue("landing_under_way", subject, (("cause", cause), ("count", left), ("date", since)))}
        case _:
            return set()


def _said_by_cause(finding: Finding) -> bool:
    """One operation that is denied lacks a role, and one that is refused for its region asks in the wrong place; where
    every one is, the account is the matter."""
    error = dict(finding.placeholders).get("error", "")
    return finding.code == "role_missing" or (finding.code == "internal" and error.split(" ")[0] == "wrong_region")
