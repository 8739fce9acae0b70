"""Why Amazon refuses an offer: its codes and categories, each with the kind of thing it comes down to.

What the codes mean was read on 2026-11-30 in Amazon's own answers as developers quote them, and where other connectors explain them
to their merchants; the sentences in locale/ are ours. Only codes on which the sources agree are here: most of the 18000s and
100000s mean something else to each of them, and what such a code is about is told by its category.
"""

from collections.abc import Mapping

from forain.contracts.manifest import Refusals

_KINDS: Mapping[str, tuple[str, ...]] = {
    # Which product it is. Help pages of Channable, ChannelEngine, EffectConnect and Woosa; models issues 549 and 2711.
    "conflict": ("8541",),
    "several_products": ("8542", "5500"),
    "no_product": ("8560", "8566", "5501"),
    "number_wrong": ("8572", "5505"),
    "identity": ("8005", "5503", "5504"),
    "variation": ("8007", "8008", "8016", "8032"),
    "condition": ("8057", "8115"),
    "duplicate": ("DUPLICATE",),
    "too_many_new": ("8571",),
    # A deleted SKU stays unknown for a day: Amazon's own text in models issue 4834.
    "sku_unknown": ("13013", "NOT_FOUND"),
    # What may be sold. Channable, StoreAutomator, EffectConnect; Amazon's "Feeds error messages".
    "brand": ("5461", "6024"),
    "brand_unknown": ("5665",),
    "trademark": ("5161", "5561"),
    "category": ("8026",),
    "restricted": ("3015", "6014", "8059", "8556"),
    "approval": ("QUALIFICATION_REQUIRED",),
    "documents": ("100390",),
    # What is told. Models issues 3987, 5219, 5268 and 5337; "Listings Items API Issues Troubleshooting"; Channable, Woosa.
    "missing": ("5004", "18448", "90057", "90220", "99001", "99010", "MISSING_ATTRIBUTE"),
    "invalid": ("InvalidInput", "8015", "4000001", "4002008", "INVALID_ATTRIBUTE"),
    "value_count": ("99016", "99022"),
    "unknown_attribute": ("90000900",),
    "characters": ("99038",),
    "out_of_range": ("90113", "90114"),
    # Prices. Models issue 2733; Woosa; categories of the Listings Items model 2021-08-01.
    "zero_price": ("13043",),
    "price": ("INVALID_PRICE",),
    "price_missing": ("MISSING_PRICE",),
    "sale_days": ("14016",),
    # Pictures. Models issue 5268; Channable; categories of the same model.
    "image_missing": ("18320", "MISSING_IMAGE"),
    "image": ("INVALID_IMAGE",),
    "image_unreachable": ("20000",),
    # Amazon itself. Models issue 2774; StoreAutomator.
    "amazon_ill": ("4000000", "5002"),
    # Ours, for a refusal without any reason (`offers.submit`).
    "unsaid": ("INVALID",),
}

REFUSALS = Refusals(
    kinds={code: kind for kind, codes in _KINDS.items() for code in codes},
    # Amazon documents neither address. The first is the one its own pages and many tools lead to; the second stands in Amazon's
    # messages about these codes, as quoted in models issue 549 and the wiki of the peddler library. Neither was tried by us.
    offer_page="https://{host}/myinventory/inventory?searchTerm={sku}",
    code_page="https://{host}/gp/errorcode/{code}",
    explained=frozenset({"6024", "8007", "8008", "8016", "8026"}),
)
