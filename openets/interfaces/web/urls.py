"""The addresses of a store's site; all of them are only read."""

from __future__ import annotations

from django.urls import include, path

from openets.interfaces.portal.urls import urlpatterns as portal
from openets.interfaces.public.urls import urlpatterns as public

urlpatterns = [
    path("portal/", include((portal, "portal"))),
    path("", include(public)),
]
