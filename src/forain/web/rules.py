"""What the merchant's offers shall show: the rules of an account, said on one page or with a file."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from forain import wiring
from forain.core.ids import AccountId
from forain.core.rules import LEVELS, NONE, WISHES, Wish
from forain.flows import divide_stock, poll_rates, preview_rules, set_rates, set_rules
from forain.flows.csv_files import WrongLine
from forain.store import accounts, instance, models, rates, rules, shops
from forain.store.rules import Place
from forain.web import reasons
from forain.web.downloads import as_csv, uploaded
from forain.web.templatetags.words_of import w

MOST_SHOWN = 50
MOST_SKUS = 500
"""So many SKUs are proposed while one is typed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One wish of the form. `text`: what is said, "" for nothing; `wrong`: why it was not taken."""

    wish: Wish
    text: str
    wrong: str = ""

    @property
    def none(self) -> str:
        """The word that takes a wider limit away, "" where there is none to take away."""
        return NONE if self.wish.may_be_none else ""


def rule_list(request: HttpRequest, number: int) -> HttpResponse:
    """All rules, and the form of one place: ?level=&site=&name= choose it."""
    account = get_object_or_404(models.Account, pk=number)
    place = _place(request.GET)
    return render(request, "web/rules.html", _context(account, place, rules.wishes(AccountId(number), place), None))


@require_POST
def try_rule(request: HttpRequest, number: int) -> HttpResponseBase:
    """What the form would change, before it is said: the first MOST_SHOWN offers, and how many there are in all."""
    account = get_object_or_404(models.Account, pk=number)
    place = _place(request.POST)
    told = {name: request.POST.get(name, "").strip() for name in WISHES}
    found = preview_rules.preview(wiring.deps(), account, place, told)
    if isinstance(found, set_rules.Refused):
        return render(request, "web/rules.html", _context(account, place, told, found), status=400)
    if request.POST.get("as") == "csv":
        return as_csv(preview_rules.csv_lines(found), "forain-preview")
    differences, count, held, shared, twice = [], 0, 0, 0, 0
    for one in found:
        count += 1
        held += bool(one.held)
        shared += one.shared
        twice += one.twice
        if count <= MOST_SHOWN:
            differences.append((one, *reasons.steps_of(one.steps)))
    tried = {
        "differences": differences,
        "count": count,
        "more": count - len(differences),
        "held": held,
        "shared": shared,
        "twice": twice,
    }
    return render(request, "web/rules.html", _context(account, place, told, None) | {"tried": tried})


@require_POST
def say_rule(request: HttpRequest, number: int) -> HttpResponse:
    """Exactly what the form holds is said from now on; with nothing in it the rule is taken away."""
    account = get_object_or_404(models.Account, pk=number)
    place = _place(request.POST)
    told = {name: request.POST.get(name, "").strip() for name in WISHES}
    refused = set_rules.say(wiring.deps(), account, place, told, request.user.get_username())
    if refused is not None:
        return render(request, "web/rules.html", _context(account, place, told, refused), status=400)
    messages.success(request, w("rules.said"))
    unknown, known = set_rules.unknown_locations(account, told)
    if unknown:
        messages.warning(request, w("rules.locations_unknown", names="; ".join(unknown), known="; ".join(known)))
    return redirect(_address(number, place))


def _place(told: QueryDict) -> Place:
    """As the address or the form says it; the account where it says nothing."""
    level, site, name = (told.get(part, "").strip() for part in set_rules.PLACE)
    # What a level does not have is left over from another choice in the form.
    return Place(
        level if level else "account",  # type: ignore[arg-type]
        "" if level in ("", "account") else site,
        name if level in ("group", "sku") else "",
    )


def _address(number: int, place: Place) -> str:
    told = urlencode({"level": place.level, "site": place.site, "name": place.name})
    return f"{reverse('rules', kwargs={'number': number})}?{told}#form"


def _context(
    account: models.Account, place: Place, told: dict[str, str], refused: set_rules.Refused | None
) -> dict[str, object]:
    number = AccountId(account.pk)
    wrong = {refused.field: w(f"wrong.{refused.code}", told=refused.told)} if refused else {}
    lines = [Line(wish, told.get(wish.name, ""), wrong.pop(wish.name, "")) for wish in WISHES.values()]
    said = [
        (
            row,
            _address(account.pk, rules.place_of(row)),
            [(name, row.wishes[name]) for name in WISHES if name in row.wishes],
        )
        for row in rules.of_account(number)
    ]
    skus = models.Offer.objects.filter(account=account).order_by("sku").values_list("sku", flat=True).distinct()
    rates_url = instance.get().rates_url
    return {
        "account": account, "said": said, "rates": rates.every(), "rates_url": rates_url, "rates_host": urlsplit(rates_url).hostname or "", "place": place, "levels": LEVELS, "sites": accounts.sites(number),
        "sharing": ", ".join(site.domain or site.site for site in preview_rules.sharing(wiring.deps(), account, place)),
        "division": divide_stock.division(account), "groups": shops.groups(number), "locations": "; ".join(account.shop.locations) if account.shop else "", "skus": skus[:MOST_SKUS],
        "sides": [(side, [line for line in lines if line.wish.side == side]) for side in ("quantity", "price")],
        # What is wrong with the place, not with a wish.
        "wrong": next(iter(wrong.values()), ""), "refused": bool(refused), "known": bool(rules.wishes(number, place)),
    }  # fmt: skip


@require_POST
def say_rate(request: HttpRequest, number: int) -> HttpResponse:
    """So many of one currency for one of another; for all accounts alike."""
    get_object_or_404(models.Account, pk=number)
    deps = wiring.deps()
    told = [request.POST.get(name, "") for name in set_rates.COLUMNS]
    found = set_rates.read(told[0].upper(), told[1].upper(), told[2], told[3], deps.clock.now().date())
    if isinstance(found, set_rules.Refused):
        messages.error(request, w(f"wrong.{found.code}", told=found.told), extra_tags="rates")
    else:
        set_rates.say(deps, [found], request.user.get_username())
        messages.success(request, w("rules.rate_said"))
    return redirect(f"{reverse('rules', kwargs={'number': number})}#rates")


@require_POST
def rates_in(request: HttpRequest, number: int) -> HttpResponse:
    """All lines or none: a wrong one is named, and nothing is changed."""
    get_object_or_404(models.Account, pk=number)
    deps = wiring.deps()
    content = uploaded(request)
    found = content if isinstance(content, WrongLine) else set_rates.read_csv(content, deps.clock.now().date())
    if isinstance(found, WrongLine):
        messages.error(request, w("links.csv_wrong", line=found.line, what=found.what), extra_tags="rates")
    else:
        set_rates.say(deps, found, request.user.get_username())
        messages.success(request, w("rules.rates_taken", count=len(found)))
    return redirect(f"{reverse('rules', kwargs={'number': number})}#rates")


@require_POST
def rates_address(request: HttpRequest, number: int) -> HttpResponse:
    """Rates are fetched there from now on, for all accounts alike; an empty field: nowhere any more."""
    get_object_or_404(models.Account, pk=number)
    url = request.POST.get("url", "").strip()
    if poll_rates.set_address(wiring.deps(), url, request.user.get_username()):
        messages.success(request, w("rules.rates_address_said" if url else "rules.rates_address_none"))
    else:
        messages.error(request, w("error.address_wrong"), extra_tags="rates")
    return redirect(f"{reverse('rules', kwargs={'number': number})}#rates")


def csv_out(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """All rules: level, site, name, and a column for each wish."""
    get_object_or_404(models.Account, pk=number)
    return as_csv(set_rules.csv_lines(AccountId(number)), "forain-rules")


@require_POST
def csv_in(request: HttpRequest, number: int) -> HttpResponse | StreamingHttpResponse:
    """All lines or none: a wrong one is named, and nothing is changed. `as` csv: change nothing, answer what would be."""
    account = get_object_or_404(models.Account, pk=number)
    content = uploaded(request)
    found = content if isinstance(content, WrongLine) else set_rules.read_csv(account, content)
    if isinstance(found, WrongLine):
        messages.error(request, w("links.csv_wrong", line=found.line, what=found.what), extra_tags="file")
    elif request.POST.get("as") == "csv":
        lines = preview_rules.csv_lines(preview_rules.preview_file(wiring.deps(), account, found))
        return as_csv(lines, "forain-preview")
    else:
        set_rules.take(wiring.deps(), account, found, by=request.user.get_username())
        messages.success(request, w("rules.csv_done", count=len(found)))
    return redirect(f"{reverse('rules', kwargs={'number': number})}#file")
