"""Forms with odd values: what is wrong is said on the page, and nothing of it is kept."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.store import models

from .entries import multipart
from .examples import examples
from .mutations import NOISE, TEXTS, answers, spoiled
from .requests import RIGHT
from .site import FR, HOOK, HOOK_SECRET, Call, Site, example, world

texts = st.sampled_from([*TEXTS, *RIGHT]) | st.text(max_size=10)
FORM = "application/x-www-form-urlencoded"


def form(path: str, **values: str) -> Call:
    from urllib.parse import urlencode

    body = urlencode({n: v.encode("utf-8", "surrogatepass") for n, v in values.items()}).encode()
    return Call("POST", path.encode(), body=body, kind=FORM)


def refused_with_words(site: Site, answer, before) -> None:
    """What was not taken changed nothing, and the page says why."""
    site.held(answer)
    if answer.status in (400, 422):
        assert world() == before
        assert (
            'class="message error"' in answer.text or 'class="wrong"' in answer.text or "cannot be read" in answer.text
        )
    elif world() == before:
        assert answer.status == 302
        headers = dict(answer.headers)
        if "Location" in headers:
            page = site.follow(answer)
            assert "message" in page or "<form" in page


def test_a_shop_that_cannot_be_is_refused_with_words(site: Site, tally, tmp_path):
    before = world()

    @examples(30)
    @given(
        kind=st.sampled_from(["files", "vendure", "vendure", "nonsense", "\0"]),
        name=texts,
        folder=texts,
        url=texts,
        token=texts,
    )
    def sent(kind, name, folder, url, token):
        tally["Forms: a new shop"] += 1
        with example():
            answer = site.ask(
                form("/shops/add", kind=kind, name=name, folder=folder, url=url, token=token, hook_secret=token)
            )
            refused_with_words(site, answer, before)

    sent()


RIGHT_ACCOUNT = {
    "kind": "private", "name": "Other", "region": "EU", "seller_id": "A2OTHERSELLER1", "client_id": "amzn1.application-oa2-client.0123abcd",
    "client_secret": "amzn1.oa2-cs.v1.0123abcdef", "application_id": "amzn1.sp.solution.1", "refresh_token": "Atzr|abc", "shop": "",
    "address.token": "http://box/auth/o2/token", "address.api": "http://box/eu", "address.consent": "http://box/seller-central/eu",
}  # fmt: skip


def test_an_account_that_cannot_be_is_refused_with_words(site: Site, tally):
    before = world()

    @examples(40)
    @given(
        st.dictionaries(st.sampled_from(sorted(RIGHT_ACCOUNT)), texts, max_size=2),
        st.sampled_from(["private", "public"]),
    )
    def sent(odd, kind):
        tally["Forms: a new account"] += 1
        with example():
            answer = site.ask(form("/accounts/add/amazon", **{**RIGHT_ACCOUNT, "kind": kind, **odd}))
            refused_with_words(site, answer, before)
            kept = models.Account.objects.exclude(pk=site.account.pk).first()
            if kept is not None:
                # What was kept can be looked at.
                for path in (f"/accounts/{kept.pk}", "/", f"/accounts/{kept.pk}/links", "/journal"):
                    page = site.ask(Call(path=path.encode()))
                    site.held(page)
                    assert page.status == 200
                site.held(site.ask(form(f"/accounts/{kept.pk}/renew")))

    sent()


SMALL = ["token", "date", "secret", "secret-date", "pause", "sites/" + FR, "links/decide"]


@pytest.mark.parametrize("page", SMALL)
def test_a_small_form_with_odd_values_says_what_is_wrong(site: Site, tally, page):
    before = world()
    names = {
        "token": ("refresh_token", "granted_on"), "date": ("granted_on", "grant"), "secret": ("client_secret", "secret_made_on"), "secret-date": ("secret_made_on", "secret"), "pause": ("answer",), "links/decide": ("sku", "variant", "answer")
    }.get(page, ("answer",))  # fmt: skip

    @examples(12, page)
    @given(values=st.tuples(*[texts for _ in names]))
    def sent(values):
        tally[f"Forms: {page.partition('/')[0]}"] += 1
        with example():
            answer = site.ask(form(f"/accounts/{site.account.pk}/{page}", **dict(zip(names, values, strict=True))))
            refused_with_words(site, answer, before)
            for path in ("/", "/journal", f"/accounts/{site.account.pk}", f"/accounts/{site.account.pk}/links"):
                site.held(site.ask(Call(path=path.encode())))

    sent()


@pytest.mark.parametrize("page", ["login", "first"])
def test_logging_in_with_odd_values_is_refused_with_words(site: Site, tally, page):
    from forain.store import instance

    before = world()

    @examples(20, page)
    @given(user=texts, password=texts, target=texts)
    def sent(user, password, target):
        tally[f"Forms: {page}"] += 1
        with example():
            path = "/login"
            if page == "first":
                type(site.user).objects.all().delete()
                path = f"/first/{instance.new_first_link()}"
            call = form(path, user=user, password=password, next=target)
            call.cookies = f"forain_csrf={site.csrf}"
            answer = site.ask(call)

            site.held(answer)
            assert answer.status in (200, 302, 400, 401, 429)
            if page == "login":
                assert answer.status in (400, 401)
                assert world() == before

    sent()


LINKS = b"marketplace_sku,variant\r\nSKU-1,1\r\nSKU-2,1\r\n"


def test_a_file_of_links_is_taken_whole_or_its_wrong_line_is_named(site: Site, tally):
    rows = st.lists(st.lists(st.sampled_from([*TEXTS, "1", "V1", "SKU-1", '"', '""', "=1+1"]), max_size=3), max_size=4)
    files = spoiled(LINKS) | rows.map(
        lambda found: LINKS + b"".join(",".join(r).encode("utf-8", "surrogatepass") + b"\r\n" for r in found)
    ) | st.just(LINKS.replace(b"SKU-1", NOISE.encode()))  # fmt: skip

    @examples(40)
    @given(file=files)
    def sent(file):
        tally["Forms: a file of links"] += 1
        with example():
            before = world()
            call = Call(
                "POST",
                f"/accounts/{site.account.pk}/links/upload".encode(),
                body=multipart([], file),
                kind="multipart/form-data; boundary=XX",
            )
            answer = site.ask(call)
            site.held(answer)
            if answer.status == 302:
                page = site.follow(answer)
                assert ('class="message error' in page) == (world() == before) or "message success" in page

    sent()


def test_a_hook_marks_what_it_names_or_is_refused_and_changes_nothing(site: Site, tally):
    before = world()
    path = f"/hooks/{HOOK}".encode()

    @examples(80)
    @given(
        body=answers({"topic": "stock", "keys": ["1", "2"]}),
        sign=st.sampled_from(["right", "right", "wrong", "odd", "none"]),
    )
    def called(body, sign):
        tally["Hooks: signed and unsigned"] += 1
        right = hmac.new(HOOK_SECRET.encode(), body, "sha256").hexdigest()
        told = {"right": right, "wrong": right[::-1], "odd": "\xe9\xff", "none": ""}[sign]
        with example():
            answer = site.ask(
                Call("POST", path, body=body, kind="application/json", headers={"X-Forain-Signature": told}, cookies="")
            )

            site.held(answer)
            assert answer.status in ((202, 400) if sign == "right" else (401,))
            if answer.status != 202:
                assert world() == before

    called()


def test_a_consent_that_comes_back_odd_changes_no_permission(site: Site, tally):
    names = ["state", "spapi_oauth_code", "selling_partner_id", "mws_auth_token", "error"]
    facts = list(models.Account.objects.values_list("standing", "grant_no"))

    @examples(30)
    @given(
        st.dictionaries(st.sampled_from(names), texts), st.booleans(), st.sampled_from(["amazon", "nonsense", "a-b"])
    )
    def came(query, ours, marketplace):
        from urllib.parse import urlencode

        from forain.flows import authorize

        tally["Consent: callbacks"] += 1
        with example():
            if ours:
                address = authorize.begin_consent(site.deps, site.account, site.user.pk, FR)
                query = {**query, "state": address.split("state=")[1].split("&")[0]}
            asked = urlencode({n: v.encode("utf-8", "surrogatepass") for n, v in query.items()}).encode()
            answer = site.ask(Call(path=f"/{marketplace}/callback".encode(), query=asked))

            site.held(answer)
            assert answer.status in (302, 400)
            assert list(models.Account.objects.values_list("standing", "grant_no")) == facts
            if answer.status == 302:
                assert 'class="message error' in site.follow(answer)

    came()


def test_an_arrival_leads_to_the_marketplace_only(site: Site, tally):
    right = {
        "amazon_callback_uri": "http://box/seller-central/eu/back", "amazon_state": "s", "selling_partner_id": "A1SELLERSELLER",
        "version": "beta",
    }  # fmt: skip

    @examples(40)
    @given(st.dictionaries(st.sampled_from(sorted(right)), texts, max_size=3))
    def came(odd):
        from urllib.parse import urlencode

        tally["Consent: arrivals"] += 1
        query = urlencode({n: v.encode("utf-8", "surrogatepass") for n, v in {**right, **odd}.items()}).encode()
        with example():
            answer = site.ask(Call(path=b"/amazon/login", query=query))

            site.held(answer)
            if answer.status == 302:
                place = dict(answer.headers)["Location"]
                assert place.startswith(("http://box/", "/"))
                assert not place.startswith("//")

    came()


@pytest.mark.parametrize("place", ["/register/amazon", "/accounts/{account}/register"])
def test_the_way_to_an_application_with_odd_values_says_what_is_wrong(site: Site, tally, place):
    # A public application has no such way.
    models.Application.objects.update(kind="private")
    before, path = world(), place.format(account=site.account.pk)
    what = st.sampled_from(["step", "roles", "choose"]) | texts
    names = ("step", "answer", "role", "said", "day", "site", "ships")
    right = st.fixed_dictionaries(
        {"step": st.just("answers"), "answer": st.just("yes"), "role": st.just("addresses"), "said": st.just("asked"),
         "day": st.just("2026-02-20"), "site": st.just(FR), "ships": st.just("yes")}
    )  # fmt: skip

    @examples(12, place)
    @given(what, right, st.dictionaries(st.sampled_from(names), texts, max_size=2))
    def sent(what, right, odd):
        tally["Forms: the way"] += 1
        with example():
            answer = site.ask(form(path, what=what, **{**right, **odd}))
            refused_with_words(site, answer, before)
            for page in (path, "/", "/issues"):
                shown = site.ask(Call(path=page.encode()))
                site.held(shown)
                assert shown.status == 200

    sent()
