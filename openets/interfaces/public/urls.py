"""The addresses of the public site; all of them are only read."""

from __future__ import annotations

from django.urls import path

from openets.interfaces.public import views

urlpatterns = [
    path("", views.home, name="home"),
    path("tables/<slug:name>.<slug:form>", views.table, name="table"),
    path("log/head.json", views.head, name="head"),
    path("health", views.health, name="health"),
    path("assets/<slug:version>/<str:name>", views.asset, name="asset"),
]
