"""The paths of the stock site."""

from django.urls import path

from tests.proofs.chaos.stock import views

urlpatterns = [
    path("v3/agents/<str:agent>/schedules", views.create),
    path("v3/agents/<str:agent>/schedules/<int:schedule>", views.change),
    path("v3/agents/<str:agent>/schedules/<int:schedule>/execution", views.trigger),
]
