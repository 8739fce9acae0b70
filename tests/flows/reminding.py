"""A house whose people are reminded: one account with an end, a mail server on loopback, and days that pass."""

from dataclasses import replace
from datetime import timedelta

from forain.flows import tell_people, watch
from forain.net.addresses import Guard, networks
from forain.net.http import client
from forain.store import models, people
from tests.people import add

DAY = 86400


def ends_in(house, **time):
    """The present authorization ends so long from now, as its consent said."""
    at = house.deps.clock.now() + timedelta(**time)
    models.Account.objects.filter(pk=house.account_id).update(expires_at=at, estimated=False)


def with_server(house, box, **settings):
    """The house sends its mail through that server."""
    house.deps = replace(house.deps, mail=box.server(**settings) if box else None)


def person(name="camille", role="owner", mail=None, language="en", **wishes):
    """Somebody who wants to be reminded."""
    found = people.named(name) or add(name, role)
    mail = f"{name}@shop.example" if mail is None else mail
    people.set_mail(found, mail, **{"language": language, "time_zone": "Europe/Paris", **wishes})
    return found


def tell(house, times=1, seconds=61):
    """Look so many times whether there is something to tell."""
    for _ in range(times):
        if not house.deps.clock.wrong:
            # As it would have been, had the days passed with all that runs in them.
            models.Side.objects.filter(hour_agreed_at__lte=house.deps.clock.now()).update(
                hour_agreed_at=house.deps.clock.now()
            )
        tell_people.tell_people(house.deps)
        house.advance(seconds)


def issues_now(house):
    """The codes of what is to do."""
    watch.derive_issues(house.deps)
    return house.refused_codes()


def reach_loopback(house):
    """Webhooks really go out, and may go to this machine; Amazon stays in-process."""
    outside = client(None, Guard(networks("localhost")))
    opener = house.deps.open
    inner = opener.webhook

    def webhook(row):
        net = inner(row)
        net._http = outside
        return net

    opener.webhook = webhook
