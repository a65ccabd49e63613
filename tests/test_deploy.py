"""The files of deploy/: whole as what they are, and speaking only of options and settings that Pagelens has."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from workbench.api.probes import HEALTH, READY
from workbench.cli.app import app
from workbench.settings import Settings

FOLDER = Path(__file__).resolve().parents[1] / "deploy"
INSTRUCTIONS = {
    "FROM",
    "RUN",
    "WORKDIR",
    "COPY",
    "USER",
    "ENV",
    "VOLUME",
    "EXPOSE",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
    "ARG",
}


def instructions():
    """Those of the Dockerfile, each on one line."""
    text = re.sub(r"^\s*#.*\n", "", (FOLDER / "Dockerfile").read_text(), flags=re.M)
    return [line.split(None, 1) for line in re.sub(r"\\\n\s*", "", text).splitlines() if line.strip()]


def documents(name):
    return list(yaml.safe_load_all((FOLDER / name).read_text()))


def commands():
    """What the containers run, of `pagelens`."""
    yield next(json.loads(value) for name, value in instructions() if name == "CMD")
    for name in ("one", "two"):
        yield documents("compose.yaml")[0]["services"][name]["command"]
    for container in documents("kubernetes.yaml")[0]["spec"]["template"]["spec"]["containers"]:
        yield container["args"]
    yield documents("ray.yaml")[0]["spec"]["entrypoint"].split()[1:]


def test_the_dockerfile_is_one():
    found = instructions()
    assert found[0][0] == "FROM"
    assert {name for name, _ in found} <= INSTRUCTIONS
    assert all(isinstance(json.loads(value), list) for name, value in found if name in ("CMD", "ENTRYPOINT", "VOLUME"))
    for name, value in found:
        if name == "COPY":
            *sources, _ = value.split()
            assert all((FOLDER.parent / source).exists() for source in sources)


@pytest.mark.parametrize("command", list(commands()), ids=lambda command: " ".join(command)[:30])
def test_what_is_run_can_be(command):
    name, *options = command
    parameters = get_command(app).commands[name].params
    known = {option for parameter in parameters for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {option for option in options if option.startswith("--")} <= known


def test_settings_exist():
    text = "".join(path.read_text() for path in FOLDER.iterdir() if path.is_file())
    named = {name.lower() for name in re.findall(r"PAGELENS_([A-Z_]+)", text)}
    assert named and named <= set(Settings.model_fields)


def test_compose_hangs_together():
    (compose,) = documents("compose.yaml")
    services, volumes = compose["services"], compose["volumes"]
    assert {"one", "two", "proxy", "store"} <= set(services)
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        assert set(service.get("secrets", ())) <= set(compose["secrets"])
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in volumes or (FOLDER / source).exists()
    options = re.sub(r"\$\{\w+:\?[^}]*\}", "x", services["one"]["environment"]["PAGELENS_STORAGE_OPTIONS"])
    assert all(isinstance(value, str) for value in json.loads(options).values())


def test_the_proxy_knows_the_servers():
    text = re.sub(r"#.*", "", (FOLDER / "nginx.conf").read_text())
    assert text.count("{") == text.count("}")
    assert all(line.strip().endswith((";", "{", "}")) for line in text.splitlines() if line.strip())
    servers = documents("compose.yaml")[0]["services"]
    assert set(re.findall(r"server (\w+):7860", text)) <= set(servers)


def test_kubernetes_asks_what_the_server_answers():
    deployment, service = documents("kubernetes.yaml")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == HEALTH
    assert container["readinessProbe"]["httpGet"]["path"] == READY
    mounts = {mount["name"] for mount in container["volumeMounts"]}
    assert mounts == {volume["name"] for volume in deployment["spec"]["template"]["spec"]["volumes"]}
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]


def test_many_have_what_one_needs():
    (job,) = documents("ray.yaml")
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    pinned = re.search(r"^ray==(.+)$", (FOLDER.parent / "constraints.txt").read_text(), re.M)
    assert pinned is not None and pinned[1] == cluster["rayVersion"]
    for group in groups:
        (container,) = group["template"]["spec"]["containers"]
        assert {"PAGELENS_HOME", "PAGELENS_STORAGE_OPTIONS"} <= {value["name"] for value in container["env"]}
    made = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = re.search(r"EXTRAS=([a-z,]+) -t", (FOLDER / "ray.yaml").read_text())
    assert named is not None and set(named[1].split(",")) <= set(made)
