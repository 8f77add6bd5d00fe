"""The container and the scheduled job: what they promise about users, mounts and rights."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.configuration import load

HOUSE = Path(__file__).resolve().parent.parent


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """Instructions and their arguments, with continued lines joined and comments gone."""
    lines = [line for line in dockerfile.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines())]


@pytest.fixture(scope="module")
def stages() -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = [[]]
    for word, rest in instructions((HOUSE / "Dockerfile").read_text()):
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest))
    return found[1:]


def of(stage: list[tuple[str, str]], wanted: str) -> list[str]:
    return [rest for word, rest in stage if word == wanted]


def test_the_image_is_built_in_a_stage_of_its_own(stages: list[list[tuple[str, str]]]) -> None:
    build, image = stages

    assert ["${BASE} AS build"] == of(build, "FROM")
    assert ["${BASE}"] == of(image, "FROM")
    assert ["--from=build /opt/nhi-agent /opt/nhi-agent"] == of(image, "COPY")


def test_every_package_of_the_image_comes_by_hash(stages: list[list[tuple[str, str]]]) -> None:
    build, _ = stages
    installs = [shlex.split(part) for run in of(build, "RUN") for part in run.split("&&") if "pip install" in part]

    by_lock, the_project = installs

    assert {"--require-hashes", "--only-binary", "--no-deps"} <= set(by_lock)
    assert {"--no-deps", "--no-build-isolation", "."} <= set(the_project)


def test_the_image_runs_as_a_user_without_rights(stages: list[list[tuple[str, str]]]) -> None:
    order = [word for word, _ in stages[-1]]

    assert ["10001:10001"] == of(stages[-1], "USER")
    assert "RUN" not in order[order.index("USER") :]


def test_the_image_starts_the_command_without_a_shell(stages: list[list[tuple[str, str]]]) -> None:
    (entrypoint,) = of(stages[-1], "ENTRYPOINT")

    assert ["/usr/bin/tini", "--", "nhi-agent"] == json.loads(entrypoint)
    assert [] == of(stages[-1], "HEALTHCHECK") + of(stages[-1], "EXPOSE")


def test_store_and_key_lie_on_two_mounts(stages: list[list[tuple[str, str]]]) -> None:
    (volumes,) = of(stages[-1], "VOLUME")
    env = dict(pair.split("=", 1) for line in of(stages[-1], "ENV") for pair in shlex.split(line))

    assert {"/data", "/keys"} == set(json.loads(volumes))
    assert "sqlite:////data/nhi-agent.db" == env["NHI_AGENT_STORE"]
    assert "/keys/nhi-agent.key" == env["NHI_AGENT_KEY_FILE"]
    assert ("/tmp", "1") == (env["HOME"], env["PYTHONDONTWRITEBYTECODE"])


def test_the_image_keeps_no_downloaded_package_and_compiles_what_it_runs(
    stages: list[list[tuple[str, str]]],
) -> None:
    (run,) = of(stages[-1], "RUN")

    assert "apt-get clean && rm -rf /var/lib/apt/lists/*" in " ".join(run.split())
    assert "-m compileall" in run


def test_the_image_has_its_labels(stages: list[list[tuple[str, str]]]) -> None:
    (labels,) = of(stages[-1], "LABEL")

    for name in ("title", "licenses", "version", "source", "revision", "created", "base.name", "base.digest"):
        assert f"org.opencontainers.image.{name}=" in labels


def test_the_build_sees_only_what_it_needs() -> None:
    lines = (HOUSE / ".dockerignore").read_text().split()

    assert "*" == lines[0]
    for name in ("agent/", "connectors/", "rules/", "storage/", "pyproject.toml", "requirements.lock", "LICENSE"):
        assert f"!{name}" in lines
        assert (HOUSE / name).exists()


@pytest.fixture(scope="module")
def manifests() -> dict[str, dict[str, Any]]:
    return {each["kind"]: each for each in yaml.safe_load_all((HOUSE / "deploy" / "cronjob.yaml").read_text())}


@pytest.fixture(scope="module")
def pod(manifests: dict[str, dict[str, Any]]) -> dict[str, Any]:
    spec: dict[str, Any] = manifests["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return spec


def test_runs_never_overlap_and_are_tried_twice_at_most(manifests: dict[str, dict[str, Any]]) -> None:
    spec = manifests["CronJob"]["spec"]

    assert "Forbid" == spec["concurrencyPolicy"]
    assert spec["startingDeadlineSeconds"] > 0
    assert 1 == spec["jobTemplate"]["spec"]["backoffLimit"]
    # The schema of Kubernetes up to 1.34 wants the status as well.
    _, disrupted = spec["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert [{"type": "DisruptionTarget", "status": "True"}] == disrupted["onPodConditions"]


def test_the_pod_has_no_rights(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]

    assert pod["automountServiceAccountToken"] is False
    assert "Never" == pod["restartPolicy"]
    assert 60 == pod["terminationGracePeriodSeconds"]
    assert {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "fsGroup": 10001,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    } == pod["securityContext"]
    assert {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    } == container["securityContext"]


def test_the_pod_writes_to_its_store_and_to_scratch_only(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    writable = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}

    assert {"/data", "/tmp"} == writable
    assert volumes["scratch"]["emptyDir"]["sizeLimit"]
    assert "secret" in volumes["key"]
    assert "persistentVolumeClaim" in volumes["store"]


def test_the_job_and_its_neighbours_know_each_other(manifests: dict[str, dict[str, Any]], pod: dict[str, Any]) -> None:
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    labels = manifests["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]

    assert (
        manifests["PersistentVolumeClaim"]["metadata"]["name"] == volumes["store"]["persistentVolumeClaim"]["claimName"]
    )
    assert manifests["ConfigMap"]["metadata"]["name"] == volumes["config"]["configMap"]["name"]
    assert manifests["ServiceAccount"]["metadata"]["name"] == pod["serviceAccountName"]
    assert labels == manifests["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]
    assert [] == manifests["NetworkPolicy"]["spec"]["ingress"]


def test_the_job_is_configured_as_the_program_understands(
    manifests: dict[str, dict[str, Any]], pod: dict[str, Any]
) -> None:
    (container,) = pod["containers"]
    content = manifests["ConfigMap"]["data"]["nhi-agent.yaml"]

    configuration = load(None, discover=False, environment={"NHI_AGENT_CONFIG_YAML": content})

    assert ["run"] == container["args"]
    assert configuration.targets()
    assert {Path("/data")} == {output.path.parent for output in configuration.settings.outputs}


def test_the_images_variables_are_known_to_the_program(
    stages: list[list[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for line in of(stages[-1], "ENV"):
        for name, _, value in (pair.partition("=") for pair in shlex.split(line)):
            if name.startswith("NHI_AGENT_"):
                monkeypatch.setenv(name, value)

    configuration = load(None, discover=False)

    assert "sqlite:////data/nhi-agent.db" == configuration.store_url()
    assert Path("/keys/nhi-agent.key") == configuration.key_file()


def test_the_guides_configuration_is_understood() -> None:
    guide = (HOUSE / "docs" / "container.md").read_text()

    for content in re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL):
        assert load(None, discover=False, environment={"NHI_AGENT_CONFIG_YAML": content}).targets()


def test_the_guide_names_the_mounts_of_the_image() -> None:
    guide = (HOUSE / "docs" / "container.md").read_text()

    assert {"/data", "/keys", "/tmp"} <= set(re.findall(r"(?<![\w.])/(?:data|keys|tmp)\b", guide))
