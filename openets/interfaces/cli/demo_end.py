"""What a demonstration tells at its end: allocation, the desk, and where to look next."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

from openets.desk.outbox import Outbox
from openets.desk.proposals import AWAITING, Proposals
from openets.desk.tasks import Tasks
from openets.interfaces.cli.output import DEFAULT_STORE, console, headed, number, print_rows
from openets.kernel.money import euros
from openets.ledger import reads
from openets.ledger.post import OFFICERS_NEEDED
from openets.ledger.store import Store
from openets.people.opening import desk_database
from openets.people.register import Register
from openets.rulebook.model import Rulebook
from openets.world.allocating import Allocated
from openets.world.penalising import Penalised
from openets.world.totals import Totals

NOTICES_SHOWN = 8
PENALTIES = """\
Paying releases nobody: what is missing stays owed with the next surrender. Where the law raises the
rate by an index (≥), the notice was set without it: the factor is the authority's to find."""
LEFT_OUT = "free-allocation.not-eligible-activities"


def tell_of_the_sample(sample: list[Allocated], rulebook: Rulebook) -> None:
    """What a sample of installations of every sector was allocated by the rules."""
    if not sample:
        return
    years = sorted({year for one in sample for year in one.entitled})
    columns = ("operator", "sector", "sub-installations", *map(str, years), "issued")
    rows = [
        (
            one.operator,
            one.sector,
            one.parts,
            *(one.entitled[year] for year in years),
            one.allocated,
        )
        for one in sample
    ]
    console.print(headed("\nfree allocation", "  calculated from baselines, issued by one act"))
    print_rows(columns, rows, as_json=False, as_csv=False)
    calculated = number(sum(sum(one.entitled.values()) for one in sample))
    issued = number(sum(one.allocated for one in sample))
    console.print(
        f"{len(sample)} installations, each of another sector: {calculated} allowances calculated "
        f"for {years[0]} to {years[-1]}, {issued} issued."
    )
    _tell_who_is_left_out(sample, years, rulebook)


def _tell_who_is_left_out(sample: list[Allocated], years: list[int], rulebook: Rulebook) -> None:
    """The sectors the law allocates nothing, and the article that says so."""
    told: dict[tuple[str, str], list[str]] = {}
    for year in years:
        left_out = ", ".join(one.sector for one in sample if not one.entitled[year])
        if left_out:
            source = str(rulebook.ask(LEFT_OUT, for_=year).source)
            told.setdefault((left_out, source), []).append(str(year))
    for (sectors, source), of in told.items():
        console.print(f"Nothing for {', '.join(of)}: {sectors} ({source}).", soft_wrap=True)


def tell_of_the_penalties(penalised: list[Penalised]) -> None:
    """What operators that were short had to pay, and what they still owe."""
    if not penalised:
        return
    columns = (
        *("operator", "emissions of", "symbol", "units missing", "eur due", "eur paid"),
        *("state", "published", "units owed now"),
    )
    rows = [
        (
            *(one.operator, str(one.year), one.symbol, one.missing),
            *(_least(one), f"{euros(one.paid):,}", one.state),
            *("yes" if one.published else "", one.owed),
        )
        for one in penalised
    ]
    console.print(headed("\npenalties", "  set, objected to, decided, paid, each by two people"))
    print_rows(columns, rows, as_json=False, as_csv=False)
    console.print(PENALTIES)


def _least(one: Penalised) -> str:
    return f"{'≥ ' if one.least else ''}{euros(one.cents):,}"


def tell_of_the_desk(store: Store) -> None:
    """How many people there are, what they proposed, what waits, and what they were told."""
    with closing(desk_database(store)) as database:
        persons = Register(database).persons()
        proposals = [(one.command, one.state) for one in Proposals(database, store.store).every()]
        tasks = [
            (f"task, {one.kind}", "claimed" if one.claimant else "open")
            for one in Tasks(database).every(ended=False)
        ]
        notices = Outbox(database, "").every()
    console.print(headed("\nthe desk", f"  {len(persons)} people for a sample of accounts"))
    for found in (proposals, tasks, [("notice", one.state) for one in notices]):
        for (what, state), count in sorted(Counter(found).items()):
            console.print(f"  {count:>3}  {what}, {state}")
    newest = {one.said.key: one for one in reversed(notices)}  # of each kind, by its text
    for one in list(newest.values())[:NOTICES_SHOWN]:
        console.print(f"       to person {one.person}: {one.said.told()}", soft_wrap=True)


def say_where_next(store: Store, ledger: Totals) -> None:
    """Commands that work on the world just made, with an account and a unit that are in it."""
    option = "" if store.directory == DEFAULT_STORE else f" --store {store.directory}"
    account = ledger.example_account
    first = min(ledger.emissions[account])
    named = _operator_of(store, account)
    officers = " ".join(f"--key {path}" for path in officer_files(store.directory))
    console.print("\nwhere to look next", style="bold")
    for what, command in (
        ("the law of a figure, with its history", "law explain caps.stationary.union"),
        ("an operator's account, and its whole life", f"account show {account}{option}"),
        ("", f"account statement {account}{option}"),
        (
            "where an operator stands, and why",
            f"compliance cockpit {named}{option}",
        ),
        ("", f"compliance explain {named} {first}{option}"),
        ("the way of one allowance", f"trace {_unit_of(store, account)}{option}"),
        ("a receipt, and its check without any database", f"log prove 100000 --out r.json{option}"),
        ("", "log check r.json"),
        (
            "two officers stop an account at the log itself",
            f"log freeze {account} {officers} --reason drill{option}",
        ),
        (
            "what waits at the desk, who may approve it, and its approval",
            f"desk list --as 1{option}",
        ),
        ("", f"inbox list --as 1{option}"),
        ("", f"audit --as 1{option}"),
        *_for_two(store, option),
        ("penalties, and the operators that are published", f"compliance penalties{option}"),
        ("the table again, from what is stored", f"totals --csv{option}"),
        ("the proof of both books again", f"verify{option}"),
    ):
        if what:
            console.print(f"  {what}", style="dim")
        console.print(f"    {_program()} {command}", soft_wrap=True)


def _approver(store: Store) -> tuple[int, int] | None:
    """A surrender that waits, and the person who may approve it."""
    with closing(desk_database(store)) as database:
        register = Register(database)
        for one in Proposals(database, store.store).in_state(AWAITING):
            for other in register.representatives(json.loads(one.body).get("transferring", 0)):
                if other.person != one.proposer:
                    return one.number, other.person
    return None


def _for_two(store: Store, option: str) -> list[tuple[str, str]]:
    """The approval by a second representative, and the page on which that person sees it."""
    found = _approver(store)
    approval = [("", f"desk approve {found[0]} --as {found[1]}{option}")] if found else []
    page = "the whole as a service, with pages to open in a browser"
    if found:
        page += f"; person {found[1]} signs in at /portal/ by number alone"
    return [*approval, (page, f"serve{option}")]


def _program() -> str:
    """The command as it was called, if a person can call it so again."""
    return "openets" if Path(sys.argv[0]).is_absolute() else sys.argv[0]


def _operator_of(store: Store, account: int) -> str:
    """The code of the operator whose account it is."""
    with closing(store.projection().database) as database:
        view = reads.account(database, account)
    assert view is not None and view.operator  # it has surrendered
    return view.operator


def _unit_of(store: Store, account: int) -> str:
    """A serial that passed through an account, with its registry of origin."""
    with closing(store.projection().database) as database:
        last = reads.statement(database, account)[-1]
        moved = reads.record(database, last.sequence)
    assert moved is not None  # the statement has just named it
    _, _, origin, first, _ = moved.blocks[0]
    return f"{origin}-{first}"


def officer_files(directory: Path) -> list[Path]:
    """The files of the officers' keys."""
    return [directory / "officers" / f"{number}.pem" for number in range(1, OFFICERS_NEEDED + 1)]
