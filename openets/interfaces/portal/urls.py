"""The addresses of the portal; every one wants to know who asks."""

from __future__ import annotations

from django.urls import path

from openets.interfaces.portal import views

urlpatterns = [
    path("", views.home, name="home"),
    path("operators/<str:code>/", views.operator, name="operator"),
    path("operators/<str:code>/<int:year>/", views.operator, name="year"),
    path(
        "operators/<str:code>/<int:year>/receipt-<int:record>.json", views.receipt, name="receipt"
    ),
]
