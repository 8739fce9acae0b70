"""I come to an application of my own: which step is next, which roles work, and what I wait for at the marketplace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from forain.contracts.manifest import Role, Step
from forain.core import registration
from forain.core.authorization import Standing
from forain.core.errors import Problem, Rejected
from forain.core.ids import AccountId, ApplicationId
from forain.core.registration import RoleState, Said, Seen, StepFacts, StepState
from forain.flows.deps import Deps
from forain.store import accounts, journal, models, registrations, runs


@dataclass(frozen=True, slots=True)
class RoleLook:
    """How far one role is. `since`: the day of what a person said of it, None: nobody said anything. `wanted`: to be asked
    for here; one for stock at the marketplace is not, where there is none. `visible`: Forain would see it working."""

    role: Role
    state: RoleState
    wanted: bool
    since: date | None = None
    by: str = ""

    @property
    def visible(self) -> bool:
        """Forain sees for itself whether this role is there."""
        return self.role.seen_by != ""

    @property
    def as_last_seen(self) -> bool:
        """It worked when it was last seen to, and Forain would not notice its end: a plan that may not be read any more stays
        as it was read last."""
        return self.role.seen_by == "plan" and self.state is RoleState.WORKS


@dataclass(frozen=True, slots=True)
class StepLook:
    """How far one step is. `by`, `at`: who said that it is done, and when (ISO), "" where nobody did. `may_say`: a person may
    say so, or take it back."""

    step: Step
    state: StepState
    by: str
    at: str
    may_say: bool


@dataclass(frozen=True, slots=True)
class Look:
    """The whole registration. `following`: code of the step to do now, "" when all is done."""

    row: models.Registration
    roles: tuple[RoleLook, ...]
    steps: tuple[StepLook, ...]
    following: str

    def in_state(self, *states: RoleState) -> list[RoleLook]:
        """The roles that are in one of these states."""
        return [look for look in self.roles if look.state in states]

    def role(self, code: str) -> RoleLook | None:
        """The look of the role of that code."""
        return next((look for look in self.roles if look.role.code == code), None)


def look(deps: Deps, marketplace: str, application: ApplicationId | None) -> Look:
    """How far the registration of an application is; None: of the one under way, which has none yet. Changes nothing."""
    told = deps.open.marketplace_manifest(marketplace).registration
    row = registrations.of(marketplace, application)
    members = [a for a in accounts.every() if application is not None and a.application_id == application]
    roles = tuple(_role(role, row, members) for role in told.roles)
    facts = StepFacts(
        plan=next((member.selling_plan for member in members if member.selling_plan), ""),
        application=application is not None,
        authorized=any(member.standing == Standing.GRANTED.value for member in members),
        essential=tuple(one.state for one in roles if one.role.essential),
        restricted=tuple(one.state for one in roles if one.role.essential and one.role.restricted),
    )
    steps = tuple(_step(step, row, facts) for step in told.steps)
    following = registration.next_step({one.step.code: one.state for one in steps})
    return Look(row, roles, steps, following)


def _role(role: Role, row: models.Registration, members: Sequence[models.Account]) -> RoleLook:
    said = row.roles.get(role.code, {})
    state = registration.role_state(_seen(role, members), Said(said["said"]) if said else None)
    wanted = not role.marketplace_ships or row.marketplace_ships
    day = date.fromisoformat(said["day"]) if said else None
    return RoleLook(role, state, wanted, day, said.get("by", ""))


def _seen(role: Role, members: Sequence[models.Account]) -> Seen:
    """What the marketplace's answers to these accounts say of a role."""
    members = [member for member in members if member.standing != Standing.NONE.value]
    if any(_denied(role, member) for member in members):
        return Seen.MISSING
    match role.seen_by:
        case "offers":
            return registration.together([_since(m.offers_swept_at, m) for m in members])
        case "orders":
            return registration.together([_since(m.orders_imported_at, m) for m in members])
        case "plan":
            return Seen.WORKS if any(m.selling_plan for m in members) else Seen.UNKNOWN
        case "addresses":
            numbers = [m.pk for m in members]
            if not numbers:
                return Seen.UNKNOWN
            return registration.seen_of_addresses(
                registrations.newest_with_address(numbers), registrations.newest_without_address(numbers, 2)
            )
        case "":
            return Seen.UNKNOWN


def _denied(role: Role, member: models.Account) -> bool:
    return any(operation in role.operations for operation in member.denied_operations)


def _since(at: object, member: models.Account) -> Seen:
    """It was done under the permission as it is now."""
    done = at is not None and (member.granted_at is None or at >= member.granted_at)  # type: ignore[operator]
    return Seen.WORKS if done else Seen.UNKNOWN


def _step(step: Step, row: models.Registration, facts: StepFacts) -> StepLook:
    told = row.steps.get(step.code, {})
    seen = registration.seen_step(step.seen_by, facts)
    state = registration.step_state(seen, bool(told) and not step.only_seen)
    return StepLook(step, state, told.get("by", ""), told.get("at", ""), seen is None and not step.only_seen)


def say_step(deps: Deps, marketplace: str, application: ApplicationId | None, code: str, done: bool, by: str) -> None:
    """A person says that a step is done, or takes it back. Safe to repeat.

    Raises Rejected: step_unknown, step_seen (Forain sees it itself, and nobody may say otherwise).
    """
    now = deps.clock.now()
    step = next((one for one in look(deps, marketplace, application).steps if one.step.code == code), None)
    if step is None:
        raise _no("step_unknown")
    if not step.may_say:
        raise _no("step_seen")
    with registrations.changing(marketplace, application) as row:
        if done:
            row.steps.setdefault(code, {"by": by, "at": now.isoformat()})
        else:
            row.steps.pop(code, None)


def say_roles(
    deps: Deps,
    marketplace: str,
    application: ApplicationId | None,
    codes: Sequence[str],
    said: Said | None,
    day: date,
    today: date,
    by: str,
) -> None:
    """A person says of which day these roles were asked for, refused or granted; None: takes back what was said.

    `today`: in their zone. Safe to repeat. Raises Rejected: role_unknown, role_none (no role was named), date_future,
    date_long_ago.
    """
    told = deps.open.marketplace_manifest(marketplace).registration
    known = {role.code: role for role in told.roles}
    if not codes:
        raise _no("role_none")
    for code in codes:
        if code not in known:
            raise _no("role_unknown", role=code[:60])
    if day > today:
        raise _no("date_future")
    if (today - day).days > registration.LONGEST_AGO_DAYS:
        raise _no("date_long_ago")
    now = deps.clock.now()
    with registrations.changing(marketplace, application) as row:
        for code in codes:
            former = row.roles.get(code)
            fresh = {"said": said.value, "day": day.isoformat(), "by": by} if said else None
            if _same(former, fresh):
                continue
            if fresh is None:
                row.roles.pop(code)
            else:
                row.roles[code] = fresh
            told_of = {"role": known[code].name, "date": day.isoformat(), "by": by}
            _write(deps, marketplace, application, f"role_{said.value if said else 'unsaid'}", told_of)
        runs.poke("derive_issues", "house", now)


def _same(former: dict[str, str] | None, fresh: dict[str, str] | None) -> bool:
    """The same is said, whoever says it."""
    if former is None or fresh is None:
        return former is fresh
    return (former["said"], former["day"]) == (fresh["said"], fresh["day"])


def _write(deps: Deps, marketplace: str, application: ApplicationId | None, code: str, told: dict[str, str]) -> None:
    """Into the journal of each account of the application; before there is any, of the house."""
    numbers: list[int | None] = []
    if application is not None:
        numbers += models.Account.objects.filter(application_id=application).order_by("pk").values_list("pk", flat=True)
    for number in numbers or [None]:
        journal.write(deps.clock.now(), code, account=AccountId(number) if number else None, placeholders=told)


def choose(deps: Deps, marketplace: str, application: ApplicationId | None, site: str, marketplace_ships: bool) -> None:
    """Whose pages the links open, and whether the marketplace has stock of ours. Raises Rejected: site_unknown."""
    if deps.open.marketplace_manifest(marketplace).site(site) is None:
        raise _no("site_unknown")
    with registrations.changing(marketplace, application) as row:
        row.site, row.marketplace_ships = site, marketplace_ships


def notice_granted(deps: Deps, account: models.Account) -> None:
    """A role somebody waited for works: what they said of it is over, and the journal tells. Asks nothing, where nobody said
    anything of a role that Forain can see."""
    told = deps.open.marketplace_manifest(account.marketplace).registration
    waiting = [role for role in told.roles if role.seen_by and role.code in registrations.said(account)]
    if not waiting:
        return
    application = ApplicationId(account.application_id)
    seen = look(deps, account.marketplace, application)
    works = [one.role for one in seen.in_state(RoleState.WORKS) if one.role in waiting]
    if not works:
        return
    with transaction.atomic(), registrations.changing(account.marketplace, application) as row:
        for role in works:
            if row.roles.pop(role.code, None) is not None:
                _write(deps, account.marketplace, application, "role_works", {"role": role.name})


def _no(code: str, **placeholders: str) -> Rejected:
    return Rejected([Problem(code)], code, placeholders=placeholders)
