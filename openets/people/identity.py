"""Whether the identity a holder states is well formed: country, registration, LEI, VAT, documents.

A holder is a person, an organisation or a government. Of a person the register keeps neither name
nor number, only references to documents the administrator has seen. Check digits are the business
of libraries; which documents the law asks for is the rulebook's answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from stdnum import get_cc_module, lei
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

from openets.kernel.refusal import Refusal

PERSON, ORGANISATION, GOVERNMENT = "person", "organisation", "government"
KINDS = (PERSON, ORGANISATION, GOVERNMENT)
LETTERS_OF_COUNTRY = 2
LEI_FORM = re.compile(r"[0-9A-Z]{18}[0-9]{2}")


@cache
def countries() -> frozenset[str]:
    """The codes of ISO 3166-1, as the time zone database lists them."""
    lines = files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text("utf-8").splitlines()
    return frozenset(line.split("\t")[0] for line in lines if line and not line.startswith("#"))


def is_lei(number: str) -> bool:
    """True if a Legal Entity Identifier has the form and the check digits of ISO 17442."""
    return bool(LEI_FORM.fullmatch(number) and lei.is_valid(number))


def is_vat(number: str) -> bool:
    """True if a VAT number, with its country before it, is one its country could have given."""
    try:
        return bool(eu_vat.validate(number))
    except ValidationError:
        pass
    letters, rest = number[:LETTERS_OF_COUNTRY], number[LETTERS_OF_COUNTRY:]
    module = get_cc_module(letters.lower(), "vat") if letters.isascii() else None
    return bool(module and (module.is_valid(number) or module.is_valid(rest)))


def identity_problems(
    *,
    kind: str,
    country: str,
    registration: str | None,
    lei: str | None,
    vat: str | None,
    documents: Iterable[str],
    asked: Mapping[str, Iterable[str]],
) -> list[Refusal]:
    """Everything wrong with a stated identity, each with its field.

    `asked` are the documents the law asks for, by kind of holder; without any, all are welcome.
    """
    rules = (
        (
            country not in countries(),
            Refusal("people.country", f"{country} is no country's code.", "ISO 3166-1", "country"),
        ),
        (
            kind == ORGANISATION and not registration,
            Refusal(
                "people.registration-missing",
                "An organisation states the number under which it is registered.",
                ASKED,
                "registration",
            ),
        ),
        (
            kind == PERSON and bool(registration or lei),
            Refusal(
                "people.number-of-a-person",
                "A person has neither a registration number nor a Legal Entity Identifier.",
                ASKED,
                "registration" if registration else "lei",
            ),
        ),
        (
            lei is not None and not is_lei(lei),
            Refusal("people.lei", f"{lei} is no Legal Entity Identifier.", "ISO 17442", "lei"),
        ),
        (
            vat is not None and not is_vat(vat),
            Refusal(
                "people.vat",
                f"{vat} is no VAT number, written with the letters of its country.",
                "form of the country's VAT numbers",
                "vat",
            ),
        ),
    )
    found = [refusal for applies, refusal in rules if applies]
    known = set(asked.get(kind, ()))
    return found + [
        Refusal(
            "people.document-not-asked",
            f"The law does not ask a holder of the kind {kind} for {name!r}; it is not kept.",
            ASKED,
            f"documents.{name}",
        )
        for name in documents
        if asked and name not in known
    ]


ASKED = "accounts.opening.documents-of-holder"
