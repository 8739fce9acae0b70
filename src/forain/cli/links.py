"""forain link ..., forain order ...: a person's decisions about SKUs and refused orders, for scripts."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forain.cli.ask import BY, account_row, content, reader_language, tell
from forain.cli.house import visiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forain.store import models

LARGEST_FILE = 5 * 1024 * 1024


@click.group("link")
def link_group() -> None:
    """Which of your articles a marketplace's SKU is."""


def _with_shop(number: int) -> "models.Account":
    row = account_row(number)
    if row.shop_id is None:
        raise click.ClickException(f"account {number} has no shop yet; see: forain shop add")
    return row


@link_group.command("list")
@click.argument("account", type=int)
def link_list(account: int) -> None:
    """What a person has yet to decide, the bundles, and what has no partner on the other side."""
    with visiting():
        from forain.core.ids import AccountId, ShopId
        from forain.store import shops

        row = _with_shop(account)
        for link in shops.proposals(AccountId(account)):
            tell(f"proposed   {link.sku} = {link.variant} ({link.how})")
        for bundle in shops.bundles(AccountId(account)):
            parts = ", ".join(f"{part.need} x {part.variant}" for part in bundle.parts.all())
            tell(f"bundle     {bundle.sku} = {parts}")
        for sku in shops.unlinked_skus(AccountId(account)).order_by("sku").values_list("sku", flat=True).distinct():
            tell(f"no article {sku}")
        for variant in shops.unlinked_variants(AccountId(account), ShopId(row.shop_id or 0)).order_by("sku"):
            tell(f"no offer   {variant.sku} (article {variant.variant})")


@link_group.command("decide")
@click.argument("account", type=int)
@click.argument("sku")
@click.argument("variant")
@click.argument("answer", type=click.Choice(["yes", "no"]))
def link_decide(account: int, sku: str, variant: str, answer: str) -> None:
    """The marketplace's SKU is your article VARIANT: yes, or no (remembered)."""
    with visiting():
        from forain import wiring
        from forain.core.ids import SellerSku, VariantId
        from forain.flows import link_offers
        from forain.store import models

        row = _with_shop(account)
        if not models.Variant.objects.filter(shop=row.shop, variant=variant).exists():
            raise click.ClickException(f"the shop has no article {variant}; see: forain link list {account}")
        with _said_no():
            link_offers.decide(wiring.deps(), row, SellerSku(sku), VariantId(variant), same=answer == "yes", by=BY)
        tell(f"{sku} is {'' if answer == 'yes' else 'not '}{variant}")


@contextmanager
def _said_no() -> "Iterator[None]":
    """What is no bundle is said in the reader's words."""
    from forain.core.bundles import NotABundle

    try:
        yield
    except NotABundle as error:
        raise click.ClickException(_why(error.code, error.variant, error.place)) from None


def _why(code: str, variant: str, place: int = 0) -> str:
    from forain.core.bundles import MOST_NEED
    from forain.web.words import say

    gaps = {"variant": variant, "place": place or "", "most": MOST_NEED}
    return say(reader_language(), f"links.bundle_{code}", gaps)


@link_group.command("bundle")
@click.argument("account", type=int)
@click.argument("sku")
@click.option("--of", "parts", type=(str, str), multiple=True, metavar="NEED ARTICLE", help="So many pieces of it.")
def link_bundle(account: int, sku: str, parts: tuple[tuple[str, str], ...]) -> None:
    """The marketplace's SKU is a bundle: --of 2 SOAP --of 1 OIL. In place of what it was as a bundle before."""
    with visiting():
        from forain import wiring
        from forain.core.ids import SellerSku
        from forain.flows import link_offers

        row = _with_shop(account)
        if not sku or len(sku) > link_offers.LONGEST_SKU:
            raise click.ClickException(f"an SKU has 1 to {link_offers.LONGEST_SKU} characters")
        with _said_no():
            link_offers.bundle(wiring.deps(), row, SellerSku(sku), [(variant, need) for need, variant in parts], BY)
        tell(f"{sku} is {', '.join(f'{need} x {variant}' for need, variant in parts)}")


@link_group.command("dissolve")
@click.argument("account", type=int)
@click.argument("sku")
def link_dissolve(account: int, sku: str) -> None:
    """The marketplace's SKU is no bundle any more; its offers are left as they are until it is linked."""
    with visiting():
        from forain import wiring
        from forain.core.ids import SellerSku
        from forain.flows import link_offers

        row = _with_shop(account)
        if not link_offers.unbundle(wiring.deps(), row, SellerSku(sku), BY):
            raise click.ClickException(f"{sku} is no bundle; see: forain link list {account}")
        tell(f"{sku} is no bundle any more")


@link_group.command("export")
@click.argument("account", type=int)
def link_export(account: int) -> None:
    """All decided links and bundles as CSV: marketplace_sku, variant, how, need. What would steer a terminal is written out on one."""
    with visiting():
        from forain.core.ids import AccountId
        from forain.flows import link_offers

        account_row(account)
        for line in link_offers.csv_lines(AccountId(account)):
            if sys.stdout.isatty():
                tell(line.rstrip("\r\n"))
            else:
                sys.stdout.write(line)


@link_group.command("import")
@click.argument("account", type=int)
@click.argument("file", type=click.Path(path_type=Path))
def link_import(account: int, file: Path) -> None:
    """Take the links and bundles of a CSV file (marketplace_sku, variant, need), all lines or none."""
    with visiting():
        from forain import wiring
        from forain.flows import csv_files, link_offers
        from forain.web.words import say

        row = _with_shop(account)
        found = link_offers.read_csv(row, content(file, LARGEST_FILE).encode())
        if isinstance(found, csv_files.WrongLine):
            gaps = {"line": found.line, "what": _why(found.code, found.what) if found.code else found.what}
            key = "links.csv_wrong_bundle" if found.code else "links.csv_wrong"
            raise click.ClickException(f"{file}: {say(reader_language(), key, gaps)}")
        with _said_no():
            link_offers.take(wiring.deps(), row, found, by=BY)
        tell(say(reader_language(), "links.csv_done", {"count": len(found)}))


@click.group("order")
def order_group() -> None:
    """The marketplaces' orders."""


@order_group.command("list")
@click.option("--state", type=click.Choice(["held", "created", "cancelled", "recorded"]), help="Only these.")
@click.option("--most", type=click.IntRange(1, 10_000), default=40, show_default=True)
def order_list(state: str | None, most: int) -> None:
    """Orders, newest first, without the buyer."""
    with visiting():
        from forain.store import models
        from forain.web.words import say

        rows = models.Order.objects.order_by("-pk")
        for row in (rows.filter(state=state) if state else rows)[:most]:
            why = say(reader_language(), f"hold.{row.hold_reason}") if row.hold_reason else row.shop_order
            tell(f"{row.order_id} {row.purchased_at:%Y-%m-%d %H:%M} {row.state} {why}")


@order_group.command("retry")
@click.argument("order")
def order_retry(order: str) -> None:
    """Something is mended: try ORDER, which is held or fails in the shop (the marketplace's number of it) again."""
    with visiting():
        from forain import wiring
        from forain.flows import import_orders
        from forain.store import models, orders

        row = models.Order.objects.filter(order_id=order).first()
        if row is None:
            raise click.ClickException(f"there is no order {order}; see: forain order list")
        if row.state not in orders.UNSOLD:
            raise click.ClickException(f"order {order} is {row.state}: nothing to try again")
        import_orders.try_again(wiring.deps(), row)
        tell(f"order {order} is tried again by a running worker")
