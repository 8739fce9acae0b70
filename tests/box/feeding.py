"""What a developer does with feeds and reports, in one line each."""

import gzip
import json
from urllib.parse import urlsplit

JSON = "application/json; charset=UTF-8"
XML = "text/xml; charset=UTF-8"
FEEDS, REPORTS = "feeds/2021-06-30", "reports/2021-06-30"
A_WHILE = 30


def fetch(client, address, method="GET", content=b"", content_type=""):
    """A presigned address, as storage answers it."""
    parts = urlsplit(address)
    headers = {"content-type": content_type} if content_type else {}
    return client.ask(method, f"{parts.path}?{parts.query}", content, headers)


def uploaded(client, content, content_type=JSON):
    """A document that lies at Amazon; its id."""
    status, told = client.api("POST", f"{FEEDS}/documents", {"contentType": content_type})
    assert status == 201, told
    assert fetch(client, told["url"], "PUT", content, content_type).status == 200
    return told["feedDocumentId"]


def submit(client, feed_type, content, content_type=JSON, sites=None):
    """A feed in the queue; its id."""
    document = uploaded(client, content, content_type)
    told = {"feedType": feed_type, "marketplaceIds": list(sites or [client.site]), "inputFeedDocumentId": document}
    status, answer = client.api("POST", f"{FEEDS}/feeds", told)
    assert status == 202, answer
    return answer["feedId"]


def feed(client, number):
    return client.api("GET", f"{FEEDS}/feeds/{number}")[1]


def download(client, path):
    """(content type, content) of a document."""
    status, told = client.api("GET", path)
    assert status == 200, told
    answer = fetch(client, told["url"])
    assert answer.status == 200, answer.body
    content = gzip.decompress(answer.body) if told.get("compressionAlgorithm") == "GZIP" else answer.body
    return answer.headers["content-type"], content


def result(client, number):
    return download(client, f"{FEEDS}/documents/{feed(client, number)['resultFeedDocumentId']}")


def listings(client, *messages, header=None, **options):
    """A JSON_LISTINGS_FEED, done; its processing report."""
    told = {"header": {"sellerId": "SELLER1", "version": "2.0"} | (header or {}), "messages": list(messages)}
    number = submit(client, "JSON_LISTINGS_FEED", json.dumps(told).encode(), **options)
    client.advance(A_WHILE)
    assert feed(client, number)["processingStatus"] == "DONE"
    return json.loads(result(client, number)[1])


def message(number, sku="SOAP", kind="PATCH", **more):
    told = {"messageId": number, "sku": sku, "operationType": kind}
    return told | ({} if kind == "DELETE" else {"productType": "PRODUCT"}) | more


def report(client, report_type, sites=None, **more):
    """A report that had its time; how it stands."""
    told = {"reportType": report_type, "marketplaceIds": list(sites or [client.site])}
    status, answer = client.api("POST", f"{REPORTS}/reports", told | more)
    assert status == 202, answer
    client.advance(A_WHILE)
    return client.api("GET", f"{REPORTS}/reports/{answer['reportId']}")[1]


def rows(client, told, encoding="utf-8"):
    """(headings, rows by heading) of a report's document."""
    _, content = download(client, f"{REPORTS}/documents/{told['reportDocumentId']}")
    lines = [line.split("\t") for line in content.decode(encoding).splitlines()]
    return lines[0], [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def subscribe(client, kind, version, **more):
    """A queue that hears of it; the destination's id."""
    token = client.grantless("sellingpartnerapi::notifications")
    known = client.api("GET", "notifications/v1/destinations", token=token)[1]["payload"]
    told = {"name": "q", "resourceSpecification": {"sqs": {"arn": f"arn:aws:sqs:eu-west-1:123456789012:q{len(known)}"}}}
    status, answer = client.api("POST", "notifications/v1/destinations", told, token=token)
    assert status == 200, answer
    destination = answer["payload"]["destinationId"]
    told = {"payloadVersion": version, "destinationId": destination, **more}
    status, answer = client.api("POST", f"notifications/v1/subscriptions/{kind}", told)
    assert status == 200, answer
    return destination


def messages(client, destination):
    return client.control("GET", f"destinations/{destination}/messages")[1]
