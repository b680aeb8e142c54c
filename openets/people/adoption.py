"""The command by which a running registry adopts a changed law.

A release that brings another law posts no transaction until two persons have adopted it. What it
changes is in the sentence both of them see, and whole in `openets law changes`.
"""

from __future__ import annotations

from typing import ClassVar

from openets.desk.desk import Outcome
from openets.desk.said import Said
from openets.kernel import acts
from openets.kernel.refusal import Refusal
from openets.people.asked import ActAsked, Asked, Body
from openets.people.office import Office
from openets.rulebook.kept import Change, as_kept, changes, keep, kept

NAMED = 12  # paths named in the sentence; the whole difference is a listing of its own


class AdoptRulebook(Body):
    """From here on the registry works by the law with this digest."""

    name: ClassVar[str] = "adopt rulebook"
    action: ClassVar[str] = "rulebook"
    digest: acts.Hex32

    def of(self, office: Office) -> Asked:
        """The command in an office."""
        return _Adoption(office, self)


def law_changes(office: Office) -> list[Change] | None:
    """What the law of this release has differently from the adopted one; None if that is lost."""
    before = kept(office.law_kept, office.writer.book.rulebook_digest)
    return None if before is None else changes(before, as_kept(office.rulebook))


class _Adoption(ActAsked):
    body: AdoptRulebook

    def act(self) -> acts.Act:
        """The adoption."""
        return acts.RulebookAdopted(digest=self.body.digest)

    def problems(self) -> list[Refusal]:
        """The ledger's, and that it is not the law already."""
        if bytes.fromhex(self.body.digest) == self.office.writer.book.rulebook_digest:
            sentence = "The registry works by this law already."
            return [Refusal("people.law-already-adopted", sentence, "people rule")]
        return super().problems()

    def said(self) -> Said:
        """The digest, and how much it changes."""
        found = law_changes(self.office)
        if found is None:
            difference = Said("changes-unknown")
        else:
            more = len(found) - NAMED
            facts = {
                "count": len(found),
                "paths": [change.path for change in found[:NAMED]],
                "more": Said("changes-more", {"count": more}) if more > 0 else "",
            }
            difference = Said("changes-known", facts)
        return Said("asked-adoption", {"digest": self.body.digest, "difference": difference})

    def carry_out(self, number: int, at: int) -> Outcome:
        """Keeps the law beside the store, then adopts it in both books."""
        keep(self.office.rulebook, self.office.law_kept)
        return super().carry_out(number, at)
