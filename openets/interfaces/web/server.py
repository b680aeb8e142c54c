"""The web server as a process: `python -m openets.interfaces.web.server DIR DESCRIPTOR NAME...`.

It serves the site on a listening socket that the parent has bound and handed over, so that
whoever calls while it is started again waits instead of being turned away.
"""

from __future__ import annotations

import logging
import socket
import sys
import threading
from pathlib import Path

import waitress

from openets.channel.process import WITH_PARENT, until_told
from openets.interfaces.web.settings import application
from openets.ledger.store import open_store
from openets.storage.database import StorageError

THREADS = 4
STOPPING_SECONDS = 5
MAX_BODY_BYTES = 4_096  # nothing that is read has a body
MAX_HEADER_BYTES = 16_384
IDLE_SECONDS = 30
CONNECTIONS = 200


def main(arguments: list[str]) -> int:
    """Serves until SIGTERM, SIGINT, or the parent's end."""
    folder, descriptor, *names = (one for one in arguments if one != WITH_PARENT)
    try:
        open_store(Path(folder))
    except StorageError as error:
        print(error, file=sys.stderr)
        return 1
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that somebody waits is no news
    server = waitress.create_server(
        application(Path(folder), names),
        sockets=[socket.socket(fileno=int(descriptor))],
        threads=THREADS,
        ident=None,
        max_request_body_size=MAX_BODY_BYTES,
        max_request_header_size=MAX_HEADER_BYTES,
        channel_timeout=IDLE_SECONDS,
        connection_limit=CONNECTIONS,
        clear_untrusted_proxy_headers=True,
    )
    threading.Thread(target=server.run, daemon=True).start()
    until_told(arguments)
    server.task_dispatcher.shutdown(cancel_pending=True, timeout=STOPPING_SECONDS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
