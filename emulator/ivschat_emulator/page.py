# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page at /chat, for looking and trying: chat.html and chat.js as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .service_model import Response

_TYPES = {"/chat": ("chat.html", "text/html"), "/chat.js": ("chat.js", "text/javascript")}
# Nothing of what users and rooms are called can run, even if the page took it for HTML.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; connect-src 'self' ws:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(environ: dict[str, Any]) -> Response | None:
    """The response to a request for the page; None for other requests, those of a bucket with this name included."""
    path = environ["PATH_INFO"]
    is_plain = environ["REQUEST_METHOD"] in ("GET", "HEAD") and not environ["QUERY_STRING"]
    if path not in _TYPES or not is_plain or "HTTP_AUTHORIZATION" in environ:
        return None
    name, kind = _TYPES[path]
    headers = [
        ("Content-Type", f"{kind}; charset=utf-8"),
        ("Content-Security-Policy", _POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-cache"),
    ]
    return 200, headers, (Path(__file__).parent / name).read_bytes()
