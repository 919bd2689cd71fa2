"""Environments of published clients, one each beside the project's packages: they share one import name."""

from pathlib import Path

from tests.environments import ROOT as ROOT
from tests.environments import python_in


def python_of(client: str) -> Path:
    """The Python that has exactly the locked packages of `client`; its environment is made when it is not so."""
    return python_in(f"clients/{client}", f"clients-{client}")
