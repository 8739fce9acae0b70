"""The sites that MWS knew, by region. Their interface had no address any more from 2024-04-01 on.

Source: the python package mws 0.8.15 (its constant MARKETPLACES) and developer-docs.amazon.com/sp-api/docs/marketplace-ids,
read 2026-11-23; currencies and locales are first guesses only, ListMarketplaceParticipations says the true ones.

One seller's SKU has one quantity and one handling time, whatever site a feed of them is for (selling-partner-api-docs/issues/2716,
2022-11-09, of the same feed under the interface after it; read 2026-11-30): the sites of a region share.
"""

from dataclasses import replace

from forain.contracts.manifest import Site

_ROWS = """
A2EUQ1WTGCTBG2 CA NA CAD en_CA sellercentral.amazon.ca amazon.ca
ATVPDKIKX0DER US NA USD en_US sellercentral.amazon.com amazon.com
A1AM78C64UM0Y8 MX NA MXN es_MX sellercentral.amazon.com.mx amazon.com.mx
A2Q3Y263D00KWC BR NA BRL pt_BR sellercentral.amazon.com.br amazon.com.br
A1RKKUPIHCS9HS ES EU EUR es_ES sellercentral-europe.amazon.com amazon.es
A1F83G8C2ARO7P GB EU GBP en_GB sellercentral-europe.amazon.com amazon.co.uk
A13V1IB3VIYZZH FR EU EUR fr_FR sellercentral-europe.amazon.com amazon.fr
A1805IZSGTT6HS NL EU EUR nl_NL sellercentral.amazon.nl amazon.nl
A1PA6795UKMFR9 DE EU EUR de_DE sellercentral-europe.amazon.com amazon.de
APJ6JRA9NG5V4 IT EU EUR it_IT sellercentral-europe.amazon.com amazon.it
A2NODRKZP88ZB9 SE EU SEK sv_SE sellercentral.amazon.se amazon.se
A1C3SOZRARQ6R3 PL EU PLN pl_PL sellercentral.amazon.pl amazon.pl
ARBP9OOSHTCHU EG EU EGP ar_EG sellercentral.amazon.eg amazon.eg
A33AVAJ2PDY3EV TR EU TRY tr_TR sellercentral.amazon.com.tr amazon.com.tr
A17E79C6D8DWNP SA EU SAR ar_AE sellercentral.amazon.sa amazon.sa
A2VIGQ35RCS4UG AE EU AED en_AE sellercentral.amazon.ae amazon.ae
A21TJRUUN4KGV IN EU INR en_IN sellercentral.amazon.in amazon.in
A19VAU5U5O7RUS SG FE SGD en_SG sellercentral.amazon.sg amazon.sg
A39IBJ37TRP1C6 AU FE AUD en_AU sellercentral.amazon.com.au amazon.com.au
A1VC38T7YXB528 JP FE JPY ja_JP sellercentral.amazon.co.jp amazon.co.jp
"""

_SITES = (Site(*row.split()) for row in _ROWS.strip().splitlines())
SITES = tuple(replace(site, stock=site.region) for site in _SITES)
BY_ID = {site.site_id: site for site in SITES}
REGIONS = ("EU", "NA", "FE")
