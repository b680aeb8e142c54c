"""What each address of the portal answers to the person who is signed in.

Everything is asked at the counter of the running writer, which decides who may see what; here it is
only shown.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import MAXYEAR
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from openets.channel.line import NoAnswer
from openets.interfaces.portal.signing_in import ask_to_sign_in, who_asks
from openets.interfaces.web.headers import for_one_person
from openets.interfaces.web.stores import store_in
from openets.kernel.clock import moment
from openets.kernel.money import euros
from openets.kernel.records import Malformed
from openets.kernel.refusal import Refused
from openets.ledger.post import WriterStopped
from openets.ledger.store import Store
from openets.people.counter.client import Counter, RunningCounter
from openets.people.signing_in import NotSignedIn, Who
from openets.rulebook.model import Rulebook
from openets.schemes.compliance import asking
from openets.schemes.compliance.asking import OperatorYear
from openets.schemes.compliance.cockpit import Cockpit
from openets.schemes.compliance.days import concerns_year
from openets.storage.database import StorageError
from openets.translog.client import LogAway
from openets.translog.proof import prove

PATIENCE_SECONDS = 30

P = ParamSpec("P")


class Visitor(NamedTuple):
    """A person at the running counter of a store."""

    store: Store
    counter: Counter
    who: Who


def counter_of(store: Store) -> Counter:
    """The counter at which pages ask: that of the running writer."""
    return RunningCounter(store, PATIENCE_SECONDS)


def signed_in(
    view: Callable[Concatenate[HttpRequest, Visitor, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Lets a view be asked by a person only, and tells what goes wrong at the counter."""

    @wraps(view)
    def ask(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        who = who_asks(request)
        if who is None:
            return ask_to_sign_in("Sign in with your number and your token.")
        store = store_in(settings.OPENETS_STORE)
        counter = counter_of(store)
        try:
            answer = view(request, Visitor(store, counter, who), *args, **kwargs)
        except NotSignedIn as nobody:
            return ask_to_sign_in(_stranger(nobody))
        except Refused as refused:
            shown = {"store": store, "refusals": refused.refusals}
            answer = render(request, "portal/refused.html", shown, status=403)
        except (NoAnswer, LogAway, WriterStopped, Malformed, StorageError, OSError) as error:
            print(f"portal: {error}", file=sys.stderr)  # where files lie is nobody else's business
            answer = render(request, "portal/away.html", {"store": store}, status=503)
        finally:
            counter.hang_up()
        return for_one_person(answer)

    return ask


def _stranger(nobody: NotSignedIn) -> str:
    if nobody.named:
        return "A number is not enough in this store: show the token as the password."
    return "Nobody active is behind this number or token."


@signed_in
def home(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The operators of a representative; whoever looks for another one names it."""
    wanted = request.GET.get("operator", "").strip()
    if wanted and "/" not in wanted:
        return HttpResponseRedirect(reverse("portal:operator", args=(wanted,)))
    found = visitor.counter.ask(asking.operators_represented, visitor.who)
    shown = {
        "store": visitor.store,
        "person": visitor.who.person,
        "operators": [_row(one) for one in found],
    }
    return render(request, "portal/home.html", shown)


@signed_in
def operator(request: HttpRequest, visitor: Visitor, code: str, year: int = 0) -> HttpResponse:
    """The cockpit of an operator for a year of emissions, by default the last complete one."""
    found = _operator_year(visitor, code, year)
    shown = {
        "store": visitor.store,
        "person": visitor.who.person,
        **_shown(found, visitor.store.rulebook),
    }
    return render(request, "portal/operator.html", shown)


@signed_in
def receipt(
    request: HttpRequest, visitor: Visitor, code: str, year: int, record: int
) -> HttpResponse:
    """The log's signed receipt, with its proof, of a surrender for a year."""
    found = _operator_year(visitor, code, year)
    if record not in {one.record for one in found.surrendered}:
        raise Http404
    written = prove(visitor.store.log_directory, record)
    answer = HttpResponse(written, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="surrender-{record}.json"'
    return answer


def _operator_year(visitor: Visitor, code: str, year: int) -> OperatorYear:
    """What the counter knows of a year; a code written small is the same code."""
    if year > MAXYEAR:
        raise Http404
    found = visitor.counter.ask(asking.see_operator, visitor.who, code.upper(), year)
    if found is None:
        raise Http404
    return found


def _row(found: Cockpit) -> dict[str, Any]:
    """An operator in a list: what is missing, and the next step that is not done."""
    steps = [one for one in found.steps if one.progress not in ("done", "day passed")]
    return {"cockpit": found, "year": str(found.year), "next": steps[0] if steps else None}


def _shown(found: OperatorYear, rulebook: Rulebook) -> dict[str, Any]:
    """What the page of a year shows; years and records are names here, not quantities."""
    cockpit = found.cockpit
    owed = cockpit.obligation.due + cockpit.obligation.carried_over
    due = next((one for one in cockpit.steps if one.step == "surrender"), None)
    return {
        "cockpit": cockpit,
        "year": str(cockpit.year),
        "years": [
            str(year)
            for year in (cockpit.year - 1, cockpit.year + 1)
            if concerns_year(rulebook, year)
        ],
        "owed": owed,
        "surplus": -owed,
        "carried_surplus": -cockpit.obligation.carried_over,
        "surrender_by": due,
        "pending": [
            {
                "number": str(one.proposal),
                "quantity": one.quantity,
                "execute_at": moment(one.execute_at) if one.execute_at else None,
                "approvers": _persons(one.approvers),
            }
            for one in cockpit.pending
        ],
        "approvers": _persons(cockpit.approvers),
        "suggested": found.suggested,
        "surrendered": [
            {**one._asdict(), "name": f"{one.record:,}", "at": moment(one.at)}
            for one in found.surrendered
        ],
        "explained": found.explained,
        "bearing": [line for line in found.explained.lines if line.bears],
        "others": [line for line in found.explained.lines if not line.bears],
        "penalties": [
            {
                "breach": one.breach or "units missing",
                "due": euros(one.cents),
                "paid": euros(one.paid),
                "state": one.state,
                "published": one.published,
            }
            for one in found.penalties
        ],
    }


def _persons(numbers: tuple[int, ...]) -> str:
    return " or ".join(f"person {one}" for one in numbers) or "nobody"
