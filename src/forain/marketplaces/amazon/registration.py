"""How a merchant comes to a private application: the pages, the steps, the roles, and what Amazon asks about security.

Sources, read 2026-11-29: developer-docs.amazon.com/sp-api, pages "Step 1: Prepare for Registration", "Step 3: Create a
Developer Profile", "Register your Application", "Roles in the Selling Partner API"; the French pages of
developer.amazonservices.com for the French names of three roles. Addresses inside Seller Central and the portal are not
documented: they are those that published guides of others lead to, and were not tried with an account of our own. A name
that we did not find in a language is left out of it: then the English one stands alone.
"""

from forain.contracts.manifest import Page, Question, Registration, Role, Step

ROLES = (
    Role(
        "listing", "Product Listing", {"fr": "Listing du produit"}, essential=True, seen_by="offers",
        operations=(
            "patchListingsItem", "getListingsItem", "searchListingsItems", "searchCatalogItems", "createFeedDocument",
            "createFeed", "getFeed", "getFeeds", "getFeedDocument", "cancelFeed",
        ),
    ),
    Role("pricing", "Pricing", {}, operations=("getMyFeesEstimates",)),
    Role(
        "orders", "Inventory and Order Tracking", {"fr": "Stock et Suivi des commandes"}, essential=True, seen_by="orders",
        operations=("searchOrders", "getOrder", "confirmShipment", "createReport", "getReport", "getReportDocument"),
    ),
    Role("addresses", "Direct-to-Consumer Shipping", {}, restricted=True, essential=True, seen_by="addresses"),
    Role("tax", "Tax Invoicing", {}, restricted=True),
    Role("insights", "Selling Partner Insights", {}, operations=("getAccount",), seen_by="plan"),
    Role("fulfillment", "Amazon Fulfillment", {"fr": "Distribution Amazon"}, marketplace_ships=True),
)  # fmt: skip
"""All to be asked for at once: a role that is added later ends the authorization, and a new token is needed.

Which operation needs which role: developer-docs.amazon.com/sp-api/docs/role-mappings, read 2026-11-23. No operation needs
Direct-to-Consumer Shipping: without it orders come, and Amazon leaves name and street out. For the estimate of fees any one of several
roles will do, Product Listing among them (the same page, read 2026-11-30): where it is denied, Pricing is the one that is about it.
"""

OPERATIONS = {operation: role.name for role in ROLES for operation in role.operations}

PAGES = (
    Page("portal", "https://solutionproviderportal.amazon.com/", {"en": "Solution Provider Portal"}),
    Page(
        "develop", "https://{host}/sellingpartner/developerconsole",
        {"en": "Apps and Services > Develop Apps", "fr": "Applications et services > Développer des applications",
         "de": "Apps und Services > Apps entwickeln"},
    ),
    Page(
        "merchant_token", "https://{host}/sw/AccountInfo/MerchantToken/step/MerchantToken",
        {"en": "Settings > Account info > Merchant token",
         "fr": "Paramètres > Informations du compte > Jeton du commerçant",
         "de": "Einstellungen > Kontoinformationen > Händlertoken"},
    ),
    Page(
        "orders", "https://{host}/orders-v3",
        {"en": "Orders > Manage orders", "fr": "Commandes > Gérer les commandes", "de": "Bestellungen > Bestellungen verwalten"},
    ),
)  # fmt: skip

STEPS = (
    Step("plan", ("merchant_token",), seen_by="plan"),
    Step("profile", ("portal", "develop"), seen_by="application"),
    Step("roles", ("portal", "develop"), seen_by="roles_asked", only_seen=True),
    Step("answers", ("portal", "develop"), seen_by="restricted_work"),
    Step(
        "client", ("portal", "develop"),
        (("client_id", "LWA credentials > View > Client identifier"), ("client_secret", "LWA credentials > View > Client secret")),
        seen_by="application",
    ),
    Step(
        "token", ("develop", "merchant_token"), (("seller_id", "Merchant token"), ("refresh_token", "Authorize > Refresh token")),
        seen_by="authorized", only_seen=True,
    ),
    Step("proven", seen_by="roles_work", only_seen=True),
)  # fmt: skip

QUESTIONS = (
    Question("why_pii", ("use",)),
    Question("outside", ("shops", "others")),
    Question("sources", ("sources",)),
    Question("network", ("network", "database", "firewall")),
    Question("people", ("people", "factor", "review")),
    Question("devices", ("pages", "devices")),
    Question("policy", ("retention", "policy")),
    Question("at_rest", ("at_rest", "folder")),
    Question("transit", ("transit", "tls", "plain_shop")),
    Question("backups", ("backups",)),
    Question("logging", ("logs", "alarms")),
    Question("incidents", ("incidents",)),
    Question("passwords", ("passwords", "sessions")),
    Question("credentials", ("credentials",)),
    Question("testing", ("testing",)),
    Question("vulnerabilities", ("vulnerabilities",)),
)
"""What the developer profile asks of whoever wants a restricted role, as developers have published it (a public
question-and-answer file for a C# client of this interface, and the points Amazon flags in refused cases; read 2026-11-29).
The topics, in our words: Amazon changes the wording now and then."""

REGISTRATION = Registration("private", ROLES, PAGES, STEPS, QUESTIONS, orders="orders")
