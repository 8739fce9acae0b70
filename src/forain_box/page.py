"""The frame of every page of the box: plain HTML, one style, no script."""

from collections.abc import Sequence
from html import escape

from forain_box.http import Response
from forain_box.words import say

STYLE = """
:root{--ground:#f4f1ea;--card:#fff;--ink:#1c2733;--soft:#5a6672;--line:#e3ddd0;--head:#12313f;--act:#e8a33d;--plain:#e6e1d6;--warn:#fff3d6;--bad:#a3261b;--good:#1c6b45;color-scheme:light}
@media(prefers-color-scheme:dark){:root{--ground:#12181d;--card:#1b242b;--ink:#e8edf0;--soft:#9fb0bb;--line:#2c3942;--head:#0c2530;--plain:#2f3d47;--warn:#3a3015;--bad:#ff9d92;--good:#7fd6a6;color-scheme:dark}}
*{box-sizing:border-box}body{font:16px/1.5 system-ui,sans-serif;margin:0;background:var(--ground);color:var(--ink)}
header{background:var(--head);color:#fff;padding:.8rem 1.2rem;font-weight:600}
.note{background:#ffd980;color:#3b2a00;padding:.35rem 1.2rem;font-size:.9rem}
.bar{display:flex;flex-wrap:wrap;gap:.4rem 1.1rem;align-items:center;background:var(--card);border-bottom:1px solid var(--line);padding:.5rem 1.2rem}
.bar form{display:flex;gap:.4rem;margin:0}.bar .who{margin-left:auto;color:var(--soft)}.bar .languages a{margin-right:.4rem}
.menu{position:relative;padding:.3rem .6rem;cursor:default}.menu .drop{display:none;position:absolute;right:0;top:100%;z-index:1;min-width:14rem;background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.6rem}
.menu:hover .drop,.menu:focus-within .drop,.menu:focus .drop{display:block}
main{max-width:66rem;margin:1.2rem auto;padding:0 1.2rem}
section{background:var(--card);border-radius:.6rem;padding:1rem 1.2rem;margin:0 0 1rem;box-shadow:0 1px 3px #0002}
section.warn{background:var(--warn)}.wrong,.state_dead{color:var(--bad)}.state_active{color:var(--good)}.state_expiring{color:var(--bad);font-weight:600}
h1{font-size:1.4rem;margin:.2rem 0 .6rem}h2{font-size:1.05rem;margin:.2rem 0 .6rem}a{color:inherit}small,.soft{color:var(--soft)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}td,th{text-align:left;padding:.4rem .7rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top}.n{text-align:right;white-space:nowrap}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.8rem;max-height:20rem;overflow:auto}.bar a[aria-current]{font-weight:700}code{overflow-wrap:anywhere}button,.button{display:inline-block;background:var(--act);border:0;border-radius:.4rem;padding:.55rem 1rem;font:inherit;font-weight:600;cursor:pointer;color:#241a05;text-decoration:none}
button.plain{background:var(--plain);color:var(--ink)}button:focus-visible,a:focus-visible,input:focus-visible,select:focus-visible,.menu:focus-visible{outline:3px solid #2b7fd1;outline-offset:2px}
input,select{font:inherit;padding:.45rem;border:1px solid var(--soft);border-radius:.4rem;max-width:100%;background:var(--card);color:var(--ink)}
form.inline{display:inline-block;margin:.15rem .3rem .15rem 0}label{display:block;margin:.6rem 0}label input:not([type=checkbox]),label select{display:block;width:100%;max-width:26rem}
@media(max-width:44rem){.wide tr{display:block;border-bottom:1px solid var(--line);padding:.5rem 0}.wide tr:has(th){display:none}.wide td{display:block;border:0;padding:.15rem 0;overflow-wrap:anywhere}
.wide td.n{text-align:left;white-space:normal}.wide td[data-head]::before{content:attr(data-head) ": ";color:var(--soft)}}
"""


def table(heads: Sequence[str], rows: Sequence[str]) -> str:
    """Rows of cells under their heads, all of it HTML already. On a phone each row is a card whose cells, but for the
    first, tell their heads, so that no button lies outside of the screen."""
    head = f"<tr>{''.join(f'<th>{told}</th>' for told in heads)}</tr>" if heads else ""
    return f"<div class='wide'><table>{head}{''.join(_row(heads, row) for row in rows)}</table></div>"


def _row(heads: Sequence[str], row: str) -> str:
    before, *cells = row.split("<td")
    told = [
        f" data-head='{heads[place]}'" if 0 < place < len(heads) and heads[place] else "" for place in range(len(cells))
    ]
    return before + "".join(f"<td{head}{cell}" for head, cell in zip(told, cells, strict=True))


def page(language: str, title: str, body: str, status: int = 200, above: str = "") -> Response:
    """`body` and `above` (a bar under the title) are HTML already; `title` is text."""
    text = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><header>{escape(title)}</header>"
        f'<div class="note">{escape(say(language, "simulation"))}</div>{above}<main>{body}</main></body></html>'
    )
    return Response.html(text, status)
