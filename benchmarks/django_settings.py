"""Django without a project: one database, by address. Import models only after `configure`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlparse

import django
from django.conf import settings


def configure(url: str) -> None:
    """Points Django at a database; once per process."""
    settings.configure(
        DATABASES={"default": _database(url)},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


def _database(url: str) -> dict[str, object]:
    if url.startswith("sqlite:"):
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        options = {"transaction_mode": "IMMEDIATE", "init_command": pragmas}
        name = str(Path(url.removeprefix("sqlite:")))
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": options}
    parts = urlparse(url)
    query = parse_qs(parts.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": parts.hostname or query.get("host", [""])[0],
        "PORT": parts.port or "",
    }
