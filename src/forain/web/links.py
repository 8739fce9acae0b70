"""Links between the marketplace's SKUs and the shop's articles: decide, link by hand, CSV out and in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from forain import wiring
from forain.core.ids import AccountId, SellerSku, ShopId, VariantId
from forain.flows import csv_files, link_offers
from forain.store import models, shops
from forain.web.templatetags.words_of import w

PAGE = 100
LARGEST_FILE = 5 * 1024 * 1024


def link_list(request: HttpRequest, number: int) -> HttpResponse:
    account = get_object_or_404(models.Account, pk=number)
    titles: dict[str, models.Variant] = {}
    proposals = list(shops.proposals(AccountId(number))[:PAGE])
    decided = models.Link.objects.filter(account=account, decided_at__isnull=False, refused=False)
    found = list(decided.filter(sku__gt=request.GET.get("after", "")).order_by("sku")[: PAGE + 1])
    linked = found[:PAGE]
    if account.shop_id:
        names = {link.variant for link in (*proposals, *linked)}
        titles = {v.variant: v for v in models.Variant.objects.filter(shop_id=account.shop_id, variant__in=names)}
    context = {
        "account": account,
        "proposals": [(link, titles.get(link.variant)) for link in proposals],
        "linked": [(link, titles.get(link.variant)) for link in linked],
        "more": linked[-1].sku if len(found) > PAGE else "",
        "amazon_only": shops.unlinked_skus(AccountId(number)).order_by("sku")[:PAGE],
        "shop_only": shops.unlinked_variants(AccountId(number), ShopId(account.shop_id)).order_by("sku")[:PAGE]
        if account.shop_id
        else [],
    }
    return render(request, "web/links.html", context)


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
    link_offers.decide(
        wiring.deps(), account, SellerSku(sku), VariantId(variant), same=request.POST.get("answer") == "yes", by=by
    )
    return redirect("links", number=number)


def csv_out(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """All decided links: marketplace_sku, variant, how."""
    get_object_or_404(models.Account, pk=number)
    return StreamingHttpResponse(
        link_offers.csv_lines(AccountId(number)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="forain-links.csv"'},
    )


@require_POST
def csv_in(request: HttpRequest, number: int) -> HttpResponse:
    """All lines or none: a wrong one is named, and nothing is changed."""
    account = get_object_or_404(models.Account.objects.select_related("shop"), pk=number)
    file = request.FILES.get("file")
    if file and (file.size or 0) > LARGEST_FILE:
        found: list[tuple[SellerSku, VariantId]] | csv_files.WrongLine = csv_files.WrongLine(1, "> 5 MB")
    else:
        found = link_offers.read_csv(account, file.read() if file else b"")
    if isinstance(found, csv_files.WrongLine):
        messages.error(request, w("links.csv_wrong", line=found.line, what=found.what), extra_tags="hand")
    else:
        link_offers.take(wiring.deps(), account, found, by=request.user.get_username())
        messages.success(request, w("links.csv_done", count=len(found)))
    return redirect("links", number=number)
