"""What the marketplace's SKUs are in the shop: decide and make links, say bundles, CSV out and in."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from forain import wiring
from forain.core.bundles import MOST_NEED, NotABundle
from forain.core.ids import AccountId, SellerSku, ShopId, VariantId
from forain.flows import csv_files, link_offers
from forain.store import models, shops
from forain.web.downloads import as_csv, uploaded
from forain.web.templatetags.words_of import w

PAGE = 100
FEW_PARTS = 6
"""So many articles the form of a bundle has room for; a file has more."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form of a bundle: its SKU, and (article, need) of each line."""

    sku: str = ""
    parts: tuple[tuple[str, str], ...] = ()

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """With empty ones to go on in."""
        return (*self.parts, *[("", "")] * (FEW_PARTS - len(self.parts)))


def link_list(request: HttpRequest, number: int) -> HttpResponse:
    return _page(request, number, Typed())


def _page(request: HttpRequest, number: int, typed: Typed, status: int = 200) -> HttpResponse:
    account = get_object_or_404(models.Account, pk=number)
    titles: dict[str, models.Variant] = {}
    proposals = list(shops.proposals(AccountId(number))[:PAGE])
    decided = models.Link.objects.filter(account=account, decided_at__isnull=False, refused=False)
    found = list(decided.filter(sku__gt=request.GET.get("after", "")).order_by("sku")[: PAGE + 1])
    linked = found[:PAGE]
    sets = list(shops.bundles(AccountId(number)).filter(sku__gt=request.GET.get("bundles_after", ""))[: PAGE + 1])
    bundles = [(row, list(row.parts.all())) for row in sets[:PAGE]]
    if account.shop_id:
        names = {link.variant for link in (*proposals, *linked)}
        names |= {part.variant for _, parts in bundles for part in parts}
        titles = {v.variant: v for v in models.Variant.objects.filter(shop_id=account.shop_id, variant__in=names)}
    context = {
        "account": account,
        "proposals": [(link, titles.get(link.variant)) for link in proposals],
        "linked": [(link, titles.get(link.variant)) for link in linked],
        "more": linked[-1].sku if len(found) > PAGE else "",
        "bundles": [(row, [(part, titles.get(part.variant)) for part in parts]) for row, parts in bundles],
        "more_bundles": sets[PAGE - 1].sku if len(sets) > PAGE else "",
        "typed": typed,
        "most_need": MOST_NEED,
        "amazon_only": shops.unlinked_skus(AccountId(number)).order_by("sku")[:PAGE],
        "shop_only": shops.unlinked_variants(AccountId(number), ShopId(account.shop_id)).order_by("sku")[:PAGE]
        if account.shop_id
        else [],
    }
    return render(request, "web/links.html", context, status=status)


@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """sku, variant and answer: yes links, anything else refuses and is remembered."""
    account = get_object_or_404(models.Account.objects.select_related("shop"), pk=number)
    sku, variant = request.POST.get("sku", "").strip(), request.POST.get("variant", "").strip()
    known = account.shop_id and models.Variant.objects.filter(shop_id=account.shop_id, variant=variant).exists()
    if len(sku) > link_offers.LONGEST_SKU:
        messages.error(request, w("error.long"), extra_tags="hand")
        return redirect(f"{reverse('links', kwargs={'number': number})}#hand")
    if not sku or not known:
        messages.error(
            request, w("links.unknown", variant=variant) if variant else w("error.required"), extra_tags="hand"
        )
        return redirect(f"{reverse('links', kwargs={'number': number})}#hand")
    by = request.user.get_username()
    same = request.POST.get("answer") == "yes"
    try:
        link_offers.decide(wiring.deps(), account, SellerSku(sku), VariantId(variant), same=same, by=by)
    except NotABundle as error:
        messages.error(request, why_no_bundle(error), extra_tags="hand")
        return redirect(f"{reverse('links', kwargs={'number': number})}#hand")
    return redirect("links", number=number)


def why_no_bundle(error: NotABundle) -> str:
    """What is wrong with a bundle, where, and what to do about it."""
    told = {"variant": error.variant, "place": error.place or "", "most": MOST_NEED}
    return w(f"links.bundle_{error.code}", **told)


@require_POST
def say_bundle(request: HttpRequest, number: int) -> HttpResponse:
    """sku, and variant and need as often as there are lines: the SKU is a bundle of these. Lines without an article are left out."""
    account = get_object_or_404(models.Account.objects.select_related("shop"), pk=number)
    sku = request.POST.get("sku", "").strip()
    lines = zip(request.POST.getlist("variant"), request.POST.getlist("need"), strict=False)
    typed = Typed(sku, tuple((variant.strip(), need.strip()) for variant, need in lines if variant.strip()))
    if not sku or len(sku) > link_offers.LONGEST_SKU:
        messages.error(request, w("error.long" if sku else "error.required"), extra_tags="bundle")
        return _page(request, number, typed, 400)
    try:
        link_offers.bundle(wiring.deps(), account, SellerSku(sku), typed.parts, request.user.get_username())
    except NotABundle as error:
        messages.error(request, why_no_bundle(error), extra_tags="bundle")
        return _page(request, number, typed, 400)
    messages.success(request, w("links.bundle_said", sku=sku))
    return redirect("links", number=number)


@require_POST
def dissolve_bundle(request: HttpRequest, number: int) -> HttpResponse:
    """sku: it is no bundle any more."""
    account = get_object_or_404(models.Account.objects.select_related("shop"), pk=number)
    sku = SellerSku(request.POST.get("sku", ""))
    link_offers.unbundle(wiring.deps(), account, sku, request.user.get_username())
    return redirect("links", number=number)


def csv_out(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """All decided links and bundles: marketplace_sku, variant, how, need."""
    get_object_or_404(models.Account, pk=number)
    return as_csv(link_offers.csv_lines(AccountId(number)), "forain-links")


def why_no_file(found: csv_files.WrongLine) -> str:
    """Which line of a file is wrong, and why."""
    if not found.code:
        return w("links.csv_wrong", line=found.line, what=found.what)
    return w("links.csv_wrong_bundle", line=found.line, what=why_no_bundle(NotABundle(found.code, found.what)))


@require_POST
def csv_in(request: HttpRequest, number: int) -> HttpResponse:
    """All lines or none: a wrong one is named, and nothing is changed."""
    account = get_object_or_404(models.Account.objects.select_related("shop"), pk=number)
    content = uploaded(request)
    found = content if isinstance(content, csv_files.WrongLine) else link_offers.read_csv(account, content)
    if not isinstance(found, csv_files.WrongLine):
        try:
            link_offers.take(wiring.deps(), account, found, by=request.user.get_username())
        except NotABundle as error:
            # Somebody said something else of this SKU meanwhile.
            found = csv_files.WrongLine(1, error.variant, error.code)
    if isinstance(found, csv_files.WrongLine):
        messages.error(request, why_no_file(found), extra_tags="hand")
    else:
        messages.success(request, w("links.csv_done", count=len(found)))
    return redirect("links", number=number)
