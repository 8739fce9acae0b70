"""The way to an application of one's own: its steps, the roles, what Amazon asks, and the state "waiting for Amazon"."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from forain import plugins, wiring
from forain.contracts.manifest import MarketplaceManifest, Page
from forain.core import authorization, errors, house
from forain.core.ids import AccountId, ApplicationId
from forain.core.registration import RoleState, Said, StepState
from forain.flows import register as flow
from forain.store import accounts, models, orders, registrations
from forain.web import words
from forain.web.fields import sentence
from forain.web.house import house as this_house
from forain.web.templatetags.words_of import language, w

SAID: Mapping[str, Said | None] = {
    "asked": Said.ASKED,
    "refused": Said.REFUSED,
    "granted": Said.GRANTED,
    "nothing": None,
}


@dataclass(frozen=True)
class Link:
    """A page of the marketplace: its name as the reader's language has it, the English one where that is another, and its
    address, "" where nobody knows it (a box)."""

    name: str
    english: str
    url: str


@dataclass(frozen=True)
class StepShown:
    """One step as the page draws it."""

    look: flow.StepLook
    title: str
    text: str
    links: list[Link]
    copies: list[tuple[str, str]]
    at: datetime | None

    @property
    def code(self) -> str:
        return self.look.step.code


@dataclass(frozen=True)
class RoleShown:
    """One role as the page draws it. `local`: its name in the reader's language, "" where we do not know it."""

    look: flow.RoleLook
    local: str
    why: str

    @property
    def word(self) -> str:
        """The key of the word for its state."""
        return f"register.role_{self.look.state.value}{'_last' if self.look.as_last_seen else ''}"


@dataclass(frozen=True)
class QuestionShown:
    """One question: in English as the marketplace asks, in the reader's language where that is another, its answers, and the
    standing of the weakest of them."""

    code: str
    english: str
    own: str
    answers: "list[AnswerShown]"
    standing: str


@dataclass(frozen=True)
class AnswerShown:
    """One answer: the English text to copy, the same in the reader's language where that is another, what is to be done."""

    standing: str
    copy: str
    told: str
    todo: str


@dataclass(frozen=True)
class Waiting:
    """What an account waits for at the marketplace, and what runs meanwhile. `denied_orders`, `denied_offers`: name of the role
    without which nothing of it runs, "" where it does. `running`: sync goes on; `read_only`: nobody has allowed a site yet.
    `orders_page`: all orders at the marketplace, None where unknown.
    `ended`: the permission ended while a role was waited for, as it does when one is added."""

    asked: list[flow.RoleLook]
    refused: list[flow.RoleLook]
    granted: list[flow.RoleLook]
    missing: list[flow.RoleLook]
    without_address: int
    denied_orders: str
    denied_offers: str
    orders_page: Link | None
    ended: bool
    running: bool
    read_only: bool

    @property
    def something(self) -> bool:
        """There is something to say."""
        return bool(self.asked or self.refused or self.granted or self.missing)


def leads_to_own(manifest: MarketplaceManifest, kind: str) -> bool:
    """This marketplace has a way to an application of one's own, and an application of this kind is one."""
    return bool(manifest.registration.steps) and manifest.registration.kind == kind


def register(request: HttpRequest, marketplace: str = "", number: int = 0) -> HttpResponse:
    """The steps; without an account those of the application under way. A form of the page comes back to it."""
    account = None
    if number:
        account = get_object_or_404(models.Account.objects.select_related("application__registration"), pk=number)
        marketplace = account.marketplace
    if marketplace not in plugins.marketplaces():
        raise Http404
    manifest = plugins.marketplace_manifest(marketplace)
    if not leads_to_own(manifest, account.application.kind if account else manifest.registration.kind):
        if account is not None:
            return redirect("account", number=number)
        raise Http404
    application = ApplicationId(account.application_id) if account else None
    if request.method == "POST":
        return _said(request, manifest, account, application)
    deps = wiring.deps()
    seen = flow.look(deps, marketplace, application)
    steps = steps_of(manifest, account, seen, language())
    waiting = waiting_of(account, seen) if account else _under_way(seen)
    context = {
        "account": account,
        "marketplace": manifest,
        "here": _here(marketplace, account),
        "steps": steps,
        "done": sum(one.look.state is not StepState.OPEN for one in steps),
        "following": seen.following,
        "roles": [_role(manifest, one) for one in seen.roles if one.wanted],
        "to_ask": [one.role.code for one in seen.roles if one.wanted and one.state in (RoleState.OPEN, RoleState.MISSING)],
        "waiting": waiting,
        "now": deps.clock.now(),
        "wait": _words(manifest).get("registration.wait", ""),
        "why_refused": [text for key, text in _words(manifest).items() if key.startswith("refused.")],
        "questions": _questions(manifest),
        "sites": [(one.site_id, words.site(one.site_id)) for one in manifest.sites if not account or one.region == account.region],
        "site": _site(manifest, account, seen.row, language()),
        "ships": seen.row.marketplace_ships,
        "simulated": _simulated(account),
        "today": _today().isoformat(),
    }  # fmt: skip
    return render(request, "web/register.html", context)


def waiting_of(account: models.Account, seen: flow.Look | None = None) -> Waiting:
    """What this account waits for; the account's page and the list of orders say it too."""
    deps = wiring.deps()
    now = deps.clock.now()
    manifest = plugins.marketplace_manifest(account.marketplace)
    told = manifest.registration
    seen = seen or flow.look(deps, account.marketplace, ApplicationId(account.application_id))
    needed = [one for one in seen.roles if one.wanted]
    addresses = told.seen_by("addresses")
    facts = accounts.facts_of(account)
    asked = [one for one in needed if one.state is RoleState.ASKED]
    site = _site(manifest, account, seen.row, language())
    page = told.page(told.orders)
    return Waiting(
        asked=asked,
        refused=[one for one in needed if one.state is RoleState.REFUSED],
        granted=[one for one in needed if one.state is RoleState.GRANTED and one.visible],
        missing=[one for one in needed if one.state is RoleState.MISSING],
        without_address=orders.held_by_reason(AccountId(account.pk)).get("address_missing", 0) if addresses else 0,
        denied_orders=denied(account, "import_orders"),
        denied_offers=denied(account, "sweep_offers") or denied(account, "reconcile_offers"),
        orders_page=_link(page, manifest, site, _simulated(account), language()) if page else None,
        ended=bool(asked) and authorization.phase(facts, now) is authorization.Phase.REVOKED,
        running=isinstance(accounts.may_sync(account, now), authorization.Yes),
        read_only=all(one.writes_allowed_at is None for one in accounts.sites(AccountId(account.pk))),
    )


def _under_way(seen: flow.Look) -> Waiting:
    """Before there is an account only what was said is known."""
    return Waiting(
        seen.in_state(RoleState.ASKED), seen.in_state(RoleState.REFUSED), [], [], 0, "", "", None, False, False, True
    )


def orders_doing(account: models.Account, without_address: int) -> str:
    """What an account does whose sync goes on, as a key of `sync`: orders wait where a role is missing."""
    if denied(account, "import_orders"):
        return "denied"
    return "waits" if without_address else "running"


def denied(account: models.Account, name: str) -> str:
    """The role that a flow of this account lacks; "" where it is not denied."""
    found = (told["role"] for told in account.denied_operations.values() if told["flow"] == name)
    return next(found, "")


def _said(
    request: HttpRequest,
    manifest: MarketplaceManifest,
    account: models.Account | None,
    application: ApplicationId | None,
) -> HttpResponse:
    """What a person says on the page is noted, or refused beside its form."""
    deps, by, what = wiring.deps(), request.user.get_username(), request.POST.get("what", "")
    place = {"step": "steps", "roles": "roles", "choose": "choose"}.get(what, "steps")
    try:
        match what:
            case "step":
                code, done = request.POST.get("step", ""), request.POST.get("answer") == "yes"
                flow.say_step(deps, manifest.code, application, code, done, by)
            case "roles":
                _say_roles(request, manifest, application, by)
            case "choose":
                ships = request.POST.get("ships") == "yes"
                flow.choose(deps, manifest.code, application, request.POST.get("site", ""), ships)
            case _:
                raise errors.Rejected([errors.Problem("choice")], "choice")
    except errors.Rejected as error:
        messages.error(request, sentence(error), extra_tags=place)
    else:
        messages.success(request, w("register.kept"), extra_tags=place)
    return redirect(f"{_here(manifest.code, account)}#{place}")


def _say_roles(request: HttpRequest, manifest: MarketplaceManifest, application: ApplicationId | None, by: str) -> None:
    text, answer = request.POST.get("day", "").strip(), request.POST.get("said", "")
    if answer not in SAID:
        raise errors.Rejected([errors.Problem("choice")], "choice")
    try:
        day = date.fromisoformat(text) if text else _today()
    except ValueError:
        raise errors.Rejected([errors.Problem("date_wrong")], "date_wrong") from None
    codes = request.POST.getlist("role")
    flow.say_roles(wiring.deps(), manifest.code, application, codes, SAID[answer], day, _today(), by)


def _here(marketplace: str, account: models.Account | None) -> str:
    if account is not None:
        return reverse("register_account", kwargs={"number": account.pk})
    return reverse("register", kwargs={"marketplace": marketplace})


def _today() -> date:
    return words.local(wiring.deps().clock.now()).date()


def _words(manifest: MarketplaceManifest) -> Mapping[str, str]:
    return plugins.words("marketplaces", manifest.code, language())


def _simulated(account: models.Account | None) -> bool:
    """Connected to a box: nobody knows where its pages are."""
    return bool(account and account.options.get("address.consent"))


def _site(manifest: MarketplaceManifest, account: models.Account | None, row: models.Registration, spoken: str) -> str:
    """Whose pages the links open: the chosen one, a site of the account, else one that speaks the reader's language."""
    region = account.region if account else manifest.regions[0]
    if (chosen := manifest.site(row.site)) and (account is None or chosen.region == region):
        return chosen.site_id
    known = [one.site for one in accounts.sites(AccountId(account.pk))] if account else []
    fitting = [one for one in manifest.sites if one.region == region]
    speaking = [one.site_id for one in fitting if one.locale[:2] == spoken]
    return next(iter([*known, *speaking, *(one.site_id for one in fitting)]), "")


def _link(page: Page, manifest: MarketplaceManifest, site: str, simulated: bool, spoken: str) -> Link:
    english, known = page.names["en"], manifest.site(site)
    name = page.names.get(spoken, english)
    url = "" if simulated or known is None else page.address.replace("{host}", known.consent_host)
    return Link(name, english if name != english else "", url)


def steps_of(
    manifest: MarketplaceManifest, account: models.Account | None, seen: flow.Look, spoken: str
) -> list[StepShown]:
    """The steps in words and with their pages, in the language `spoken`; `account` None: there is none yet."""
    told = plugins.words("marketplaces", manifest.code, spoken)
    site, simulated = _site(manifest, account, seen.row, spoken), _simulated(account)
    shown = []
    for look in seen.steps:
        step = look.step
        pages = [page for code in step.pages if (page := manifest.registration.page(code))]
        shown.append(
            StepShown(
                look=look,
                title=told[f"step.{step.code}.title"],
                text=told[f"step.{step.code}.text"],
                links=[_link(page, manifest, site, simulated, spoken) for page in pages],
                copies=[(where, told[f"field.{field}.label"]) for field, where in step.copies],
                at=datetime.fromisoformat(look.at) if look.at else None,
            )
        )
    return shown


def _role(manifest: MarketplaceManifest, look: flow.RoleLook) -> RoleShown:
    return RoleShown(look, look.role.names.get(language(), ""), _words(manifest)[f"role.{look.role.code}"])


WEAKEST = ("no", "you", "partly", "yes")


def _questions(manifest: MarketplaceManifest) -> list[QuestionShown]:
    """All that the marketplace asks, with what Forain knows of this installation."""
    facts, english = this_house(), plugins.words("marketplaces", manifest.code, "en")
    shown = []
    for question in manifest.registration.questions:
        found = [one for code in question.answers if (one := house.answer(code, facts))]
        key = f"question.{question.code}"
        own = _words(manifest)[key] if language() != "en" else ""
        standing = min((one.standing for one in found), key=WEAKEST.index, default="you")
        shown.append(QuestionShown(question.code, english[key], own, [_answer(one) for one in found], standing))
    return shown


def _answer(answer: house.Answer) -> AnswerShown:
    key, todo = f"house.{answer.words}", f"house.{answer.words}_todo"
    there = words.has(key)
    return AnswerShown(
        standing=answer.standing,
        copy=words.say("en", key, answer.values) if there else "",
        told=words.say(language(), key, answer.values) if there and language() != "en" else "",
        todo=words.say(language(), todo, answer.values) if answer.standing != "yes" and words.has(todo) else "",
    )


def asked_on(account: models.Account, seen_by: str) -> str:
    """The day on which the role was asked for by which `seen_by` shows (ISO); "" where nobody said so."""
    role = plugins.marketplace_manifest(account.marketplace).registration.seen_by(seen_by)  # type: ignore[arg-type]
    said = registrations.said(account).get(role.code, {}) if role else {}
    return str(said["day"]) if said.get("said") == Said.ASKED.value else ""
