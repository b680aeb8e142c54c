"""What every answer says to the browser, and which methods there are at all.

No page has a script, a frame or anything from elsewhere, and only those of a person who is signed
in have a form; the policy says so, so that a fault in a template could not change it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

METHODS = ("GET", "HEAD")
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action {}; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY.format("'none'"),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
FRESH = "no-cache"  # may be kept, and is asked for again before it is shown


class OnlyReading:
    """Lets GET and HEAD through, and gives every answer its headers."""

    def __init__(self, then: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._then = then

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer to a request."""
        answer: HttpResponseBase
        if request.method in METHODS:
            answer = self._then(request)
        else:
            answer = HttpResponseNotAllowed(METHODS, "This site is only read: GET and HEAD.\n")
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        answer.headers.setdefault("Cache-Control", FRESH)
        return answer


def for_one_person(answer: HttpResponse) -> HttpResponse:
    """An answer meant for whoever asked: kept by nobody, and with forms that lead back here."""
    answer["Cache-Control"] = "no-store"
    answer["Content-Security-Policy"] = POLICY.format("'self'")
    return answer


def plain(sentence: str, status: int) -> HttpResponse:
    """A sentence as an answer of its own."""
    return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")
