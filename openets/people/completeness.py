"""What the law asks of a request about an account: documents, and representatives enough to act.

The same is asked when an account is opened, when it passes to another holder, and at each review.
A law that asks for nothing is content with nothing. Where it lists the grounds on which a request
is refused, there are no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from openets.desk.desk import DESK
from openets.kernel.refusal import Refusal
from openets.people.holders import Holder
from openets.people.identity import ASKED as OF_HOLDER
from openets.people.office import Office
from openets.people.roles import ACTIVE, REPRESENTATIVE, RIGHTS

REFUSAL_GROUNDS = "accounts.refusal-grounds"
OF_ACCOUNT = "accounts.opening.documents-of-account"
REPRESENTATIVES = ("accounts.representatives", "desk.representatives")

ByLaw = Callable[[str, Any], Any]  # path of a parameter and what else to answer, as `Office.by_law`


def documents_asked(by_law: ByLaw, kind: str, type: str) -> dict[str, str]:
    """The documents for a kind of holder and a type of account, each with what asks for it."""
    of_account: Mapping[str, Iterable[str]] = by_law(OF_ACCOUNT, {})
    about_holder = dict.fromkeys(holder_documents(by_law, kind), OF_HOLDER)
    return about_holder | dict.fromkeys(of_account.get(type, ()), OF_ACCOUNT)


def holder_documents(by_law: ByLaw, kind: str) -> tuple[str, ...]:
    """The documents the law asks of a kind of holder, whatever the account."""
    asked: Mapping[str, Iterable[str]] = by_law(OF_HOLDER, {})
    return tuple(asked.get(kind, ()))


def missing_documents(
    office: Office, holder: Holder, type: str, given: Iterable[str]
) -> list[Refusal]:
    """A refusal for each document that is missing.

    What is about the holder may lie with the holder already; what is about the account comes with
    each request, since one holder may have many accounts.
    """
    there = {OF_HOLDER: {*holder.documents, *given}, OF_ACCOUNT: {*given}}
    return [
        Refusal(
            "people.document-missing",
            f"The document {name!r} is missing.",
            citation,
            f"documents.{name}",
        )
        for name, citation in documents_asked(office.by_law, holder.kind, type).items()
        if name not in there[citation]
    ]


def ground_problems(office: Office, reason: str) -> list[Refusal]:
    """Nothing if a reason is a ground of the law, alone or followed by a colon and a note."""
    grounds = office.by_law(REFUSAL_GROUNDS, {}).get("reasons", ())
    if not grounds or reason in grounds or reason.startswith(tuple(f"{one}: " for one in grounds)):
        return []
    sentence = f"A request is refused on these grounds only: {'; '.join(grounds)}."
    return [Refusal("people.refusal-ground", sentence, REFUSAL_GROUNDS, "reason")]


def representative_problems(office: Office, named: Mapping[int, str]) -> list[Refusal]:
    """Everything wrong with the representatives (person: right) named for an account."""
    found = []
    for person, right in named.items():
        found += [*person_problems(office, person), *right_problems(person, right)]
    return found or number_problems(office, named)


def person_problems(office: Office, number: int) -> list[Refusal]:
    """Why a person may represent no account."""
    person = office.register.person(number)
    where = f"representatives.{number}"
    rules = (
        (
            person is None or (person.role, person.state) != (REPRESENTATIVE, ACTIVE),
            Refusal(
                "people.not-to-represent",
                f"Person {number} is not known as an active representative.",
                DESK,
                where,
            ),
        ),
        (
            office.register.verifiers.of_person(number) is not None,
            Refusal(
                "people.acts-for-verifier",
                f"Person {number} acts for a verifier, and so represents no account.",
                REPRESENTATIVES[0],
                where,
            ),
        ),
    )
    return [refusal for applies, refusal in rules if applies]


def right_problems(number: int, right: str) -> list[Refusal]:
    """Why a person cannot have a right: there is no such right."""
    if right in RIGHTS:
        return []
    sentence = f"There is no right {right!r}; there are {', '.join(RIGHTS)}."
    return [Refusal("people.right-not-known", sentence, DESK, f"representatives.{number}")]


def number_problems(office: Office, named: Mapping[int, str]) -> list[Refusal]:
    """What is wrong with the number and the rights of those (person: right) who are to represent.

    Delegated Regulation (EU) 2019/1122, Article 20. Who may only read is not one who can act.
    """
    law, citation = _law_of_numbers(office)
    acting = {person: RIGHTS[right] for person, right in named.items()}
    acting = {person: rights for person, rights in acting.items() if rights > RIGHTS["read only"]}
    pairs = any(
        "initiate" in rights and "approve" in others
        for person, rights in acting.items()
        for other, others in acting.items()
        if person != other
    )
    least, most = int(law.get("least", 0)), int(law.get("most", len(named)))
    where = "representatives"
    found = []
    if len(acting) < least:
        sentence = f"At least {least} persons must have a right to act; {len(acting)} would."
        found.append(Refusal("people.too-few-representatives", sentence, citation, where))
    if len(named) > most:
        sentence = f"At most {most} persons represent an account; {len(named)} would."
        found.append(Refusal("people.too-many-representatives", sentence, citation, where))
    if len(acting) >= least > 1 and not pairs:
        sentence = "Of two persons one must be able to initiate and the other to approve."
        found.append(Refusal("people.nobody-to-approve", sentence, citation, where))
    return found


def _law_of_numbers(office: Office) -> tuple[Mapping[str, Any], str]:
    """What the law says of the number of representatives, and where; nothing if nowhere."""
    for path in REPRESENTATIVES:
        said = office.by_law(path, None)
        if said:
            return said, path
    return {}, REPRESENTATIVES[0]
