"""Every address there is, with values that fit into it."""

from django.urls import get_resolver, reverse

SAMPLES = {
    "number": 1,
    "site": "A13V1IB3VIYZZH",
    "marketplace": "amazon",
    "token": "x",
    "name": "x",
    "topic": "x",
    "language": "en",
}


def routes():
    """[(name, address, view)] of the whole table."""
    found = []
    for pattern in get_resolver().url_patterns[0].url_patterns:
        assert pattern.name, f"{pattern.pattern} has no name, so nobody can say what it needs"
        address = reverse(pattern.name, kwargs={k: SAMPLES[k] for k in pattern.pattern.converters})
        found.append((pattern.name, address, pattern.callback))
    return found
