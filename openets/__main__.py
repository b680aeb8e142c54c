"""Runs the command line: `python -m openets` is `openets`."""

from openets.interfaces.cli.main import app

app(prog_name="openets")
