"""A real mail server and a real receiver of webhooks on loopback, which can refuse, be ill and be away."""

import email
import http.server
import threading
from contextlib import contextmanager
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from forain.cli.house import free_port
from forain.net.mail import MailServer, server

SENDER = "Forain <forain@shop.example>"


class Mailbox:
    """What arrived, as mails. `refuse`: address -> what RCPT answers; `data`: what DATA answers instead of taking it.
    `wrong_login`: "hangs up", or "silent" for ever, instead of saying that the login is wrong."""

    def __init__(self, **settings):
        self.mails = []
        self.to = []
        self.refuse = {}
        self.data = ""
        self.port = free_port()
        self._settings = settings
        self._controller = None
        self.logins = []
        self.wrong_login = ""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.data:
            return self.data
        self.mails.append(email.message_from_bytes(envelope.content, policy=default))
        self.to += envelope.rcpt_tos
        return "250 taken"

    def authenticate(self, server, session, envelope, mechanism, data):
        told = (data.login.decode(), data.password.decode())
        self.logins.append((told, session.ssl is not None))
        good = told == ("forain", "plainly fake")
        if not good and self.wrong_login == "hangs up":
            server.transport.close()
        # Where it is not handled here, the server itself says that it does not let the client in.
        return AuthResult(success=good, handled=not good and bool(self.wrong_login))

    def up(self):
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self._settings)
        self._controller.start()

    def down(self):
        if self._controller is not None:
            self._controller.stop()
        self._controller = None

    def server(self, scheme="smtp", login=""):
        return MailServer(server(f"{scheme}://{login}127.0.0.1:{self.port}", SENDER))

    @property
    def subjects(self):
        return [mail["Subject"] for mail in self.mails]


@contextmanager
def mailbox(**settings):
    """A mail server that is up."""
    box = Mailbox(**settings)
    box.up()
    try:
        yield box
    finally:
        box.down()


class Receiver:
    """What was called, as (headers, body). `status`: what it answers; `location`: with this header."""

    def __init__(self):
        self.calls = []
        self.status = 200
        self.location = ""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.calls.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(outer.status)
                if outer.location:
                    self.send_header("Location", outer.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *told):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/remind"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def receiver():
    """A receiver that is up."""
    found = Receiver()
    try:
        yield found
    finally:
        found.stop()
