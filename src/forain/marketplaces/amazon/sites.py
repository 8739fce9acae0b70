"""Amazon's sites and regions.

Source: developer-docs.amazon.com/sp-api/docs/marketplace-ids (23 sites) and .../sp-api-endpoints, read 2026-11-23;
currencies and locales are first guesses only, getMarketplaceParticipations says the true ones. Whose days a sale counts in
is written nowhere: taken is the time of the country, for amazon.com and amazon.ca the Pacific one (an assumption).

One seller's SKU has one quantity and one handling time, whatever site they are told on: Amazon's staff in
github.com/amzn/selling-partner-api-docs/issues/3167 (2023-06-09; of the United Kingdom and the EU) and
selling-partner-api-models/issues/4356 (2024-12-06), read 2026-11-30. An account has the sites of one region, so these share.
"""

from dataclasses import replace

from forain.contracts.manifest import Site

_ROWS = """
A2EUQ1WTGCTBG2 CA NA CAD en_CA sellercentral.amazon.ca amazon.ca America/Los_Angeles
ATVPDKIKX0DER US NA USD en_US sellercentral.amazon.com amazon.com America/Los_Angeles
A1AM78C64UM0Y8 MX NA MXN es_MX sellercentral.amazon.com.mx amazon.com.mx America/Mexico_City
A2Q3Y263D00KWC BR NA BRL pt_BR sellercentral.amazon.com.br amazon.com.br America/Sao_Paulo
A28R8C7NBKEWEA IE EU EUR en_IE sellercentral-europe.amazon.com amazon.ie Europe/Dublin
A1RKKUPIHCS9HS ES EU EUR es_ES sellercentral-europe.amazon.com amazon.es Europe/Madrid
A1F83G8C2ARO7P GB EU GBP en_GB sellercentral-europe.amazon.com amazon.co.uk Europe/London
A13V1IB3VIYZZH FR EU EUR fr_FR sellercentral-europe.amazon.com amazon.fr Europe/Paris
AMEN7PMS3EDWL BE EU EUR fr_BE sellercentral.amazon.com.be amazon.com.be Europe/Brussels
A1805IZSGTT6HS NL EU EUR nl_NL sellercentral.amazon.nl amazon.nl Europe/Amsterdam
A1PA6795UKMFR9 DE EU EUR de_DE sellercentral-europe.amazon.com amazon.de Europe/Berlin
APJ6JRA9NG5V4 IT EU EUR it_IT sellercentral-europe.amazon.com amazon.it Europe/Rome
A2NODRKZP88ZB9 SE EU SEK sv_SE sellercentral.amazon.se amazon.se Europe/Stockholm
AE08WJ6YKNBMC ZA EU ZAR en_ZA sellercentral.amazon.co.za amazon.co.za Africa/Johannesburg
A1C3SOZRARQ6R3 PL EU PLN pl_PL sellercentral.amazon.pl amazon.pl Europe/Warsaw
ARBP9OOSHTCHU EG EU EGP ar_EG sellercentral.amazon.eg amazon.eg Africa/Cairo
A33AVAJ2PDY3EV TR EU TRY tr_TR sellercentral.amazon.com.tr amazon.com.tr Europe/Istanbul
A17E79C6D8DWNP SA EU SAR ar_AE sellercentral.amazon.sa amazon.sa Asia/Riyadh
A2VIGQ35RCS4UG AE EU AED en_AE sellercentral.amazon.ae amazon.ae Asia/Dubai
A21TJRUUN4KGV IN EU INR en_IN sellercentral.amazon.in amazon.in Asia/Kolkata
A19VAU5U5O7RUS SG FE SGD en_SG sellercentral.amazon.sg amazon.sg Asia/Singapore
A39IBJ37TRP1C6 AU FE AUD en_AU sellercentral.amazon.com.au amazon.com.au Australia/Sydney
A1VC38T7YXB528 JP FE JPY ja_JP sellercentral.amazon.co.jp amazon.co.jp Asia/Tokyo
"""

_SITES = (Site(*row.split()) for row in _ROWS.strip().splitlines())
SITES = tuple(replace(site, stock=site.region) for site in _SITES)
BY_ID = {site.site_id: site for site in SITES}
REGIONS = ("EU", "NA", "FE")
ORDER_PAGE = "https://{host}/orders-v3/order/{order}"
"""An order in Seller Central. Amazon documents no such address; it is the one its own pages lead to, not verified here."""
TOKEN_ADDRESS = "https://api.amazon.com/auth/o2/token"
API_ADDRESSES = {
    "EU": "https://sellingpartnerapi-eu.amazon.com",
    "NA": "https://sellingpartnerapi-na.amazon.com",
    "FE": "https://sellingpartnerapi-fe.amazon.com",
}
