"""The `openets` command: one program, one sub-command per thing a person wants done.

A sub-command is loaded when it is asked for: most of them need a small part of the house, and
whoever types one should not wait for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

# Where each stands: its module in this folder, and the name of the function or group there.
PLACES = {
    "demo": "demo:demo",
    "totals": "demo:totals",
    "replay": "replay:replay",
    "law": "law:law_app",
    "cap": "cap:cap_app",
    "allocation": "allocation_compare:allocation_app",
    "compliance": "compliance:compliance_app",
    "account": "people:account_app",
    "transaction": "ledger:transaction_app",
    "desk": "desk:desk_app",
    "inbox": "inbox:inbox_app",
    "outbox": "inbox:outbox_app",
    "person": "desk:person_app",
    "holder": "people:holder_app",
    "operator": "people:operator_app",
    "verifier": "people:verifier_app",
    "maintenance": "maintenance:maintenance_app",
    "serve": "serve:serve_store",
    "work": "desk:work",
    "audit": "inbox:audit",
    "trace": "tracing:trace",
    "verify": "upkeep:verify",
    "recover": "upkeep:recover",
    "import": "files:import_file",
    "export": "files:export_file",
    "log": "log:log_app",
    "restore": "upkeep:restore_app",
}


class Commands(Mapping[str, Any]):
    """The sub-commands by name, each loaded the first time it is looked at."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = _load(name)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)


def _load(name: str) -> Any:
    module, _, what = PLACES[name].partition(":")
    found = getattr(import_module(f"openets.interfaces.cli.{module}"), what)
    if not isinstance(found, typer.Typer):
        function, found = found, typer.Typer(add_completion=False)
        found.command(name)(function)
        return _flowing(typer.main.get_command(found))
    group = typer.main.get_group(found)
    group.name = name
    return _flowing(group)


def _flowing(command: Any) -> Any:
    """The command with help whose lines end where the terminal does, not where the source did."""
    for one in (command, *getattr(command, "commands", {}).values()):
        paragraphs = (one.help or "").split("\n\n")
        one.help = "\n\n".join(" ".join(words.split()) for words in paragraphs)
    return command


class Program(TyperGroup):
    """The program, as a group of sub-commands that are not loaded yet."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands()  # type: ignore[assignment]  # nothing is ever added to it

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of the help; loads nothing."""
        return list(self.commands)


app = typer.Typer(cls=Program, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def program() -> None:
    """OpenETS: an emissions trading system in one program."""


if __name__ == "__main__":
    app()
