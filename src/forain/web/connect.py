"""Connect a shop, connect a marketplace, renew: the pages that lead through it, and the marketplace's callbacks."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from forain import plugins, wiring
from forain.core import authorization, errors
from forain.core.ids import AccountId, ShopId, SiteId
from forain.core.secret import Secret
from forain.engine import schedule
from forain.flows import authorize, preview_site, setup
from forain.net.addresses import well_formed
from forain.store import accounts, models, offers, orders, proofs, runs, shops
from forain.web import landing, words
from forain.web.downloads import as_csv
from forain.web.fields import beside, drawn, made_at, said, sentence, today
from forain.web.lists import DIFFERS
from forain.web.middleware import POLICY
from forain.web.register import denied, leads_to_own, orders_doing, waiting_of
from forain.web.templatetags.words_of import language, w

LONGEST_NAME = 200
DATES = {"date_too_old": "granted_on", "secret_date_too_old": "secret_made_on"}
"""The field of the day that a refusal is about."""


def _person(request: HttpRequest) -> int:
    """Who asks. Every page here is behind the login, so there is somebody."""
    assert request.user.pk is not None
    return request.user.pk


def add_shop(request: HttpRequest) -> HttpResponse:
    """One form for every shop; the shop is asked before it is kept."""
    kinds = {code: _shop_kind(code) for code in plugins.shops()}
    code = request.POST.get("kind") or request.GET.get("kind") or next(iter(kinds))
    if code not in kinds:
        return redirect("add_shop")
    manifest, problem = plugins.shop_manifest(code), ""
    wrong: dict[str, str] = {}
    values = {field.name: request.POST.get(field.name, "").strip() for field in manifest.fields}
    if request.method == "POST":
        name = request.POST.get("name", "").strip() or manifest.name
        wrong = said(manifest.fields, plugins.wrong_fields(manifest.fields, values))
        problem = w("error.long") if len(name) > LONGEST_NAME else ""
        if not wrong and not problem:
            try:
                shop, answer = setup.add_shop(wiring.deps(), code, name, values)
            except errors.AdapterError as error:
                wrong, problem = beside(manifest.fields, error)
            except setup.Exists:
                problem = w("error.exists")
            else:
                schedule.plan_shop(shop.pk, wiring.deps().clock.now())
                messages.success(request, w("shop.checked", answer=answer))
                return redirect("dashboard")
    shown = drawn("shops", code, manifest.fields, values, wrong)
    context = {
        "kinds": kinds.items(),
        "kind": code,
        "fields": shown,
        "problem": problem,
        "name": request.POST.get("name", ""),
    }
    return render(request, "web/shop_add.html", context, status=422 if wrong or problem else 200)


def shop(request: HttpRequest, number: int) -> HttpResponse:
    row = get_object_or_404(models.Shop, pk=number)
    variants = models.Variant.objects.filter(shop=row, gone_at=None)
    troubled = variants.exclude(problems=[]).order_by("sku")[:50]
    manifest = plugins.shop_manifest(row.kind)
    fields = drawn("shops", row.kind, manifest.fields, row.options, {})
    hook = f"{wiring.deps().public_url}{reverse('hook', kwargs={'name': row.hook_name})}"
    context = {
        "shop": row,
        "kind": _shop_kind(row.kind),
        "accounts": row.accounts.order_by("pk"),
        "variants": variants.count(),
        "troubled": troubled,
        "options": [(one["label"], one["value"]) for one in fields if one["field"].name in row.options],  # type: ignore[attr-defined]
        "hook_secret_there": bool(wiring.deps().vault.get(f"shop:{row.pk}", "hook_secret")),
        "hook_url": hook if "hooks" in manifest.capabilities else "",
        "fields": [one for one in fields if one["field"].secret],  # type: ignore[attr-defined]
    }
    return render(request, "web/shop.html", context)


def _shop_kind(code: str) -> str:
    """The shop software's name, in the reader's language where the adapter has one."""
    return plugins.words("shops", code, language()).get("name", plugins.shop_manifest(code).name)


@require_POST
def enter_shop_secrets(request: HttpRequest, number: int) -> HttpResponse:
    """New secrets of a shop; a field left empty stays as it is."""
    row = get_object_or_404(models.Shop, pk=number)
    fields = tuple(
        f for f in plugins.shop_manifest(row.kind).fields if f.secret and request.POST.get(f.name, "").strip()
    )
    values = {field.name: request.POST[field.name].strip() for field in fields}
    wrong = plugins.wrong_fields(fields, values)
    if wrong or not fields:
        for told in said(fields, wrong).values() or (w("error.required"),):
            messages.error(request, told, extra_tags="secrets")
    else:
        try:
            answer = setup.enter_shop_secrets(wiring.deps(), row, {name: Secret(text) for name, text in values.items()})
        except errors.AdapterError as error:
            messages.error(request, sentence(error), extra_tags="secrets")
        else:
            messages.success(request, w("shop.checked", answer=answer))
            return redirect("shop", number=number)
    return redirect(f"{reverse('shop', kwargs={'number': number})}#secrets")


def add_account(request: HttpRequest, marketplace: str) -> HttpResponse:
    """One form for every marketplace: application, account, and for a private application the token."""
    offered = plugins.offered(settings.RETIRED_ADDRESSES)
    if marketplace not in offered:
        return redirect("dashboard")
    manifest = plugins.marketplace_manifest(marketplace)
    fields = (*manifest.application_fields, *manifest.account_fields)
    kind = request.POST.get("kind", manifest.application_kinds[0].code)
    if kind not in {known.code for known in manifest.application_kinds}:
        return redirect("add_account", marketplace=marketplace)
    values = {field.name: request.POST.get(field.name, "").strip() for field in fields}
    addresses = {f"address.{n}": request.POST.get(f"address.{n}", "").strip() for n in ("token", "api", "consent")}
    wrong: dict[str, str] = {}
    problem = ""
    if request.method == "POST":
        by_consent = manifest.kind(kind).by_consent
        codes = plugins.wrong_fields(fields, values)
        needed = "application_id" if by_consent else "refresh_token"
        if not values[needed]:
            codes[needed] = "required"
        wrong = said(fields, codes)
        if len(request.POST.get("name", "")) > LONGEST_NAME:
            problem = w("error.long")
        granted_at, date_problem = (None, "") if by_consent else made_at(request, "granted_on")
        secret_made_at, secret_date_problem = made_at(request, "secret_made_on")
        if date_problem:
            wrong["granted_on"] = w(f"error.{date_problem}")
        if secret_date_problem:
            wrong["secret_made_on"] = w(f"error.{secret_date_problem}")
        if not wrong and not problem:
            told = setup.NewAccount(
                marketplace=marketplace, kind=kind, name=request.POST.get("name", "").strip(), values=values,
                addresses=plugins.addresses_of(marketplace, values["region"], addresses, settings.RETIRED_ADDRESSES), shop=_chosen_shop(request), made_at=granted_at,
                secret_made_at=secret_made_at,
            )  # fmt: skip
            try:
                account = setup.add_account(wiring.deps(), told)
            except errors.AdapterError as error:
                wrong, problem = beside(fields, error)
                if error.code in DATES:
                    wrong, problem = {DATES[error.code]: problem}, ""
            except setup.Exists:
                problem = w("error.exists")
            else:
                schedule.plan_account(account.pk, wiring.deps().clock.now())
                if by_consent and not account.options.get("address.consent"):
                    return _to_consent(request, account)
                if by_consent:
                    # This page's policy does not know the address typed into it; the account's own page does.
                    messages.success(request, w("amazon.authorize_now"))
                    return redirect("account", number=account.pk)
                messages.success(request, w("amazon.connected"))
                return redirect("account", number=account.pk)
    context = {
        "marketplace": manifest,
        "kinds": manifest.application_kinds,
        "kind": kind,
        "fields": drawn("marketplaces", marketplace, fields, values, wrong),
        "addresses": [(name, f"amazon.{name.replace('.', '_')}", value) for name, value in addresses.items()],
        "addresses_open": any(addresses.values()),
        "wrong": wrong,
        "problem": problem,
        "name": request.POST.get("name", ""),
        "granted_on": request.POST.get("granted_on", ""),
        "secret_ends": any(known.secret_term for known in manifest.application_kinds),
        "secret_made_on": request.POST.get("secret_made_on", ""),
        "today": today().isoformat(),
        "redirect_uri": authorize.callback_url(wiring.deps(), marketplace),
        "others": [plugins.marketplace_manifest(code) for code in offered if code != marketplace],
        "guide": _guide(marketplace, "guide.examples", {field.name: field.example for field in fields}),
        "own_application": leads_to_own(manifest, manifest.registration.kind),
        "retired": _retired(marketplace),
        "shops": shops.every(),
        "shop": request.POST.get("shop", ""),
    }
    response = render(request, "web/account_add.html", context, status=422 if wrong or problem else 200)
    return _may_leave(response)


def _guide(marketplace: str, developer: str, values: Mapping[str, str]) -> list[str]:
    """The adapter's own steps to a token, in the reader's language; empty where it has none. `developer`: the words by
    which it names whom to authorize, filled with `values`."""
    told = plugins.words("marketplaces", marketplace, language())
    whom = words.fill(language(), told.get(developer, ""), values)
    return [
        words.fill(language(), text, {"developer": whom})
        for key, text in told.items()
        if re.fullmatch(r"guide\.\d", key)
    ]


def _retired(marketplace: str) -> str:
    """What the adapter says of an interface that its marketplace has ended; "" where it lives."""
    if plugins.marketplace_manifest(marketplace).retired_on is None:
        return ""
    return plugins.words("marketplaces", marketplace, language())["retired"]


def _chosen_shop(request: HttpRequest) -> ShopId | None:
    """The shop chosen in the form; None where there is nothing to choose."""
    told = request.POST.get("shop", "")
    known = {str(row.pk): ShopId(row.pk) for row in shops.every()}
    return known.get(told)


def _may_leave(response: HttpResponse, consent_address: str = "") -> HttpResponse:
    """Let this page's forms end at the marketplace: browsers hold redirects of forms to the policy too.

    `consent_address`: the account's own (a box), instead of the marketplace's consent pages.
    """
    if consent_address and well_formed(consent_address):
        told = urlsplit(consent_address)
        hosts = {f"{told.scheme}://{told.netloc}"}
    else:
        sites = (s for code in plugins.marketplaces() for s in plugins.marketplace_manifest(code).sites)
        hosts = {f"https://{s.consent_host}" for s in sites}
    response.headers["Content-Security-Policy"] = POLICY.replace(
        "form-action 'self'", f"form-action 'self' {' '.join(sorted(hosts))}"
    )
    return response


NEXT_TO_RENEW = "next_to_renew"
"""In the session: numbers of the accounts that follow the one whose consent is under way. Whatever else is begun ends it."""


def _to_consent(request: HttpRequest, account: models.Account, following: Sequence[int] = ()) -> HttpResponse:
    request.session[NEXT_TO_RENEW] = list(following)
    manifest = plugins.marketplace_manifest(account.marketplace)
    known = [site.site for site in accounts.sites(AccountId(account.pk))]
    sites = known or [site.site_id for site in manifest.sites if site.region == account.region]
    return HttpResponseRedirect(authorize.begin_consent(wiring.deps(), account, _person(request), sites[0]))


def account(request: HttpRequest, number: int) -> HttpResponse:
    """The page "Login details"; a read-only site shows what would change, and asks for the yes."""
    row = get_object_or_404(models.Account.objects.select_related("application__registration", "shop"), pk=number)
    now = wiring.deps().clock.now()
    facts = accounts.facts_of(row)
    sites = accounts.sites(AccountId(row.pk))
    answer = accounts.may_sync(row, now)
    sync = "running" if isinstance(answer, authorization.Yes) else answer.code
    manifest = plugins.marketplace_manifest(row.marketplace)
    kind = manifest.kind(row.application.kind)
    own = leads_to_own(manifest, row.application.kind)
    cause = authorization.cause(facts) or row.application.refused_code
    without_address = orders.held_by_reason(AccountId(row.pk)).get("address_missing", 0)
    token = tuple(field for field in manifest.account_fields if field.secret)
    developer = {**row.options, "application_id": row.application.application_id}
    context = {
        "account": row,
        "facts": facts,
        "phase": authorization.phase(facts, now).value,
        "days_left": authorization.days_left(facts, now),
        "days_over": -(authorization.days_left(facts, now) or 0),
        "today": today().isoformat(),
        "cause": {"cause": cause},
        "sync": sync,
        "doing": orders_doing(row, without_address) if sync == "running" else sync,
        "told": {"cause": cause, "count": str(without_address), "role": denied(row, "import_orders")},
        "together": len(accounts.together(row)),
        "stands_still": sync not in ("running", "disconnected"),
        "paused": {"parts": ",".join(row.paused)},
        "backlog": offers.backlog(AccountId(row.pk)),
        "parcels": orders.waiting_parcels(AccountId(row.pk)),
        "sites": [_site(row, site) for site in sites],
        "read_only": bool(sites) and all(site.writes_allowed_at is None for site in sites),
        "by_consent": kind.by_consent,
        "secret_ends": kind.secret_term is not None,
        "rotates": "secret_rotator" in manifest.capabilities,
        "token": drawn("marketplaces", row.marketplace, token, {}, {})[0],
        "guide": _guide(row.marketplace, "guide.developer", developer),
        "retired": _retired(row.marketplace),
        "proof": models.CatchUp.objects.filter(account=row).order_by("-pk").first(),
        "count": proofs.latest(AccountId(row.pk)),
        "not_in_shop": orders.not_in_shop(AccountId(row.pk)),
        "landing": landing.shown(row, now),
        "own_application": own,
        "waiting": waiting_of(row) if own else None,
    }
    return _may_leave(render(request, "web/account.html", context), row.options.get("address.consent", ""))


SHOWN = 8
"""So many differences stand on the page itself; all of them are one click away."""


def _site(account: models.Account, site: models.AccountSite) -> dict[str, object]:
    rows = models.Offer.objects.filter(account=account, site=site.site)
    differing = rows.filter(DIFFERS).order_by("sku")
    return {
        "row": site,
        "name": words.site(site.site),
        "compared": rows.exclude(desired_at=None).exists(),
        "differ": differing.count(),
        "offers": [(row, _terms_unlike(row)) for row in differing[:SHOWN]],
        "automated": rows.filter(price_setup__has_key="automated").count(),
        "limited": rows.filter(price_setup__has_any_keys=["lowest", "highest"]).count(),
    }


def _terms_unlike(row: models.Offer) -> list[tuple[str, str, str]]:
    """(name, shown, wanted) of each term that would be told."""
    shown = row.observed_terms
    return [(name, shown.get(name, ""), text) for name, text in row.desired_terms.items() if shown.get(name) != text]


def site_differences(request: HttpRequest, number: int, site: str) -> StreamingHttpResponse:
    """All that a yes to the site would send, as CSV."""
    get_object_or_404(models.AccountSite, account_id=number, site=site)
    return as_csv(preview_site.csv_lines(AccountId(number), site), "forain-differences")


@require_POST
def renew(request: HttpRequest, number: int) -> HttpResponse:
    return _to_consent(request, get_object_or_404(models.Account.objects.select_related("application"), pk=number))


def renew_all(request: HttpRequest, number: int) -> HttpResponse:
    """Every account of one application in one go: one consent after the other, or a form with a field for each token."""
    row = get_object_or_404(models.Account.objects.select_related("application"), pk=number)
    rows = accounts.together(row)
    manifest = plugins.marketplace_manifest(row.marketplace)
    if request.method == "POST" and rows and manifest.kind(row.application.kind).by_consent:
        return _to_consent(request, rows[0], [one.pk for one in rows[1:]])
    said = _enter_tokens(request, rows) if request.method == "POST" else {}
    if said and all(text == "" for text in said.values()):
        messages.success(request, w("amazon.connected"))
        return redirect("authorizations")
    context = {
        "account": row,
        "rows": [(one, said.get(one.pk)) for one in rows],
        "by_consent": manifest.kind(row.application.kind).by_consent,
        "example": next(field.example for field in manifest.account_fields if field.secret),
        "granted_on": request.POST.get("granted_on", ""),
        "today": today().isoformat(),
    }
    return _may_leave(render(request, "web/renew_all.html", context), row.options.get("address.consent", ""))


def _enter_tokens(request: HttpRequest, rows: list[models.Account]) -> dict[int, str]:
    """Account -> what is wrong with its token, "" where it is renewed; accounts whose field is empty are not in it."""
    granted_at, date_problem = made_at(request, "granted_on")
    said: dict[int, str] = {}
    for row in rows:
        token = request.POST.get(f"token_{row.pk}", "").strip()
        field = next(f for f in plugins.marketplace_manifest(row.marketplace).account_fields if f.secret)
        wrong = plugins.wrong_fields((field,), {field.name: token}) if token else {}
        if not token:
            continue
        if wrong or date_problem:
            code = wrong.get(field.name) or date_problem
            said[row.pk] = w(f"error.{code}", example=field.example)
            continue
        try:
            authorize.enter_token(wiring.deps(), row, Secret(token), granted_at)
            said[row.pk] = ""
        except errors.AdapterError as error:
            said[row.pk] = sentence(error)
    return said


def _next_to_renew(request: HttpRequest) -> HttpResponse | None:
    """On to the next account of those that are renewed in one go; None: there is none."""
    waiting = request.session.pop(NEXT_TO_RENEW, [])
    row = models.Account.objects.select_related("application").filter(pk__in=waiting[:1]).first()
    if row is None:
        return None
    return _to_consent(request, row, waiting[1:])


@require_POST
def enter_token(request: HttpRequest, number: int) -> HttpResponse:
    row = get_object_or_404(models.Account.objects.select_related("application"), pk=number)
    token = request.POST.get("refresh_token", "").strip()
    field = next(f for f in plugins.marketplace_manifest(row.marketplace).account_fields if f.secret)
    wrong = plugins.wrong_fields((field,), {field.name: token}) or ({} if token else {field.name: "required"})
    granted_at, date_problem = made_at(request, "granted_on")
    if wrong:
        messages.error(request, w(f"error.{wrong[field.name]}", example=field.example), extra_tags="renew")
    elif date_problem:
        messages.error(request, w(f"error.{date_problem}"), extra_tags="renew")
    else:
        try:
            authorize.enter_token(wiring.deps(), row, Secret(token), granted_at)
        except errors.AdapterError as error:
            messages.error(request, sentence(error), extra_tags="renew")
        else:
            messages.success(request, w("amazon.connected"))
            return redirect("account", number=number)
    return redirect(f"{reverse('account', kwargs={'number': number})}#renew")


@require_POST
def correct_date(request: HttpRequest, number: int) -> HttpResponse:
    """A person knows on which day a token was made that was pasted by hand."""
    row = get_object_or_404(models.Account.objects.select_related("application"), pk=number)
    granted_at, problem = made_at(request, "granted_on")
    grant = request.POST.get("grant", "")
    if granted_at is None:
        messages.error(request, w(f"error.{problem or 'required'}"), extra_tags="date")
        return redirect(f"{reverse('account', kwargs={'number': number})}#date")
    by = request.user.get_username()
    try:
        end = authorize.correct_date(
            wiring.deps(), row, int(grant) if grant.isascii() and grant.isdigit() else -1, granted_at, by
        )
    except errors.AdapterError as error:
        messages.error(request, sentence(error), extra_tags="date")
        return redirect(f"{reverse('account', kwargs={'number': number})}#date")
    messages.success(request, w("amazon.date_corrected", date=words.day(language(), end)))
    return redirect("account", number=number)


@require_POST
def check_now(request: HttpRequest, number: int) -> HttpResponse:
    """Somebody mended it at the marketplace: look at once, and not when the timetable says."""
    row = get_object_or_404(models.Account, pk=number)
    runs.force(f"account:{row.pk}", wiring.deps().clock.now(), ["probe"])
    messages.success(request, w("amazon.checking"))
    return redirect("account", number=number)


@require_POST
def enter_secret(request: HttpRequest, number: int) -> HttpResponse:
    row = get_object_or_404(models.Account.objects.select_related("application"), pk=number)
    secret = request.POST.get("client_secret", "").strip()
    secret_made_at, date_problem = made_at(request, "secret_made_on")
    if not secret or date_problem:
        messages.error(request, w(f"error.{date_problem or 'required'}"), extra_tags="secret")
    else:
        try:
            outcome = authorize.enter_secret(wiring.deps(), row.application, Secret(secret), secret_made_at)
        except errors.AdapterError as error:
            messages.error(request, sentence(error), extra_tags="secret")
        else:
            messages.success(request, w(f"amazon.{outcome.code}"))
            return redirect("account", number=number)
    return redirect(f"{reverse('account', kwargs={'number': number})}#secret")


@require_POST
def correct_secret_date(request: HttpRequest, number: int) -> HttpResponse:
    """A person knows on which day the client secret was made."""
    row = get_object_or_404(models.Account.objects.select_related("application"), pk=number)
    # Another secret may have come since the page was opened: then its form is gone.
    place = "secret-date" if row.application.secret_estimated else "secret"
    there = redirect(f"{reverse('account', kwargs={'number': number})}#{place}")
    secret_made_at, problem = made_at(request, "secret_made_on")
    told = request.POST.get("secret", "")
    if secret_made_at is None:
        messages.error(request, w(f"error.{problem or 'required'}"), extra_tags=place)
        return there
    by, secret_no = request.user.get_username(), int(told) if told.isascii() and told.isdigit() else -1
    try:
        end = authorize.correct_secret_date(wiring.deps(), row.application, secret_no, secret_made_at, by)
    except errors.AdapterError as error:
        messages.error(request, sentence(error), extra_tags=place)
        return there
    messages.success(request, w("amazon.secret_date_corrected", date=words.day(language(), end)))
    return redirect("account", number=number)


@require_POST
def allow_site(request: HttpRequest, number: int, site: str) -> HttpResponse:
    """A person says yes (or takes it back) for one site."""
    get_object_or_404(models.AccountSite, account_id=number, site=site)
    allowed, by = request.POST.get("answer") == "yes", request.user.get_username()
    setup.allow_writes(wiring.deps(), AccountId(number), SiteId(site), allowed, by)
    return redirect("account", number=number)


@require_POST
def disconnect(request: HttpRequest, number: int) -> HttpResponse:
    """The token is forgotten; orders, links and the journal stay, and the account can be connected again."""
    row = get_object_or_404(models.Account.objects.select_related("application"), pk=number)
    authorize.disconnect(wiring.deps(), row)
    messages.success(request, w("entry.disconnected"))
    return redirect("account", number=number)


@require_POST
def pause(request: HttpRequest, number: int) -> HttpResponse:
    """answer=pause and resume are the one button; answer=parts pauses exactly the parts that are ticked."""
    get_object_or_404(models.Account, pk=number)
    deps, by, answer = wiring.deps(), request.user.get_username(), request.POST.get("answer", "")
    if answer == "parts":
        setup.set_paused(deps, AccountId(number), request.POST.getlist("part"), by)
        messages.success(request, w("brakes.paused_said"))
        return redirect(f"{reverse('brakes', kwargs={'number': number})}#pause")
    setup.pause(deps, AccountId(number), answer == "pause", by)
    return redirect("account", number=number)


SELLER = "selling_partner_id"
"""By this name a browser that comes from the marketplace tells the seller."""


def callback(request: HttpRequest, marketplace: str) -> HttpResponse:
    """The marketplace sends the browser back with a code. Only for somebody logged in; the state must be theirs."""
    if "state" not in request.GET and SELLER in request.GET:
        return _enabled_there(request, marketplace)
    outcome = authorize.complete_consent(wiring.deps(), request.GET.dict(), _person(request))
    if outcome.code == "granted" and outcome.account is not None:
        messages.success(request, w("amazon.connected"))
        response = _next_to_renew(request) or redirect("account", number=outcome.account)
    else:
        request.session.pop(NEXT_TO_RENEW, None)
        say = messages.warning if outcome.code == "consent_waits" else messages.error
        say(request, words.say_error(language(), outcome.code, outcome.placeholders))
        response = redirect("account", number=outcome.account) if outcome.account else redirect("dashboard")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _enabled_there(request: HttpRequest, marketplace: str) -> HttpResponse:
    """A consent begun at the marketplace after the end of the former one: it comes back without our state.

    Nothing shows that this person asked for it, so its code is left alone and nothing is written. The account's page asks
    for a consent of our own, with the button Renew: there the merchant reads why the marketplace asks twice, and from
    there a browser may go on to it; the login's form, after which we may be asked here, ends at ourselves.
    """
    found = _named(request, marketplace, ended=True)
    if isinstance(found, models.Account):
        messages.warning(request, w("amazon.once_more"), extra_tags="renew")
        found = _at_renew(found)
    found.headers["Referrer-Policy"] = "no-referrer"
    return found


def _at_renew(row: models.Account) -> HttpResponse:
    return redirect(f"{reverse('account', kwargs={'number': row.pk})}#renew")


def _named(request: HttpRequest, marketplace: str, *, ended: bool) -> models.Account | HttpResponse:
    """The account that the marketplace's question is about, or where to send a person for whom there is none."""
    try:
        query = request.GET.dict()
        row = authorize.account_named(wiring.deps(), marketplace, query.get(SELLER, ""), query, ended=ended)
    except errors.AdapterError as error:
        messages.error(request, sentence(error))
        return redirect("dashboard")
    if plugins.marketplace_manifest(marketplace).kind(row.application.kind).by_consent:
        return row
    messages.error(request, w("error.seller_by_token"), extra_tags="renew")
    return _at_renew(row)


def arrival(request: HttpRequest, marketplace: str) -> HttpResponse:
    """A renewal that starts at the marketplace: our login address. The login itself is Django's, before this runs."""
    request.session.pop(NEXT_TO_RENEW, None)
    row = _named(request, marketplace, ended=False)
    if not isinstance(row, models.Account):
        return row
    try:
        target = authorize.answer_arrival(wiring.deps(), row, request.GET.dict(), _person(request))
    except errors.AdapterError as error:
        messages.error(request, sentence(error))
        return redirect("account", number=row.pk)
    response = HttpResponseRedirect(target) if target else redirect("account", number=row.pk)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
