"""A developer's client of a box in the same process. Every answer of the interface is held against its model."""

import json
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlencode, urlsplit

from forain_box import Box
from forain_box.http import Request, pairs
from forain_box.spapi import gate
from tests.box import conformance, shapes

FR, DE, US, JP = "A13V1IB3VIYZZH", "A1PA6795UKMFR9", "ATVPDKIKX0DER", "A1VC38T7YXB528"
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Client:
    """A seller SELLER1 (France), an application with its authorization, one article SOAP with five pieces.

    `application`, `refresh`, `token` are what the developer has. `hold` False: answers are not held to their models.
    """

    hold = True

    def __init__(self, *, sites=(FR,), region="eu", roles=None, **options):
        self.region = region
        self.box = Box(seed=5, clock="manual", start=datetime(2026, 3, 1, 9, tzinfo=UTC), **options)
        told = {"name": "A", "kind": "public", "redirect_uris": ["http://me/cb"], "login_uri": "http://me/login"}
        if roles is not None:
            told["roles"] = roles
        self.application = self.control("POST", "applications", told)[1]
        seller = {"seller_id": "SELLER1", "region": region, "marketplace_ids": list(sites), "email": "s@example.test"}
        self.control("POST", "sellers", seller)
        self.site = sites[0]
        self.control("POST", "catalogue", [{"asin": "B01", "ean": "2000000000015", "title": "Soap"}])
        self.put("SOAP", 5)
        self.refresh = self.control(
            "POST", "sellers/SELLER1/authorize", {"application_id": self.application["application_id"]}
        )[1]["refresh_token"]
        self.token = self.login()[1]["access_token"]

    def ask(self, method, path, body=b"", headers=None):
        """Any address of the box, as it is."""
        parts = urlsplit(path)
        pieces = tuple(unquote(p) for p in parts.path.strip("/").split("/"))
        return self.box.answer(
            Request(method, pieces, parts.path, pairs(parts.query), headers or {}, body, parts.query)
        )

    def control(self, method, path, body=None):
        response = self.ask(method, f"/box/api/{path}", json.dumps(body).encode() if body is not None else b"")
        return response.status, json.loads(response.body)

    def put(self, sku, quantity, **more):
        told = {
            "seller_id": "SELLER1", "sku": sku, "asin": "B01", "marketplace_id": self.site, "quantity": quantity,
            "price": {"amount": "6.90"}, "handling_days": 4,
        }  # fmt: skip
        status, listing = self.control("POST", "listings", [told | more])
        assert status == 201, listing
        return listing[0]

    def login(self, **changes):
        form = {
            "grant_type": "refresh_token", "refresh_token": getattr(self, "refresh", ""),
            "client_id": self.application["client_id"], "client_secret": self.application["client_secret"],
        } | changes  # fmt: skip
        response = self.ask("POST", "/auth/o2/token", urlencode(form).encode(), FORM)
        return response.status, json.loads(response.body)

    def grantless(self, scope):
        """An access token without a seller."""
        status, told = self.login(grant_type="client_credentials", scope=scope)
        assert status == 200, told
        return told["access_token"]

    def api(self, method, path, body=None, token=None, region=None, headers=None):
        """(status, body) of one call; held against the published model of its operation."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        asked = {
            "x-amz-access-token": self.token if token is None else token,
            "host": "127.0.0.1:8900",
            **(headers or {}),
        }
        response = self.ask(method, f"/{region or self.region}/{path}", content, asked)
        found = gate.find(method, tuple(unquote(p) for p in urlsplit(path).path.strip("/").split("/")))
        if found:
            conformance.note(found[0].name)
        if found and self.hold:
            shapes.hold(found[0], response.status, response.body)
        return response.status, json.loads(response.body) if response.body else None

    def item(self, sku="SOAP", **query):
        included = "summaries,attributes,issues,offers,fulfillmentAvailability,productTypes"
        asked = urlencode({"marketplaceIds": self.site, "includedData": included} | query, safe=",")
        return self.api("GET", f"listings/2021-08-01/items/SELLER1/{quote(sku, safe='')}?{asked}")

    def patch(self, patches, sku="SOAP", **query):
        asked = urlencode({"marketplaceIds": self.site, **query})
        told = {"productType": "PRODUCT", "patches": patches}
        return self.api("PATCH", f"listings/2021-08-01/items/SELLER1/{quote(sku, safe='')}?{asked}", told)

    def advance(self, seconds):
        self.control("POST", "clock", {"advance_seconds": seconds})

    def buy(self, sku="SOAP", quantity=1, **rest):
        told = {"seller_id": "SELLER1", "marketplace_id": self.site, "items": [{"sku": sku, "quantity": quantity}]}
        return self.control("POST", "orders", told | rest)


def quantity(value, op="merge"):
    """A patch of the merchant's own quantity."""
    return {
        "op": op, "path": "/attributes/fulfillment_availability",
        "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": value}],
    }  # fmt: skip
