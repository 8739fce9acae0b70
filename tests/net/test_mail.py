"""Handing a mail over by SMTP: encryption, login, what each refusal means, and a server that never comes to its end."""

import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from forain.core.errors import Rejected, ServerFault, Unreachable
from forain.net import mail
from tests.post import SENDER, Mailbox, mailbox

MESSAGE = b"From: forain@shop.example\r\nTo: a@shop.example\r\nSubject: x\r\n\r\ntext\r\n"
PASSWORD = "plainly fake"
LOGIN = "forain:plainly%20fake@"


@pytest.fixture
def certificate(tmp_path):
    """(a context for a server on loopback, the file that makes it trusted)"""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    )  # fmt: skip
    file, secret = tmp_path / "trusted.pem", tmp_path / "key.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, secret)
    return context, file


def send(server):
    server.send("a@shop.example", MESSAGE)


def test_a_mail_is_handed_over(monkeypatch):
    with mailbox() as box:
        send(box.server())

        assert (box.to, box.subjects) == (["a@shop.example"], ["x"])


def test_starttls_is_used_and_the_certificate_must_be_trusted(certificate, monkeypatch):
    context, file = certificate
    with mailbox_with_login(tls_context=context, require_starttls=True) as box:
        with pytest.raises(Unreachable) as refused:
            send(box.server(login=LOGIN))
        assert (refused.value.placeholders["cause"], box.logins) == ("SSLCertVerificationError", [])

        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        send(box.server(login=LOGIN))

    assert box.logins == [(("forain", PASSWORD), True)]
    assert box.to == ["a@shop.example"]


def test_tls_from_the_first_byte(certificate, monkeypatch):
    context, file = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with mailbox(ssl_context=context) as box:
        send(box.server("smtps"))

        assert box.to == ["a@shop.example"]


@contextmanager
def mailbox_with_login(**settings):
    box = Mailbox(auth_required=True, **settings)
    box._settings["authenticator"] = box.authenticate
    box.up()
    try:
        yield box
    finally:
        box.down()


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("wrong_login", ["", "hangs up"])
def test_a_wrong_password_is_the_servers_refusal_and_is_not_told_on(wrong_login):
    with mailbox_with_login(auth_require_tls=False) as box:
        box.wrong_login = wrong_login
        with pytest.raises(ServerFault) as refused:
            send(box.server(login="forain:wrong-and-fake@"))
        with pytest.raises(ServerFault):
            box.server(login="forain:wrong-and-fake@").check()
        box.server(login=LOGIN).check()
        assert box.mails == []

    assert (refused.value.code, refused.value.placeholders) == ("mail_server_refused", {"status": "535"})
    assert "wrong-and-fake" not in str(refused.value)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_server_that_answers_no_login_says_nothing_about_the_password(monkeypatch):
    monkeypatch.setattr(mail, "STEP_SECONDS", 0.3)
    with mailbox_with_login(auth_require_tls=False) as box:
        box.wrong_login = "silent"
        with pytest.raises(Unreachable):
            box.server(login="forain:wrong-and-fake@").check()


def test_a_server_elsewhere_without_starttls_gets_nothing(monkeypatch):
    monkeypatch.setattr(mail, "LOOPBACK", ())
    with mailbox() as box:
        with pytest.raises(ServerFault) as refused:
            send(box.server())
        assert refused.value.placeholders == {"status": "SMTPNotSupportedError"}
        assert box.mails == []
        send(box.server("smtp+plain"))
        assert len(box.mails) == 1


@pytest.mark.parametrize(
    ("rcpt", "data", "error", "code"),
    [
        ("550 no such user", "", Rejected, "mail_refused"),
        ("451 greylisted", "", ServerFault, "mail_put_off"),
        ("", "554 looks odd", Rejected, "mail_refused"),
        ("", "452 disk full", ServerFault, "mail_put_off"),
    ],
)
def test_each_refusal_says_how_much_it_is_about(rcpt, data, error, code):
    with mailbox() as box:
        box.refuse = {"a@shop.example": rcpt} if rcpt else {}
        box.data = data

        with pytest.raises(error) as refused:
            send(box.server())

    assert refused.value.code == code
    assert "a@shop.example" not in str(refused.value)


def test_nobody_there_is_unreachable():
    box = Mailbox()
    with pytest.raises(Unreachable):
        send(box.server())


@pytest.mark.parametrize("words", [b"", b"500 go away\r\n", b"\xff\xfe\x00\r\n" * 5, b"2", b"220 hello\r\n"])
def test_a_server_that_says_nothing_nonsense_or_hangs_up_is_an_illness_of_its_own(words):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            connection, _ = listening.accept()
            connection.sendall(words)
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        where = mail.server(f"smtp://127.0.0.1:{listening.getsockname()[1]}", SENDER)

        with pytest.raises((Unreachable, ServerFault)):
            send(mail.MailServer(where))


def test_a_server_that_speaks_drop_by_drop_is_cut_off(monkeypatch):
    monkeypatch.setattr(mail, "WHOLE_SECONDS", 0.5)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip():
            connection, _ = listening.accept()
            try:
                while not ended.wait(0.05):
                    connection.sendall(b"2")
            except OSError:
                pass

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        where = mail.server(f"smtp://127.0.0.1:{listening.getsockname()[1]}", SENDER)
        with pytest.raises((Unreachable, ServerFault)):
            send(mail.MailServer(where))
        ended.set()
        thread.join(2)


@pytest.mark.parametrize(
    ("url", "sender"),
    [("http://x", SENDER), ("smtp://", SENDER), ("smtp://mail.example:0", SENDER), ("smtp://mail.example:x", SENDER),
     ("smtp://mail.example/path", SENDER), ("smtp://mail.example", ""), ("smtp://mail.example", "nobody"), ("", SENDER),
     ("smtp+plain://u:p@mail.example", SENDER), ("smtp://é:p@mail.example", SENDER),
     ("smtp://mail.example", "a@b\r\nBcc: c@d")],
)  # fmt: skip
def test_settings_that_cannot_be_right_are_said_without_the_password(url, sender):
    with pytest.raises(ValueError, match="FORAIN_MAIL") as wrong:
        mail.server(url, sender)

    assert "p@" not in str(wrong.value) or "user:password@" in str(wrong.value)


def test_settings_that_are_right():
    found = mail.server("smtps://me%40x:p%2Fw@mail.example", SENDER)

    assert found is not None
    assert (found.host, found.port, found.user, found.password.reveal()) == ("mail.example", 465, "me@x", "p/w")
    assert "p/w" not in repr(found)
    assert mail.server("", "") is None


@pytest.mark.parametrize(
    ("text", "good"),
    [("a@b.example", True), ("a.b+c@d-e.example", True), ("a@localhost", True), ("", False), ("a", False), ("@b", False),
     ("a@", False), ("a b@c", False), ("a@b@c", False), ("a@b,c@d", False), ("<a@b>", False), ("a@b\r\nx", False),
     ("é@b", False), ("a@b..c", False), ("a@" + "b" * 260, False)],
)  # fmt: skip
def test_what_a_mail_address_is(text, good):
    assert mail.is_address(text) is good
