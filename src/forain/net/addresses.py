"""Where Forain may connect to. Decided on the address a name was resolved to, at the moment of connecting: a name that
led elsewhere when it was typed (DNS rebinding) gains nothing by it."""

import re
import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Literal
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[..., Sequence[tuple[Any, ...]]]
"""`socket.getaddrinfo`, or what stands for it in a test."""

METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})
"""Names under which clouds hand out the credentials of the machine; whatever they resolve to, nobody sells there."""
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_NEVER = tuple(
    map(
        ip_network,
        (
            # Link-local: cloud metadata lives there (169.254.169.254), a shop never.
            "169.254.0.0/16", "fe80::/10",
            # "This host" in another spelling, multicast, broadcast.
            "0.0.0.0/8", "::/128", "224.0.0.0/4", "ff00::/8", "255.255.255.255/32",
            # Metadata and wire servers of clouds outside of link-local: AWS, Google, Alibaba, Oracle, Azure.
            "fd00:ec2::/32", "fd20:ce::254/128", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32",
        ),
    )
)  # fmt: skip
_CARRIERS = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96")))
"""IPv6 addresses whose last four bytes are an IPv4 address (NAT64, IPv4-translated, IPv4-compatible)."""
LONGEST = 500
"""Characters of an address somebody types."""
_HOST = re.compile(r"[A-Za-z0-9.\-_]+|\[[0-9A-Fa-f:.]+\]", re.ASCII)

Why = Literal["address_never", "address_private"]


class Forbidden(Exception):
    """This address is not opened. `why`: the error's code; `host`: as it was named; `address`: what it led to."""

    def __init__(self, why: Why, host: str, address: str) -> None:
        super().__init__(f"{why} address={address} host={host}")
        self.why, self.host, self.address = why, host, address


def networks(text: str) -> tuple[Network, ...]:
    """The private networks an operator allows: addresses and networks (192.168.1.20, 10.0.0.0/8, fd00::/8) with commas
    between, `localhost` for this machine, `all` for whatever is private. "" allows none. Raises ValueError."""
    found: list[Network] = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        if word == "localhost":
            found += _LOOPBACK
        elif word == "all":
            found += (ip_network("0.0.0.0/0"), ip_network("::/0"))
        else:
            found.append(ip_network(word, strict=False))
    return tuple(found)


def named(text: str) -> dict[str, str]:
    """Addresses an operator names for adapters that have none of their own: code=address, with commas between; "{region}"
    in an address stands for the account's region in small letters. "" names none. Raises ValueError."""
    found: dict[str, str] = {}
    for word in filter(None, (part.strip() for part in text.split(","))):
        code, equals, address = word.partition("=")
        if not equals or not code or not well_formed(address.replace("{region}", "eu")):
            raise ValueError(f"{word!r} is no code=address")
        found[code] = address
    return found


def well_formed(text: str) -> bool:
    """http or https, a host, perhaps a port and a path: no user, no password, nothing a header or browser reads
    otherwise, and not endless. Not whether it may be opened: that is decided when connecting."""
    if len(text) > LONGEST:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not text.isascii() or not text.isprintable():
        return False
    if re.search(r"[\s\\<>\"'`{}|^]", text) or "@" in parts.netloc or port == 0:
        return False
    host = parts.netloc.removesuffix(f":{port}") if port is not None else parts.netloc.removesuffix(":")
    return bool(_HOST.fullmatch(host))


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, else itself."""
    if isinstance(address, IPv4Address):
        return address
    carried = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if carried is not None:
        return carried
    number = int(address)
    if number > 1 and any(address in net for net in _CARRIERS):
        return IPv4Address(number & 0xFFFFFFFF)
    return address


def why_not(address: Address, allowed: Sequence[Network]) -> Why | None:
    """None: it may be opened."""
    address = _plain(address)
    if any(address in net for net in _NEVER):
        return "address_never"
    if address.is_global and not (isinstance(address, IPv6Address) and address.is_site_local):
        return None
    return None if any(address in net for net in allowed) else "address_private"


class Guard:
    """Resolves a host and says where to connect. `allowed`: private networks the operator allows."""

    def __init__(self, allowed: Sequence[Network] = (), resolve: Resolver = socket.getaddrinfo) -> None:
        self._allowed = tuple(allowed)
        self._resolve = resolve

    def addresses(self, host: str, port: int) -> list[str]:
        """What `host` is at this moment, to connect to as it stands, without asking again.

        Raises Forbidden when any of it may not be opened (an honest name has no such part), OSError when there is none.
        """
        if host.rstrip(".").lower() in METADATA_NAMES:
            raise Forbidden("address_never", host, host)
        try:
            found = [str(told[4][0]) for told in self._resolve(host, port, type=socket.SOCK_STREAM)]
        except UnicodeError as error:
            raise OSError(f"{host!r} is no name of a host") from error
        for address in found:
            why = why_not(ip_address(address), self._allowed)
            if why is not None:
                raise Forbidden(why, host, address)
        if not found:
            raise OSError(f"{host} has no address")
        return found
