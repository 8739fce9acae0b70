"""A merchant's browser for the demo: cookies, forms, redirects, over real HTTP. Standard library only."""

import re
from html import unescape
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener


class Browser:
    """Keeps cookies; `page` is the last text, `url` where it ended after redirects."""

    def __init__(self) -> None:
        self._opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))
        self.page = ""
        self.url = ""
        self.status = 0

    def get(self, url: str) -> str:
        return self._open(Request(urljoin(self.url, url)))

    def submit(self, fields: dict[str, str], url: str = "") -> str:
        """Send the form of the last page that has all these names, with its hidden fields; `url` overrides its target."""
        hidden: dict[str, str] = {}
        target = self.url
        for form in re.findall(r"<form\b.*?</form>", self.page, re.S):
            action = re.search(r'<form[^>]*\baction="([^"]*)"', form)
            where = urljoin(self.url, unescape(action.group(1))) if action else self.url
            names = set(re.findall(r'\bname=["\']([^"\']+)', form))
            if (url and where == urljoin(self.url, url)) or (not url and fields and set(fields) <= names):
                target = where
                for tag in re.findall(r'<input[^>]*type=["\']hidden["\'][^>]*>', form):
                    name, value = (
                        re.search(r'name=["\']([^"\']*)', tag),
                        re.search(r'value="([^"]*)"|value=\'([^\']*)\'', tag),
                    )
                    if name:
                        hidden[name.group(1)] = unescape((value.group(1) or value.group(2) or "") if value else "")
                break
        body = urlencode({**hidden, **fields}).encode()
        headers = {"Referer": self.url, "Content-Type": "application/x-www-form-urlencoded"}
        return self._open(Request(target, data=body, headers=headers))

    def _open(self, request: Request) -> str:
        request.add_header("Accept-Language", "en")
        try:
            answer = self._opener.open(request, timeout=30)
        except HTTPError as error:
            answer = error
        with answer:
            self.page = answer.read().decode("utf-8", "replace")
            self.url = answer.geturl()
            self.status = answer.status
        return self.page
