"""The commands of the program: whichever is asked for first, it has all its sub-commands."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time

import pytest
import typer
from rich.console import Console

from openets.interfaces.cli import main, output

EACH_ALONE = """
import importlib, json, pkgutil, sys
import openets.interfaces.cli as folder

HOUSE = folder.__name__

def names(name):
    command = importlib.import_module(HOUSE + ".main").Commands()[name]
    return sorted(getattr(command, "commands", ()))

def forget():
    for module in [one for one in sys.modules if one.startswith(HOUSE + ".")]:
        del sys.modules[module]

places = importlib.import_module(HOUSE + ".main").PLACES
alone = {}
for name in places:
    forget()
    alone[name] = names(name)
forget()
for module in pkgutil.iter_modules(folder.__path__):
    importlib.import_module(f"{HOUSE}.{module.name}")
print(json.dumps([alone, {name: names(name) for name in places}]))
"""


def test_each_command_asked_for_alone_has_what_it_has_beside_all_others() -> None:
    """Modules are loaded when they are needed, and some add to the commands of another."""
    said = subprocess.run([sys.executable, "-c", EACH_ALONE], capture_output=True, check=True)
    alone, together = json.loads(said.stdout)
    assert alone == together
    assert {"request", "show", "refuse", "statement"} <= set(alone["account"])
    assert sum(map(len, alone.values())) > 80


def test_a_paragraph_of_help_is_one_line() -> None:
    """Where the source breaks a docstring is no reason to break a line on a narrow screen."""
    for name, command in main.Commands().items():
        for one in (command, *getattr(command, "commands", {}).values()):
            assert "\n" not in one.help.replace("\n\n", ""), name


def test_a_sub_command_is_loaded_once() -> None:
    commands = main.Commands()
    assert commands["account"] is commands["account"]
    assert isinstance(typer.main.get_command(main.app), main.Program)


@pytest.mark.parametrize(("looked_on", "patience"), [(True, 0), (True, 60), (False, 0)])
def test_what_takes_time_is_said_to_whoever_looks_on(
    monkeypatch: pytest.MonkeyPatch, looked_on: bool, patience: int
) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=looked_on, color_system=None)
    monkeypatch.setattr(output, "errors", console)
    monkeypatch.setattr(output, "PATIENCE_SECONDS", patience)
    with output.saying_what_takes_time("Reading the books ..."):
        time.sleep(0 if patience else 1 / 4)
    assert ("Reading the books ..." in screen.getvalue()) == (looked_on and not patience)
