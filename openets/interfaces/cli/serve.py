"""`openets serve`: the log, the writer, due work and the public page of a store, until stopped."""

from __future__ import annotations

import signal
from contextlib import ExitStack, closing
from types import FrameType
from typing import Annotated

import typer

from openets.interfaces.cli.output import (
    DEFAULT_STORE,
    StoreOption,
    console,
    fail,
    opened,
    saying_what_takes_time,
)
from openets.interfaces.serving.household import ServingEnded, listen, serve

PORT = 8_000


def serve_store(
    directory: StoreOption = DEFAULT_STORE,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65_535)
    ] = PORT,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="A host name under which the page is asked for. Repeat it."),
    ] = None,
) -> None:
    """Serve a store: log, writer, due work, and the public page; Ctrl-C or SIGTERM ends it."""
    with opened(directory) as store:
        try:
            with closing(listen(host, port)) as listening, ExitStack() as reading:
                _stop_on_sigterm()
                shown = f"[{host}]" if ":" in host else host
                address = f"http://{shown}:{listening.getsockname()[1]}/"
                reading.enter_context(saying_what_takes_time("Reading the books ..."))
                for _ in serve(store, listening, (host, *(name or ()))):
                    reading.close()
                    served = f"The store at {directory} is served at {address}"
                    console.print(served, soft_wrap=True)
                    console.print("Ctrl-C ends it.")
        except ServingEnded as ended:
            fail(str(ended), code=1)
        except KeyboardInterrupt:
            console.print("Ended.")


def _stop_on_sigterm() -> None:
    """Makes SIGTERM end the command as Ctrl-C does, once: ending is not to be interrupted."""

    def stop(number: int, frame: FrameType | None) -> None:
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, stop)
