"""What Amazon refuses of an account's offers, by cause: what to do about each, try again, CSV out."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from forain import plugins, wiring
from forain.core import authorization
from forain.core.errors import Problem
from forain.core.ids import AccountId
from forain.flows import csv_files, retry_offers
from forain.store import accounts, models, refusals
from forain.web import words
from forain.web.downloads import as_csv
from forain.web.templatetags.words_of import language, w

SHOWN = 100
"""So many codes stand on the page; few shelves meet more than a dozen."""
COLUMNS = ("code", "cause", "cure", "site", "sku", "title", "since", "field", "marketplace_says")


@dataclass(frozen=True)
class Reason:
    """One problem as a person reads it. `cause` "": the catalogue does not know it. `page`: what the marketplace says of its
    code, "" where that is not known."""

    problem: Problem
    cause: str
    cure: str
    page: str = ""


@dataclass(frozen=True)
class Shown:
    """A group with its reason; `offers` with the address of each at the marketplace, "" where that is not known."""

    group: refusals.Group
    reason: Reason
    offers: list[tuple[models.Offer, str]]
    more: int
    left: int


def refusals_page(request: HttpRequest, number: int) -> HttpResponse:
    """The groups, the largest first."""
    account = get_object_or_404(models.Account.objects.select_related("application"), pk=number)
    found = refusals.groups(AccountId(number), SHOWN + 1)
    now = wiring.deps().clock.now()
    context = {
        "account": account,
        "groups": [_shown(account, group) for group in found[:SHOWN]],
        "most": SHOWN if len(found) > SHOWN else 0,
        "total": refusals.total(AccountId(number)),
        "stands_still": not isinstance(accounts.may_sync(account, now, authorization.OFFERS), authorization.Yes),
    }
    return render(request, "web/refusals.html", context)


def _shown(account: models.Account, group: refusals.Group) -> Shown:
    offers = [(offer, page_of(account, offer)) for offer in group.offers]
    site = group.offers[0].site if group.offers else ""
    return Shown(
        group, reason(account, group.first, site), offers, group.count - len(offers), group.count - group.trying
    )


def reason(account: models.Account, problem: Problem, site: str) -> Reason:
    """A problem in the reader's words."""
    cause, cure = words.why_refused(language(), account.marketplace, problem)
    return Reason(problem, cause, cure, _code_page(account, problem.code, site))


def reasons_of(offer: models.Offer) -> list[Reason]:
    """What the marketplace objects to about one offer: for what it refused it, else what it shows beside it. `offer` with its
    account."""
    refused = offer.alarm in refusals.TOLD_NO
    found = list(dict.fromkeys(refusals.from_rows(offer.refusals if refused else offer.problems)))
    if refused and not found:
        found = [Problem("")]
    # That an offer could not be read is no objection of the marketplace's.
    return [reason(offer.account, problem, offer.site) for problem in found if problem.code != "unreadable"]


def page_of(account: models.Account, offer: models.Offer) -> str:
    """The offer where its seller sees it at the marketplace; "" where that is not known, as with a box."""
    manifest = plugins.marketplace_manifest(account.marketplace)
    site = manifest.site(offer.site)
    if site is None or not manifest.refusals.offer_page or account.options.get("address.consent"):
        return ""
    return manifest.refusals.offer_page.format(host=site.consent_host, sku=quote(offer.sku, safe=""))


def _code_page(account: models.Account, code: str, site_id: str) -> str:
    manifest = plugins.marketplace_manifest(account.marketplace)
    site = manifest.site(site_id)
    if site is None or code not in manifest.refusals.explained or account.options.get("address.consent"):
        return ""
    return manifest.refusals.code_page.format(host=site.consent_host, code=code)


@require_POST
def retry_refusals(request: HttpRequest, number: int) -> HttpResponse:
    """`shown` names the offers that were on the page; `code` those of one cause, without it all."""
    get_object_or_404(models.Account, pk=number)
    code, shown = request.POST.get("code"), request.POST.get("shown", "")
    by = request.user.get_username()
    count = retry_offers.retry(wiring.deps(), AccountId(number), shown, by, code)
    if count is None:
        messages.error(request, w("refusals.others_now"))
    elif count:
        messages.success(request, w("refusals.retried", count=count))
    else:
        messages.info(request, w("refusals.retried_none"))
    return redirect(reverse("refusals", kwargs={"number": number}))


def csv_out(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """All refused offers, one a line, with cause and cure in the reader's language; ?code= for those of one cause."""
    account = get_object_or_404(models.Account, pk=number)
    return as_csv(csv_lines(account, language(), request.GET.get("code")), "forain-refusals")


def csv_lines(account: models.Account, spoken: str, code: str | None = None) -> Iterator[str]:
    """The lines of that file. `code`: only of that one."""
    yield csv_files.line(COLUMNS)
    for offer in refusals.each(AccountId(account.pk), code):
        problem = next(iter(refusals.from_rows(offer.refusals)), Problem(""))
        cause, cure = words.why_refused(spoken, account.marketplace, problem)
        since = offer.refused_at.isoformat(timespec="seconds") if offer.refused_at else None
        yield csv_files.line(
            (problem.code, cause, cure, offer.site, offer.sku, offer.title, since, problem.field, problem.text)
        )
