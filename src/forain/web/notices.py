"""Where each notice is mended: the button beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from forain import wiring
from forain.store import models
from forain.web.reminders import Cared, Cares

ABOUT_AN_ORDER = (
    "order_total_differs", "orders_missing", "orders_left_out", "orders_differ", "shipment_refused",
    "shipments_unshown", "bundles_in_part", "cancel_asked",
)  # fmt: skip


@dataclass(frozen=True)
class Cure:
    """A button: its address, the key of its words, and whether it is the first thing to do."""

    url: str
    words: str
    first: bool = False


def with_cures(notices: Iterable[models.Notice]) -> list[tuple[models.Notice, str, Cure, Cared | None]]:
    """Each with the name of its account where there are several, its button, and, where people are reminded of it, who
    takes care."""
    cares = Cares(wiring.deps().clock.now())
    several = models.Account.objects.count() > 1
    return [
        (notice, notice.account.name if several and notice.account else "", cure(notice), cares.of(notice))
        for notice in notices
    ]


def cure(notice: models.Notice) -> Cure:
    """The button of a notice."""
    code = notice.code
    if code in ("shop_refused", "catalogue_problem"):
        number = notice.subject.split("/")[0].removeprefix("shop:")
        if number.isdigit():
            return Cure(reverse("shop", kwargs={"number": int(number)}), "nav.shop")
    if code in ("brake_zero", "brake_prices", "price_jump") and notice.account is not None:
        return Cure(f"{reverse('brakes', kwargs={'number': notice.account.pk})}#held", "brakes.title", first=True)
    if code in ("emptied", "holiday") and notice.account is not None:
        place = "empty" if code == "emptied" else code
        return Cure(f"{reverse('brakes', kwargs={'number': notice.account.pk})}#{place}", "brakes.title")
    if code in ("offer_refused", "offer_not_taken") and notice.account is not None:
        return Cure(reverse("refusals", kwargs={"number": notice.account.pk}), "refusals.title")
    if code.startswith("offer_"):
        return Cure(reverse("offers") + "?state=alarm", "nav.offers")
    if code == "feed_failed":
        return Cure(reverse("offers") + "?state=waiting", "nav.offers")
    if code == "order_held" and notice.placeholders.get("reason") == "address_missing" and notice.account is not None:
        return Cure(reverse("by_hand", kwargs={"number": notice.account.pk}), "register.to_list")
    if code == "order_held":
        return Cure(reverse("orders") + "?state=held", "nav.orders")
    if code == "order_not_created":
        return Cure(reverse("orders") + "?state=creating", "nav.orders")
    if code in ABOUT_AN_ORDER:
        return Cure(f"{reverse('orders')}?{urlencode({'q': notice.placeholders.get('order', '')})}", "nav.orders")
    if code in ("mail_failing", "mail_refused", "webhook_failing"):
        return Cure(reverse("reminders"), "reminders.title")
    if code.startswith("rates_") and (row := models.Account.objects.order_by("pk").first()) is not None:
        return Cure(f"{reverse('rules', kwargs={'number': row.pk})}#rates", "rules.rates")
    if code == "queue_failing":
        number = notice.subject.removeprefix("queue:")
        rows = (
            models.Account.objects.filter(application=int(number))
            if number.isdigit()
            else models.Account.objects.none()
        )
        row = rows.order_by("pk").first()
        if row is not None:
            return Cure(reverse("rotation", kwargs={"number": row.pk}), "rotation.title")
    if code == "people_to_review":
        return Cure(reverse("people"), "nav.people")
    if notice.account is not None and code not in ("side_ill", "internal"):
        return _on_the_account(code, notice.placeholders.get("cause", ""), notice.account)
    return Cure(reverse("health"), "nav.health")


def _on_the_account(code: str, cause: str, account: models.Account) -> Cure:
    if code == "links_to_decide":
        return Cure(reverse("links", kwargs={"number": account.pk}), "nav.links")
    page = reverse("account", kwargs={"number": account.pk})
    if (code, cause) == ("application_refused", "unauthorized_client") or cause == "access_denied":
        return Cure(f"{page}#check", "amazon.check_now", first=True)
    if cause == "wrong_region":
        return Cure(
            reverse("add_account", kwargs={"marketplace": account.marketplace}), "amazon.other_region", first=True
        )
    if code.startswith(("rotation_", "queue_")) or code == "new_secret_refused":
        return Cure(reverse("rotation", kwargs={"number": account.pk}), "rotation.title", first=True)
    if code in ("secret_overdue", "secret_expiring", "application_refused"):
        return Cure(f"{page}#secret", "amazon.new_secret", first=True)
    if code.startswith("landing_"):
        return Cure(f"{page}#landing", "landing.title")
    if code == "site_read_only":
        return Cure(f"{page}#sites", "dash.compare")
    if code == "role_missing":
        if cause in ("asked", "refused"):
            return Cure(f"{page}#waiting", "register.waiting")
        return Cure(f"{page}#renew", "amazon.renew")
    if code.startswith("authorization_") and code != "authorization_doubted":
        return Cure(f"{page}#renew", "amazon.renew", first=True)
    return Cure(page, "amazon.heading")
