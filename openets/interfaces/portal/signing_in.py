"""Who asks for a page: a person's number and token, as the browser asks for name and password.

HTTP's own Basic sign-in (RFC 7617): no cookie, no session and nothing kept, so that every question
shows again who asks. Whether a person is behind it is for the counter to say.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error

from django.http import HttpRequest, HttpResponse

from openets.interfaces.web.headers import for_one_person, plain
from openets.people.signing_in import Who

SCHEME = "basic"
DIGITS = 18  # of a number that a database can hold


def who_asks(request: HttpRequest) -> Who | None:
    """What the person shows: the token, or without one a number; None if nothing can be made out.

    A number alone is enough in practice and replay stores only, which the counter knows.
    """
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != SCHEME:
        return None
    try:
        name, _, token = b64decode(shown, validate=True).decode().partition(":")
    except (Error, UnicodeDecodeError):
        return None
    if token:
        return Who(token)
    number = int(name) if name.isascii() and name.isdecimal() and len(name) <= DIGITS else 0
    return Who(person=number) if number else None


def ask_to_sign_in(sentence: str) -> HttpResponse:
    """The answer that makes a browser ask who is there."""
    answer = plain(sentence, 401)
    answer["WWW-Authenticate"] = 'Basic realm="OpenETS", charset="UTF-8"'
    return for_one_person(answer)
