"""What each address answers. Views ask and show; figures come from `figures.py`."""

from __future__ import annotations

import sys
from functools import lru_cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from openets.interfaces.design.assets import ASSETS
from openets.interfaces.public.figures import Head, Reader
from openets.interfaces.public.health import caught_up, is_well
from openets.interfaces.public.health import health as health_of
from openets.interfaces.public.tables import FORMS
from openets.interfaces.web.headers import plain
from openets.interfaces.web.stores import store_in
from openets.kernel.clock import SystemClock
from openets.storage.database import StorageError

FOR_LONG = "public, max-age=31536000, immutable"


@lru_cache
def reader(directory: str) -> Reader:
    """The reader of a store's figures, one for the life of the process."""
    return Reader(store_in(directory))


def _reader() -> Reader:
    return reader(settings.OPENETS_STORE)


def home(request: HttpRequest) -> HttpResponse:
    """The page."""
    found = _reader()
    try:
        figures = found.figures()
    except StorageError as error:
        print(f"page: {error}", file=sys.stderr)  # whoever looks need not know where files lie
        return render(request, "503.html", status=503)
    head, why = _head(found)
    shown = {
        "store": found.store,
        "figures": figures,
        "head": head,
        "why_no_head": why,
        "behind": max(head.size - figures.record, 0) if head else 0,
        "caught_up": caught_up(found.store),
        "forms": list(FORMS),
    }
    return render(request, "public/home.html", shown)


def _head(found: Reader) -> tuple[Head | None, str]:
    try:
        head = found.head()
    except (StorageError, OSError) as error:
        print(f"page: {error}", file=sys.stderr)
        return None, "The log cannot be read just now."
    return head, "" if head else "The log has no records yet."


def table(request: HttpRequest, name: str, form: str) -> HttpResponse:
    """A table of the page as a file."""
    chosen = FORMS.get(form)
    try:
        figures = _reader().figures()
    except StorageError:
        return plain("The figures cannot be read just now.", 503)
    found = figures.table(name)
    if chosen is None or found is None:
        raise Http404
    answer = HttpResponse(chosen.write(found, figures.as_of), content_type=chosen.media_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return answer


def head(request: HttpRequest) -> HttpResponse:
    """The log's signed head, to be kept elsewhere."""
    found, why = _head(_reader())
    if found is None:
        return plain(why, 503)
    return JsonResponse(found.as_dict(), json_dumps_params={"indent": 1})


def health(request: HttpRequest) -> HttpResponse:
    """How the running system is: 200 if every part is alive, else 503."""
    parts = health_of(_reader().store, SystemClock())
    answer = JsonResponse(
        {"well": is_well(parts), **parts},
        status=200 if is_well(parts) else 503,
        json_dumps_params={"indent": 1},
    )
    answer["Cache-Control"] = "no-store"
    return answer


def asset(request: HttpRequest, version: str, name: str) -> HttpResponse:
    """A file that pages use, kept by the browser for long: its address changes with it."""
    found = ASSETS.get(name)
    if found is None or found.version != version:
        raise Http404
    answer = HttpResponse(found.content, content_type=found.media_type)
    answer["Cache-Control"] = FOR_LONG
    return answer
