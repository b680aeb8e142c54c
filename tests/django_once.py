"""Django, which is set up once in a process whichever tests run in it."""

from __future__ import annotations

from pathlib import Path

import django
from django.conf import settings

from openets.interfaces.web.settings import site_settings


def django_once() -> None:
    """Sets Django up for the site of no store, unless it is; tests say which store they mean."""
    if not settings.configured:
        settings.configure(**site_settings(Path("nowhere")))
        django.setup(set_prefix=False)
