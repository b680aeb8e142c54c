"""Commands that enter holders, operators and verifiers, change them, and exclude years.

Each states the whole of what is entered, so that a change is read like a first entry; everything
wrong with it is told at once, by field. What is entered twice for one proposal is there once.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from openets.desk.desk import DESK, Outcome
from openets.kernel import acts
from openets.kernel.refusal import Refusal
from openets.people.accounts import no_holder
from openets.people.asked import Asked, Body, Number, Text
from openets.people.holders import Holder
from openets.people.identity import ASKED, identity_problems
from openets.people.office import Office
from openets.people.operators import Operator
from openets.people.reviews import VERIFIER as REVIEWED
from openets.people.roles import ACTIVE
from openets.people.verifiers import Verifier

KINDS = "accounts.opening.operators"
EXCLUDED = "accounts.excluded-years"
ACTIVITIES = "monitoring.activities."
REPRESENTATIVES = "accounts.representatives"
VERIFIER = "verifier"  # the role of the persons of a verifier

Documents = dict[Text, Text]  # a reference by the name of each document
Activity = Annotated[int, Field(ge=0, lt=1000)]


class RegisterHolder(Body):
    """A new account holder, or with its number the changed data of one."""

    name: ClassVar[str] = "register holder"
    action: ClassVar[str] = "account"
    decided_within: ClassVar[tuple[str, str]] = ("accounts.changes", "decided_within")
    registry: acts.Registry
    kind: Literal["person", "organisation", "government"]
    country: Text
    registration: Text | None = None
    lei: Text | None = None
    vat: Text | None = None
    documents: Documents = Field(default_factory=dict)
    holder: Number | None = None

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _OfHolder(office, self)


class _OfHolder(Asked):
    body: RegisterHolder

    @property
    def registry(self) -> str:
        """The registry that enters it, and that of the holder it changes."""
        known = self.office.register.holders.get(self.body.holder or 0)
        return known.registry if known else self.body.registry

    def problems(self) -> list[Refusal]:
        """Everything wrong with the identity, and with the holder named."""
        body = self.body
        found = identity_problems(
            asked=self.office.by_law(ASKED, {}),
            **body.model_dump(exclude={"registry", "holder"}),
        )
        known = self.office.register.holders.get(body.holder or 0)
        if body.holder and known is None:
            found.append(no_holder(body.holder))
        if known and known.kind != body.kind:
            sentence = f"Holder {known.number} is of the kind {known.kind} and stays so."
            found.append(Refusal("people.holder-kind-changes", sentence, DESK, "kind"))
        return found

    def carry_out(self, number: int, at: int) -> Outcome:
        """Enters the holder, or its changed data."""
        holder = Holder(self.body.holder or 0, **self.body.model_dump(exclude={"holder"}))
        if holder.number:
            self.office.register.holders.change(holder)
        else:
            self.office.register.holders.add(holder, self.office.key(number).hex())
        return Outcome(0)


class RegisterOperator(Body):
    """A new operator, or with its code the changed data of one."""

    name: ClassVar[str] = "register operator"
    action: ClassVar[str] = "account"
    registry: acts.Registry
    kind: Text
    permit: Text
    activity: Activity
    first_year: acts.Year
    last_year: acts.Year | None = None
    return_due: acts.Quantity = 0
    operator: Text | None = None

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _OfOperator(office, self)


class _OfOperator(Asked):
    body: RegisterOperator

    @property
    def registry(self) -> str:
        """The registry that enters it, and that of the operator it changes."""
        known = self.office.register.operators.by_code(self.body.operator)
        return known.registry if known else self.body.registry

    def problems(self) -> list[Refusal]:
        """Everything wrong with what is stated."""
        body, operators = self.body, self.office.register.operators
        known = operators.by_code(body.operator)
        kinds = tuple(dict.fromkeys(self.office.by_law(KINDS, {}).values()))
        activities = activities_of(self.office)
        rules = (
            (
                body.operator and known is None,
                Refusal(
                    "people.operator-unknown",
                    f"There is no operator {body.operator}.",
                    DESK,
                    "operator",
                ),
            ),
            (
                known and (known.kind, known.registry) != (body.kind, body.registry),
                Refusal(
                    "people.operator-changes",
                    f"Operator {body.operator} keeps its kind and its registry.",
                    DESK,
                    "kind",
                ),
            ),
            (
                body.kind not in kinds,
                Refusal(
                    "people.operator-kind-unknown",
                    f"The law knows no {body.kind!r}; it knows {', '.join(kinds) or 'none'}.",
                    KINDS,
                    "kind",
                ),
            ),
            (
                activities and body.activity not in activities,
                Refusal(
                    "people.activity-unknown",
                    f"The law has no activity {body.activity}.",
                    ACTIVITIES,
                    "activity",
                ),
            ),
            (
                body.last_year and body.last_year < body.first_year,
                Refusal(
                    "people.years",
                    f"The last year, {body.last_year}, lies before the first, {body.first_year}.",
                    DESK,
                    "last_year",
                ),
            ),
            (
                self._is_taken(known),
                Refusal(
                    "people.permit-taken",
                    f"The permit {body.permit} belongs to another operator.",
                    DESK,
                    "permit",
                ),
            ),
        )
        return [refusal for applies, refusal in rules if applies]

    def _is_taken(self, known: Operator | None) -> bool:
        body = self.body
        return any(
            (one.registry, one.kind, one.permit) == (body.registry, body.kind, body.permit)
            and (known is None or one.number != known.number)
            for one in self.office.register.operators.every()
        )

    def carry_out(self, number: int, at: int) -> Outcome:
        """Enters the operator, or its changed data."""
        operators = self.office.register.operators
        stated = self.body.model_dump(exclude={"operator"})
        known = operators.by_code(self.body.operator)
        if known:
            operators.change(Operator(known.number, **stated), at)
        else:
            operators.add(Operator(0, **stated), self.office.key(number).hex(), at)
        return Outcome(0)


def activities_of(office: Office) -> frozenset[int]:
    """The codes of activities the law has today; empty where it lists none."""
    return frozenset(
        int(path.removeprefix(ACTIVITIES))
        for path in office.rulebook.values_on(office.today())
        if path.startswith(ACTIVITIES) and path.removeprefix(ACTIVITIES).isdigit()
    )


class ExcludeYear(Body):
    """An operator owes neither figures nor units for a year, on a ground of the law."""

    name: ClassVar[str] = "exclude year"
    action: ClassVar[str] = "account"
    operator: Text
    year: acts.Year
    ground: Text

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Exclusion(office, self)


class _OfYear(Asked):
    body: ExcludeYear | TakeYearIn

    @cached_property
    def operator(self) -> Operator | None:
        """Whom it concerns, None for a code nobody has."""
        return self.office.register.operators.by_code(self.body.operator)

    @property
    def registry(self) -> str:
        """That of the operator."""
        return self.operator.registry if self.operator else ""

    def unknown(self) -> list[Refusal]:
        """The refusal for a code nobody has."""
        if self.operator:
            return []
        sentence = f"There is no operator {self.body.operator}."
        return [Refusal("people.operator-unknown", sentence, DESK, "operator")]


class _Exclusion(_OfYear):
    body: ExcludeYear

    def problems(self) -> list[Refusal]:
        """The operator is known, and so is the ground."""
        found = self.unknown()
        grounds = self.office.by_law(EXCLUDED, ())
        if self.body.ground not in grounds:
            sentence = f"A year is excluded on these grounds only: {', '.join(grounds)}."
            found.append(Refusal("people.exclusion-ground", sentence, EXCLUDED, "ground"))
        return found

    def carry_out(self, number: int, at: int) -> Outcome:
        """Notes the year."""
        if self.operator:
            operators = self.office.register.operators
            operators.exclude(self.operator.number, self.body.year, self.body.ground, at)
        return Outcome(0)


class TakeYearIn(Body):
    """An excluded year counts again: the operator owes figures and units for it."""

    name: ClassVar[str] = "take year in"
    action: ClassVar[str] = "account"
    operator: Text
    year: acts.Year
    reason: Text

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _TakingIn(office, self)


class _TakingIn(_OfYear):
    body: TakeYearIn

    def problems(self) -> list[Refusal]:
        """The operator is known, and the year is excluded."""
        if self.operator is None:
            return self.unknown()
        if self.body.year in self.office.register.operators.excluded(self.operator.number):
            return []
        sentence = f"Operator {self.operator.code} is not excluded in {self.body.year}."
        return [Refusal("people.year-not-excluded", sentence, EXCLUDED, "year")]

    def carry_out(self, number: int, at: int) -> Outcome:
        """Notes that the year counts again."""
        if self.operator:
            self.office.register.operators.exclude(self.operator.number, self.body.year, "", at)
        return Outcome(0)


class RegisterVerifier(Body):
    """A new verifier with its persons, or with its number the changed data of one."""

    name: ClassVar[str] = "register verifier"
    action: ClassVar[str] = "account"
    registry: acts.Registry
    accreditation: Text
    scope: Annotated[tuple[Activity, ...], Field(min_length=1)]
    expires: date
    persons: tuple[Number, ...]
    verifier: Number | None = None

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _OfVerifier(office, self)


class _OfVerifier(Asked):
    body: RegisterVerifier

    @property
    def registry(self) -> str:
        """The registry that enters it, and that of the verifier it changes."""
        known = self.office.register.verifiers.get(self.body.verifier or 0)
        return known.registry if known else self.body.registry

    def problems(self) -> list[Refusal]:
        """Everything wrong with the accreditation and with the persons."""
        body = self.body
        found = []
        if body.verifier and self.office.register.verifiers.get(body.verifier) is None:
            sentence = f"There is no verifier {body.verifier}."
            found.append(Refusal("people.verifier-unknown", sentence, DESK, "verifier"))
        if body.expires < self.office.today():
            sentence = f"The accreditation ended on {body.expires}."
            found.append(Refusal("people.accreditation-expired", sentence, DESK, "expires"))
        known = activities_of(self.office)
        unknown = [str(one) for one in body.scope if known and one not in known]
        if unknown:
            sentence = f"The law has no activity {', '.join(unknown)}."
            found.append(Refusal("people.scope", sentence, ACTIVITIES, "scope"))
        least = self.office.by_law(REPRESENTATIVES, {}).get("verifier_at_least", 1)
        if len(set(body.persons)) < least:
            sentence = f"A verifier needs at least {least} person who acts for it."
            found.append(
                Refusal("people.too-few-for-verifier", sentence, REPRESENTATIVES, "persons")
            )
        return found + [one for person in body.persons for one in self._against(person)]

    def _against(self, number: int) -> list[Refusal]:
        found = []
        person = self.office.register.person(number)
        if person is None or (person.role, person.state) != (VERIFIER, ACTIVE):
            sentence = f"Person {number} is not known as an active verifier."
            found.append(Refusal("people.not-a-verifier", sentence, DESK, "persons"))
        elsewhere = self.office.register.verifiers.of_person(number)
        if elsewhere and elsewhere.number != self.body.verifier:
            sentence = f"Person {number} acts for verifier {elsewhere.number}."
            found.append(Refusal("people.of-another-verifier", sentence, DESK, "persons"))
        accounts = self.office.register.represented_by(number)
        if accounts:
            named = ", ".join(map(str, accounts))
            sentence = f"Person {number} represents account {named}; a verifier represents none."
            found.append(
                Refusal("people.verifier-represents", sentence, REPRESENTATIVES, "persons")
            )
        return found

    def carry_out(self, number: int, at: int) -> Outcome:
        """Enters the verifier, or its changed data."""
        body = self.body
        verifier = Verifier(
            body.verifier or 0,
            body.registry,
            body.accreditation,
            frozenset(body.scope),
            body.expires,
        )
        persons = sorted(set(body.persons))
        register = self.office.register
        entered = register.verifiers.put(verifier, persons, self.office.key(number).hex())
        register.reviews.note(REVIEWED, entered, self.office.today())
        return Outcome(0)
