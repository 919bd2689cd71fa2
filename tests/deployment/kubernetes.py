"""deploy/kubernetes as its files say it."""

from collections.abc import Iterator
from typing import Any, Final

import yaml

from tests.deployment.compose import ROOT

FOLDER: Final = ROOT / "deploy/kubernetes"

Document = dict[str, Any]


def documents() -> list[Document]:
    """Every resource that the kustomization names."""
    names = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    return [each for name in names for each in yaml.safe_load_all((FOLDER / name).read_text())]


def of_kind(kind: str) -> dict[str, Document]:
    """Those of a kind, by name."""
    return {each["metadata"]["name"]: each for each in documents() if each["kind"] == kind}


def pods() -> dict[str, Document]:
    """What runs: the pod of each deployment and of the job, by its name."""
    running = of_kind("Deployment") | of_kind("Job")
    return {name: each["spec"]["template"]["spec"] for name, each in running.items()}


def containers(name: str) -> Iterator[Document]:
    """Of one pod, the first that runs is the first."""
    yield from pods()[name].get("initContainers", [])
    yield from pods()[name]["containers"]
