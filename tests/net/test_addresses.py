"""Where Forain may connect to, and for how long: real sockets on this machine, and names that lead astray."""

import gzip
import socket
import ssl
import threading
import tracemalloc
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from forain.contracts.net import Request
from forain.core import errors
from forain.net import http
from forain.net.addresses import Guard, named, networks, well_formed, why_not
from forain.net.client import LARGEST_ANSWER, PATIENCE, NetClient
from forain.store.orders import CLAIM_LIFE
from tests.net.test_net import Limiter, Log

HERE = networks("localhost")


class Server:
    """Answers every connection with the same bytes, piece by piece, and counts who came. Bytes only, no HTTP library."""

    def __init__(self, host, port, pieces, pause):
        self.wrap = None
        self.came, self._pieces, self._pause, self._ending = 0, pieces, pause, threading.Event()
        self._listening = socket.create_server((host, port))
        self.port = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self):
        while True:
            try:
                visitor, _ = self._listening.accept()
            except OSError:
                return
            self.came += 1
            self._threads.append(threading.Thread(target=self._answer, args=(visitor,), daemon=True))
            self._threads[-1].start()

    def _answer(self, visitor):
        try:
            with self.wrap(visitor, server_side=True) if self.wrap else visitor as talk:
                talk.recv(65536)
                for piece in self._pieces():
                    talk.sendall(piece)
                    if self._ending.wait(self._pause):
                        return
        except OSError:
            visitor.close()

    def stop(self):
        self._ending.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(5)


def head(*lines, status="200 OK"):
    return "\r\n".join((f"HTTP/1.1 {status}", "connection: close", *lines, "", "")).encode()


def plain(body=b"hello"):
    return lambda: iter([head(f"content-length: {len(body)}") + body])


@contextmanager
def serving(pieces=None, host="127.0.0.1", port=0, pause=0.0):
    server = Server(host, port, pieces or plain(), pause)
    try:
        yield server
    finally:
        server.stop()


def net(allowed=(), resolve=socket.getaddrinfo):
    guarded = http.client(guard=Guard(allowed, resolve))
    return NetClient(guarded, scope="s", side="shop:1", limits={}, limiter=Limiter(), log=Log())


def get(url, allowed=(), resolve=socket.getaddrinfo, timeout=5.0):
    return net(allowed, resolve).send(Request("read", "GET", url, timeout_seconds=timeout))


def leading_to(*addresses):
    """A name server whose every answer is the next of these."""
    left = list(addresses)

    def resolve(host, port, type=0):
        found = left.pop(0)
        return [(0, 0, 0, "", (one, port)) for one in ([found] if isinstance(found, str) else found)]

    return resolve


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0x7f.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
)
def test_this_machine_is_opened_only_where_it_is_allowed_however_it_is_spelled(host):
    with serving() as server:
        url = f"http://{host}:{server.port}/"
        with pytest.raises(errors.Unreachable) as refused:
            get(url)
        assert (refused.value.code, server.came) == ("address_private", 0)

        assert get(url, HERE).body == b"hello"
        assert server.came == 1


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "[::ffff:169.254.169.254]", "[::ffff:0:169.254.169.254]", "[::ffff:a9fe:a9fe]", "2852039166", "0xa9fea9fe", "[fe80::1]",
        "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16", "0.0.0.0", "[::]", "0", "224.0.0.1", "[ff02::1]",
        "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "metadata.google.internal", "METADATA.google.internal.",
    ],
)  # fmt: skip
def test_link_local_and_metadata_are_never_opened_whatever_is_allowed(host):
    with pytest.raises(errors.Unreachable) as refused:
        get(f"http://{host}/latest/meta-data/", networks("all,169.254.0.0/16,fe80::/10"))

    assert refused.value.code == "address_never"


@pytest.mark.parametrize(
    ("address", "allowed", "answer"),
    [
        ("93.184.216.34", "", None), ("2606:2800:220:1::1", "", None), ("::ffff:93.184.216.34", "", None),
        ("10.0.0.1", "", "address_private"), ("172.31.255.255", "", "address_private"),
        ("192.168.1.20", "", "address_private"), ("100.64.0.1", "", "address_private"),
        ("fc00::1", "", "address_private"), ("fec0::1", "", "address_private"), ("::1", "", "address_private"),
        ("::ffff:10.0.0.1", "", "address_private"), ("::ffff:0:127.0.0.1", "", "address_private"), ("64:ff9b::10.0.0.1", "", "address_private"),
        ("2002:c0a8:0101::1", "", "address_private"), ("::10.0.0.1", "", "address_private"),
        ("240.0.0.1", "", "address_private"), ("198.18.0.1", "", "address_private"),
        ("192.168.1.20", "192.168.1.20", None), ("::ffff:192.168.1.20", "192.168.1.0/24", None),
        ("192.168.2.20", "192.168.1.0/24, localhost", "address_private"), ("fd12::1", "fd12::/16", None),
        ("10.0.0.1", "all", None), ("::1", "localhost", None),
    ],
)  # fmt: skip
def test_what_is_private_is_opened_only_where_it_is_allowed(address, allowed, answer):
    assert why_not(ip_address(address), networks(allowed)) == answer


def test_a_name_is_judged_by_what_it_leads_to_when_it_is_opened():
    """DNS rebinding: the name was good when it was typed, and leads into the house at the next connection."""
    with serving(host="127.0.0.2") as good, serving(host="127.0.0.1", port=good.port) as house:
        way = net(networks("127.0.0.2"), leading_to("127.0.0.2", "127.0.0.1"))
        url = f"http://shop.example:{good.port}/"

        first = way.send(Request("read", "GET", url))
        with pytest.raises(errors.Unreachable) as refused:
            way.send(Request("read", "GET", url))

        assert (first.body, refused.value.code) == (b"hello", "address_private")
        assert (good.came, house.came) == (1, 0)


def test_a_name_that_leads_to_several_places_is_not_opened_when_one_is_forbidden():
    with serving() as server, pytest.raises(errors.Unreachable) as refused:
        get(f"http://shop.example:{server.port}/", HERE, leading_to(["127.0.0.1", "169.254.169.254"]))

    assert refused.value.placeholders["host"] == "shop.example"
    assert server.came == 0


def test_where_the_first_address_does_not_answer_the_next_is_taken():
    with serving(host="127.0.0.1") as server:
        answer = get(f"http://shop.example:{server.port}/", HERE, leading_to(["127.0.0.3", "127.0.0.1"]))

    assert answer.body == b"hello"


def test_a_redirect_is_not_followed():
    with serving() as inner:
        moved = head(f"location: http://127.0.0.1:{inner.port}/", "content-length: 0", status="302 Found")
        with serving(lambda: iter([moved])) as outer, pytest.raises(errors.Malformed) as refused:
            get(f"http://127.0.0.1:{outer.port}/", HERE)

        assert (refused.value.field, inner.came) == ("redirect", 0)


@pytest.mark.parametrize("url", ["http://user:word@127.0.0.1:{}/", "http://shop.example@127.0.0.1:{}/", "ftp://127.0.0.1:{}/",
                                 "file:///etc/passwd", "gopher://127.0.0.1:{}/", "//127.0.0.1:{}/", "http://0177.0.0.1:{}/", "http://①②⑦.0.0.1:{}/"])  # fmt: skip
def test_only_http_and_https_without_a_user_are_addresses(url):
    with serving() as server:
        with pytest.raises(errors.Unreachable):
            get(url.format(server.port), HERE)
        assert server.came == 0


def test_behind_a_proxy_what_is_forbidden_here_is_not_asked_of_the_proxy(monkeypatch):
    with serving(plain(b"by proxy")) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with pytest.raises(errors.Unreachable) as refused:
            get("http://169.254.169.254/")
        assert (refused.value.code, proxy.came) == ("address_never", 0)

        assert get("http://shop.example/", resolve=leading_to("93.184.216.34")).body == b"by proxy"


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("https://shop.example/admin-api", True), ("http://127.0.0.1:3000", True), ("http://[::1]:3000/x", True),
        ("https://shop.example:8443/a?b=c", True), ("javascript:alert(1)", False), ("//shop.example", False),
        ("https://a@b/", False), ("https://shop.example; script-src *", False), ("https://a b/", False),
        ("https://shop.example\r\nx: y", False), ("https://", False), ("https://x:0/", False), ("https://x:y/", False),
        ("https://[::1/", False), ("https://x\\@evil.example/", False), ("https://é.example/", False),
        ("https://x,y/", False), ("https://x*/", False), (f"https://shop.example/{'x' * 500}", False),
    ],
)  # fmt: skip
def test_an_address_that_is_typed_is_one(text, good):
    assert well_formed(text) is good


@pytest.mark.parametrize("word", ["10.0.0.0/33", "shop.lan", "yes"])
def test_a_network_that_is_none_is_said(word):
    with pytest.raises(ValueError, match=word.split("/", maxsplit=1)[0]):
        networks(word)


def test_addresses_are_named_by_the_code_of_their_adapter():
    assert named("") == {}
    assert named("amazon_mws=http://127.0.0.1:8900/mws/{region}, other=https://there/") == {
        "amazon_mws": "http://127.0.0.1:8900/mws/{region}", "other": "https://there/",
    }  # fmt: skip


@pytest.mark.parametrize(
    "word", ["amazon_mws", "=http://there/", "amazon_mws=", "amazon_mws=ftp://there/", "amazon_mws=http://a b/"]
)
def test_an_address_without_a_code_or_that_is_none_is_said(word):
    with pytest.raises(ValueError, match="no code=address"):
        named(word)


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """(certificate, key) of shop.example, signed by itself, and believed by this process."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    now = datetime.now(UTC)
    told = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(told.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    return files


@pytest.mark.parametrize(("name", "reached"), [("shop.example", True), ("other.example", False), ("127.0.0.1", False)])
def test_over_tls_it_is_the_name_that_must_be_proven_not_the_address(certificate, name, reached):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with serving() as server:
        server.wrap = context.wrap_socket
        url = f"https://{name}:{server.port}/"
        if reached:
            assert get(url, HERE, leading_to("127.0.0.1")).body == b"hello"
        else:
            with pytest.raises(errors.Unreachable):
                get(url, HERE, leading_to("127.0.0.1"))


def dripping(first):
    def pieces():
        yield first
        while True:
            yield b"x"

    return pieces


@pytest.mark.parametrize(
    "first", [b"HTTP/1.1 200 OK\r\nx-long: ", head("content-length: 1000000")], ids=["in its head", "in its body"]
)
def test_an_answer_that_drips_for_ever_ends_with_the_whole_time(first):
    """Each piece comes well within the limit of waiting for one: only the whole time ends it, else pytest's own limit."""
    with serving(dripping(first), pause=0.05) as server, pytest.raises(errors.Unreachable):
        get(f"http://127.0.0.1:{server.port}/", HERE, timeout=0.2)


def test_no_request_lives_longer_than_a_claim_on_an_order():
    """Else a second worker could take over an order that the first is still making."""
    longest = PATIENCE * Request("read", "GET", "http://there/").timeout_seconds

    assert longest < CLAIM_LIFE.total_seconds()


def test_a_head_without_end_is_refused():
    def pieces():
        yield b"HTTP/1.1 200 OK\r\n"
        while True:
            yield b"x-more: " + b"a" * 60000 + b"\r\n"

    with serving(pieces) as server, pytest.raises(errors.ServerFault):
        get(f"http://127.0.0.1:{server.port}/", HERE)


def test_an_answer_that_unpacks_without_end_is_cut_off_and_never_held_whole():
    packed = gzip.compress(b"\0" * (200 * 1024 * 1024), compresslevel=6)
    told = head("content-encoding: gzip", f"content-length: {len(packed)}")
    tracemalloc.start()
    try:
        with serving(lambda: iter([told + packed])) as server, pytest.raises(errors.Malformed) as refused:
            get(f"http://127.0.0.1:{server.port}/", HERE)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert refused.value.field == "body too large"
    assert most < 5 * LARGEST_ANSWER


@pytest.mark.parametrize("packing", ["gzip, gzip", "br", "zstd", "deflate", "gzip\t,identity"])
def test_an_answer_packed_in_a_way_nobody_asked_for_is_none(packing):
    body = gzip.compress(gzip.compress(b"{}"))
    told = head(f"content-encoding: {packing}", f"content-length: {len(body)}")

    with serving(lambda: iter([told + body])) as server, pytest.raises(errors.ServerFault) as refused:
        get(f"http://127.0.0.1:{server.port}/", HERE)
    assert refused.value.code == "no_json"


def test_a_packed_answer_is_read():
    body = gzip.compress(b'{"a": 1}')
    told = head("content-encoding: gzip", f"content-length: {len(body)}")

    with serving(lambda: iter([told + body])) as server:
        assert get(f"http://127.0.0.1:{server.port}/", HERE).body == b'{"a": 1}'
