"""deploy/kubernetes holds: commands and variables are the code's, and every pod is as tight as the image allows."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.urls import resolve

from orqsite import health
from orqsite.environment import PLATFORM, Environment
from tests.deployment.command_lines import check
from tests.deployment.compose import ROOT
from tests.deployment.kubernetes import FOLDER, containers, documents, of_kind, pods
from tests.environments import python_in

OURS = ("migrate", "web", "beat", "worker")
LONG_RUNNING = ("web", "beat", "worker")


def settings() -> set[str]:
    return {f"ORQ_{name.upper()}" for name in Environment.model_fields} | {*PLATFORM}


@pytest.mark.django_db(transaction=True)  # the web process looks at the database when it is imported
@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_the_program_takes(name: str) -> None:
    *waiting, running = containers(name)

    check(running["command"])
    for each in waiting:
        [words] = re.findall(r"until (.*) > /dev/null", each["command"][-1])
        check(words.split())


def test_every_setting_is_one_of_ours_and_no_secret() -> None:
    given = of_kind("ConfigMap")["agent-schedules"]["data"]

    assert given.keys() <= settings()
    secrets = {name for name, field in Environment.model_fields.items() if "Secret" in str(field.annotation)}
    assert not {f"ORQ_{name.upper()}" for name in secrets} & given.keys()


@pytest.mark.parametrize("name", OURS)
def test_nobody_is_root_or_writes_to_the_image(name: str) -> None:
    pod = pods()[name]

    assert pod["automountServiceAccountToken"] is False
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsNonRoot"]) == (10001, True)
    for each in containers(name):
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert each["resources"]["limits"]["memory"]
        assert [mount["mountPath"] for mount in each["volumeMounts"]] == ["/tmp"]  # noqa: S108 - theirs


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_an_update_takes_none_away_before_another_is_there(name: str) -> None:
    deployment = of_kind("Deployment")[name]["spec"]

    assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    labels = deployment["template"]["metadata"]["labels"]
    assert labels == deployment["selector"]["matchLabels"]
    assert of_kind("PodDisruptionBudget")[name]["spec"]["selector"]["matchLabels"] == labels


def test_there_are_two_beats_and_the_others_are_scaled() -> None:
    scaled = of_kind("HorizontalPodAutoscaler")

    assert of_kind("Deployment")["beat"]["spec"]["replicas"] == 2
    assert scaled.keys() == {"web", "worker"}
    for name, each in scaled.items():
        assert each["spec"]["minReplicas"] >= 2
        assert "replicas" not in of_kind("Deployment")[name]["spec"], "an update would undo the scaling"


def test_the_probes_of_the_web_process_are_its_own_paths() -> None:
    [web] = pods()["web"]["containers"]

    paths = {name: urlsplit(web[name]["httpGet"]["path"]) for name in ("readinessProbe", "livenessProbe")}
    assert resolve(paths["readinessProbe"].path).func is health.readyz
    assert paths["readinessProbe"].query == "only=database"
    assert resolve(paths["livenessProbe"].path).func is health.healthz
    assert web["ports"] == [{"name": "http", "containerPort": 8000}]


@pytest.mark.parametrize("name", ["beat", "worker"])
def test_beats_and_workers_are_asked_after_by_the_command_for_probes(name: str) -> None:
    [container] = pods()[name]["containers"]

    assert container["livenessProbe"]["exec"]["command"] == ["python", "manage.py", "healthy", name]


def test_a_worker_is_stopped_when_it_expects_it() -> None:
    [container] = pods()["worker"]["containers"]

    grace = pods()["worker"]["terminationGracePeriodSeconds"]
    assert container["env"] == [{"name": "ORQ_WORKER_STOP_SECONDS", "value": str(grace)}]


def test_only_the_migration_is_the_owner() -> None:
    sources = {
        name: [source["secretRef"]["name"] for source in list(containers(name))[-1]["envFrom"][1:]]
        for name in OURS
    }

    assert sources.pop("migrate") == ["agent-schedules", "agent-schedules-owner"], "the last one counts"
    assert {tuple(each) for each in sources.values()} == {("agent-schedules",)}


def test_the_images_tag_is_the_version() -> None:
    [image] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["images"]

    assert f'version = "{image["newTag"]}"' in (ROOT / "pyproject.toml").read_text()
    assert {each["image"] for name in OURS for each in containers(name)} == {image["name"]}


def test_kustomize_puts_it_together() -> None:
    if not (kubectl := shutil.which("kubectl")):
        pytest.skip("kubectl is not installed")

    done = subprocess.run([kubectl, "kustomize", str(FOLDER)], capture_output=True, text=True, check=True)

    made: list[Any] = list(yaml.safe_load_all(done.stdout))
    assert len(made) == len(documents())
    assert {each["metadata"]["namespace"] for each in made} == {"agent-schedules"}


@pytest.mark.kubernetes
def test_every_document_fits_the_schemas_of_kubernetes(tmp_path: Path) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump_all(documents()))
    command = [str(python_in("kubernetes", "kubernetes")), "-m", "kubernetes_validate", "--strict", str(file)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("passed") == len(documents())
