"""I see all that my yes to a site would send, and why, before I say it: from what was decided last, nothing is sent or written."""

from collections.abc import Iterator

from forain.core.ids import AccountId
from forain.core.terms import NAMES
from forain.flows import csv_files
from forain.flows.preview_rules import SETUP, because
from forain.store import models, offers


def csv_lines(account: AccountId, site: str) -> Iterator[str]:
    """The offers of the site that are to be told something, or of which something is held, as the lines of a CSV file.

    An empty `..._to_send`: that part is shown as wanted, or is not told. `because`: each step that led there, with the level of the
    rule that said it. What the brake will hold is not in it: that is asked as it is told.
    """
    heads = ["site", "sku", "title"]
    for name in ("quantity", "price", *NAMES):
        heads += [f"{name}_on_amazon", f"{name}_to_send"]
    yield csv_files.line([*heads, *(f"{name}_on_amazon" for name in SETUP), "held", "notes", "because"])
    for row in offers.unlike_or_held(account, site).iterator(chunk_size=1000):
        yield csv_files.line([
            row.site, row.sku, row.title, *_sides(row), *(row.price_setup.get(name) for name in SETUP), row.held,
            "; ".join(row.notes), because(row.desired_steps),
        ])  # fmt: skip


def _sides(row: models.Offer) -> Iterator[object]:
    """What is shown and what would be told, in turn."""
    sides: list[tuple[object, object]] = [
        (row.observed_quantity, None if row.fulfilled_by == "marketplace" else row.desired_quantity),
        (
            offers.money(row.observed_minor, row.observed_currency),
            offers.money(row.desired_minor, row.desired_currency),
        ),
        *((row.observed_terms.get(name), row.desired_terms.get(name)) for name in NAMES),
    ]
    for shown, wanted in sides:
        yield shown
        yield None if wanted == shown else wanted
