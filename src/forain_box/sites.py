"""Amazon's sites as the box knows them: id -> (country, currency, locale, region, domain).

Source: developer-docs.amazon.com/sp-api/docs/marketplace-ids, read 2026-11-23.
"""

from decimal import Decimal

SITES: dict[str, tuple[str, str, str, str, str]] = {}
for _row in """
A2EUQ1WTGCTBG2 CA CAD en_CA na www.amazon.ca
ATVPDKIKX0DER US USD en_US na www.amazon.com
A1AM78C64UM0Y8 MX MXN es_MX na www.amazon.com.mx
A2Q3Y263D00KWC BR BRL pt_BR na www.amazon.com.br
A28R8C7NBKEWEA IE EUR en_IE eu www.amazon.ie
A1RKKUPIHCS9HS ES EUR es_ES eu www.amazon.es
A1F83G8C2ARO7P GB GBP en_GB eu www.amazon.co.uk
A13V1IB3VIYZZH FR EUR fr_FR eu www.amazon.fr
AMEN7PMS3EDWL BE EUR fr_BE eu www.amazon.com.be
A1805IZSGTT6HS NL EUR nl_NL eu www.amazon.nl
A1PA6795UKMFR9 DE EUR de_DE eu www.amazon.de
APJ6JRA9NG5V4 IT EUR it_IT eu www.amazon.it
A2NODRKZP88ZB9 SE SEK sv_SE eu www.amazon.se
AE08WJ6YKNBMC ZA ZAR en_ZA eu www.amazon.co.za
A1C3SOZRARQ6R3 PL PLN pl_PL eu www.amazon.pl
ARBP9OOSHTCHU EG EGP ar_EG eu www.amazon.eg
A33AVAJ2PDY3EV TR TRY tr_TR eu www.amazon.com.tr
A17E79C6D8DWNP SA SAR ar_AE eu www.amazon.sa
A2VIGQ35RCS4UG AE AED en_AE eu www.amazon.ae
A21TJRUUN4KGV IN INR en_IN eu www.amazon.in
A19VAU5U5O7RUS SG SGD en_SG fe www.amazon.sg
A39IBJ37TRP1C6 AU AUD en_AU fe www.amazon.com.au
A1VC38T7YXB528 JP JPY ja_JP fe www.amazon.co.jp
""".strip().splitlines():
    _id, *_rest = _row.split()
    SITES[_id] = (_rest[0], _rest[1], _rest[2], _rest[3], _rest[4])


def coins(amount: Decimal, site: str) -> Decimal:
    """The amount with as many decimals as the site's currency has."""
    return amount.quantize(Decimal(1) if SITES[site][1] == "JPY" else Decimal("0.01"))


REGIONS = ("eu", "na", "fe")
SHIPPING = Decimal("4.90")
"""What the box's merchants charge for carriage where nothing else is said."""


def region_of(site: str) -> str:
    return SITES[site][3]


def amazon_channel(site: str) -> str:
    """The channel of Amazon's own stock in the site's region."""
    return f"AMAZON_{region_of(site).upper()}"
