"""The frame of every page of the box: plain HTML, one style, no script."""

from html import escape

from forain_box.http import Response
from forain_box.words import say

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f1ea;color:#1c2733}
header{background:#12313f;color:#fff;padding:.8rem 1.2rem;font-weight:600}
.note{background:#ffd980;color:#3b2a00;padding:.35rem 1.2rem;font-size:.9rem}
main{max-width:60rem;margin:1.2rem auto;padding:0 1.2rem}
section{background:#fff;border-radius:.6rem;padding:1rem 1.2rem;margin:0 0 1rem;overflow-x:auto;box-shadow:0 1px 3px #0002}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin:.2rem 0 .6rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}td,th{text-align:left;padding:.35rem .6rem .35rem 0;border-bottom:1px solid #e6e1d6;vertical-align:top}
button{background:#e8a33d;border:0;border-radius:.4rem;padding:.55rem 1rem;font:inherit;font-weight:600;cursor:pointer;color:#241a05}
button.plain{background:#e6e1d6}input,select{font:inherit;padding:.45rem;border:1px solid #b9b2a3;border-radius:.4rem;max-width:100%}
form.inline{display:inline-block;margin:.15rem .3rem .15rem 0}label{display:block;margin:.3rem 0}
"""


def page(language: str, title: str, body: str, status: int = 200) -> Response:
    """`body` is HTML already; `title` is text."""
    text = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><header>{escape(title)}</header>"
        f'<div class="note">{escape(say(language, "simulation"))}</div><main>{body}</main></body></html>'
    )
    return Response.html(text, status)
