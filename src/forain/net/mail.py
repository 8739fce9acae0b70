"""One mail to one address, handed to the merchant's mail server by SMTP. Its words are the operator's, so no private
address is refused here: as with a proxy, whoever sets the environment says where."""

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Literal
from urllib.parse import unquote, urlsplit

from forain.core.errors import Problem, Rejected, ServerFault, Unreachable
from forain.core.secret import Secret

STEP_SECONDS = 30.0
WHOLE_SECONDS = 120.0
"""From connecting to the last answer. A server that speaks drop by drop is cut off then: well before
`store.letters.CLAIM_LIFE`, after which another worker would send it again."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PORTS = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
Tls = Literal["smtps", "smtp", "smtp+plain"]


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over. `tls`: smtps from the first byte, smtp by STARTTLS (left out on this machine only where
    the server has none), smtp+plain never. `user` "": no login. `sender`: an address, or "Name <address>"."""

    tls: Tls
    host: str
    port: int
    user: str
    password: Secret
    sender: str

    @property
    def domain(self) -> str:
        """Of the sender, for the identity of mails."""
        return parseaddr(self.sender)[1].rpartition("@")[2]


def server(url: str, sender: str) -> Server | None:
    """The server of FORAIN_MAIL_URL and FORAIN_MAIL_FROM; None where both are empty. Raises ValueError, which says why."""
    if not url and not sender:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
        good = parts.scheme in PORTS and parts.hostname and parts.path in ("", "/") and not parts.query and port != 0
    except ValueError:
        good = False
    if not good:
        # Without what was typed: a password is in it.
        raise ValueError("FORAIN_MAIL_URL is a mail server such as smtps://user:password@mail.example:465")
    assert parts.hostname
    if not is_address(parseaddr(sender)[1]) or not sender.isprintable():
        raise ValueError("FORAIN_MAIL_FROM is the address that mails come from, such as forain@shop.example")
    tls: Tls = parts.scheme  # type: ignore[assignment]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and tls == "smtp+plain" and parts.hostname not in LOOPBACK:
        raise ValueError(
            "FORAIN_MAIL_URL: a password goes through smtps:// or smtp:// (STARTTLS), never through smtp+plain://"
        )
    if not (user + password).isascii():
        raise ValueError("FORAIN_MAIL_URL: user and password hold letters that SMTP logins do not know")
    return Server(tls, parts.hostname, port or PORTS[tls], user, Secret(password), sender)


def is_address(text: str) -> bool:
    """One plain address of a mailbox, as all servers take it. Not whether anybody lives there."""
    local, at, domain = text.rpartition("@")
    labels = domain.split(".")
    good = local and len(text) <= 254 and len(local) <= 64 and at and text.isascii() and text.isprintable()
    return (
        bool(good)
        and not set(text) & set(" ,;:<>()[]\\\"'`")
        and "@" not in local
        and all(label and label.replace("-", "").isalnum() for label in labels)
    )


class MailServer:
    """Hands mails over. Nothing of what the server says is kept but its numbers: it may repeat addresses."""

    def __init__(self, where: Server) -> None:
        self._where = where

    @property
    def sender(self) -> str:
        """What stands in From."""
        return self._where.sender

    @property
    def domain(self) -> str:
        """Of the sender."""
        return self._where.domain

    def send(self, to: str, message: bytes) -> None:
        """Hand over one mail. Returning means that the server took it.

        Raises Unreachable (no answer; it may have been taken), ServerFault (`mail_server_refused`: the server will not have
        us at all; `mail_put_off`: not this mail, not now), Rejected (`mail_refused`: not this mail, not ever).
        """
        with _told_apart(), self._connection() as smtp:
            smtp.sendmail(parseaddr(self._where.sender)[1], [to], message)

    def check(self) -> None:
        """Whether the server lets us in; no mail is sent. Raises Unreachable, ServerFault."""
        with _told_apart(), self._connection():
            pass

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.login(self._where.user, self._where.password.reveal())
        except smtplib.SMTPServerDisconnected as error:
            if isinstance(error.__context__, TimeoutError):
                # It said nothing about our password.
                raise
            # smtplib tries each way of logging in that there is, and some servers hang up over it.
            raise smtplib.SMTPAuthenticationError(535, b"") from None

    @contextlib.contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        """Greeted, encrypted where it must be, and logged in; ended whatever happens, and after WHOLE_SECONDS."""
        where = self._where
        context = ssl.create_default_context()
        smtp = (
            smtplib.SMTP_SSL(local_hostname=where.domain, timeout=STEP_SECONDS, context=context)
            if where.tls == "smtps"
            else smtplib.SMTP(local_hostname=where.domain, timeout=STEP_SECONDS)
        )
        # smtplib checks the certificate for this name, and is told it only by a constructor that connects at once.
        smtp._host = where.host  # type: ignore[attr-defined]
        late = threading.Timer(WHOLE_SECONDS, _cut, [smtp])
        late.daemon = True
        late.start()
        try:
            code, _ = smtp.connect(where.host, where.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, b"")
            smtp.ehlo_or_helo_if_needed()
            if where.tls == "smtp" and (smtp.has_extn("starttls") or where.host not in LOOPBACK):
                smtp.starttls(context=context)
            if where.user:
                self._log_in(smtp)
            yield smtp
        finally:
            late.cancel()
            with contextlib.suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()


@contextlib.contextmanager
def _told_apart() -> Iterator[None]:
    """What smtplib raises, as our errors: about the server, this mail now, or this mail for good."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        raise _not_this_one(next(iter(error.recipients.values()))[0]) from None
    except smtplib.SMTPDataError as error:
        raise _not_this_one(error.smtp_code) from None
    except smtplib.SMTPResponseException as error:
        raise ServerFault("mail_server_refused", placeholders={"status": str(error.smtp_code)}) from None
    except smtplib.SMTPServerDisconnected:
        raise Unreachable(placeholders={"cause": "disconnected"}) from None
    except smtplib.SMTPException as error:
        # No STARTTLS, or no way to log in.
        raise ServerFault("mail_server_refused", placeholders={"status": type(error).__name__}) from None
    except (OSError, UnicodeError) as error:
        raise Unreachable(placeholders={"cause": type(error).__name__}) from None


def _not_this_one(status: int) -> Rejected | ServerFault:
    if status < 500:
        return ServerFault("mail_put_off", placeholders={"status": str(status)})
    return Rejected([Problem(f"smtp_{status}")], "mail_refused", placeholders={"status": str(status)})


def _cut(smtp: smtplib.SMTP) -> None:
    with contextlib.suppress(OSError, AttributeError):
        smtp.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
