"""Django's settings for the site of a store: the least it needs.

No database of Django's, no sessions, no cookies, no administration, no debugging; nothing is
signed, so there is no secret to keep. Templates are those of `public/`, `portal/` and `design/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

INTERFACES = Path(__file__).parents[1]
ROOMS = ("public", "portal", "design")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
EVERYWHERE = ("0.0.0.0", "::", "")  # an address to listen on, and nobody's name


def site_settings(directory: Path, names: Sequence[str] = ()) -> dict[str, Any]:
    """The settings for a store's site, asked for under the given names and on this machine."""
    asked = (f"[{name}]" if ":" in name else name for name in names if name not in EVERYWHERE)
    return {
        "OPENETS_STORE": str(directory),
        "ALLOWED_HOSTS": [*LOOPBACK, *asked],
        "ROOT_URLCONF": "openets.interfaces.web.urls",
        "MIDDLEWARE": [
            "openets.interfaces.web.headers.OnlyReading",
            "django.middleware.http.ConditionalGetMiddleware",
            "django.middleware.common.CommonMiddleware",
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [INTERFACES / room / "templates" for room in ROOMS],
                "OPTIONS": {"builtins": ["openets.interfaces.design.assets"]},
            }
        ],
        "INSTALLED_APPS": [],
        "LANGUAGE_CODE": "en-gb",
        "USE_I18N": False,
        "USE_THOUSAND_SEPARATOR": True,
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
        "LOGGING_CONFIG": None,
    }


def application(directory: Path, names: Sequence[str]) -> WSGIHandler:
    """The site of a store as a WSGI application; once in a process."""
    settings.configure(**site_settings(directory, names))
    django.setup(set_prefix=False)
    return WSGIHandler()
