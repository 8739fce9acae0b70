"""The merchant's mail server and the chat program that is called, both in memory: they may be ill, be away, refuse an
address, or take what they are given and lose their answer."""

import email
import random
from collections.abc import Callable
from email.policy import default
from typing import TYPE_CHECKING, Any

from forain.core.errors import Problem, Rejected, ServerFault, Unreachable

if TYPE_CHECKING:
    from .story import Story

CHAT = "chat"
"""The host that is called."""


class Post:
    """Hears of every reminder that arrives. As a mail server it is what the product knows as `flows.deps.Mailer`."""

    sender = "Forain <forain@shop.example>"
    domain = "shop.example"

    def __init__(self, story: "Story") -> None:
        self._story = story
        self._chance = random.Random(f"{story.plan.seed}:post")
        self.down = False
        self.ill = 0.0
        self.refuses: set[str] = set()
        """Addresses of which the mail server says that nobody lives there."""

    def send(self, to: str, message: bytes) -> None:
        """Hand over one mail, as `net.mail.MailServer` does."""
        story = self._story
        story.stage.point("call", "mail")
        story.watch.before_telling("mail")
        if self.down or self._chance.random() < self.ill:
            raise self._chance.choice(
                (
                    Unreachable(placeholders={"cause": "ConnectionRefusedError"}),
                    ServerFault("mail_server_refused", placeholders={"status": "421"}),
                    ServerFault("mail_put_off", placeholders={"status": "451"}),
                )
            )
        if to in self.refuses:
            raise Rejected([Problem("smtp_550")], "mail_refused", placeholders={"status": "550"})
        mail = email.message_from_bytes(message, policy=default)
        text = f"{mail['Subject']}\n{mail.get_content()}"
        told = story.watch.told(mail["Message-ID"], to, text)
        story.stage.point("answer", "mail")
        if self._chance.random() < self.ill:
            told.lost = True
            raise Unreachable(placeholders={"cause": "TimeoutError"})

    def check(self) -> None:
        """Nobody asks: that is done when a process starts."""

    def called(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """The chat program is called."""
        story = self._story
        story.stage.point("call", CHAT)
        story.watch.before_telling(CHAT)
        if self.down or self._chance.random() < self.ill:
            start_response("503 .", [])
            return []
        text = environ["wsgi.input"].getvalue().decode()
        told = story.watch.told(environ["HTTP_WEBHOOK_ID"], CHAT, text)
        story.stage.point("answer", CHAT)
        if self._chance.random() < self.ill:
            told.lost = True
            start_response("502 .", [])
            return []
        start_response("204 .", [])
        return []
