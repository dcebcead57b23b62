"""The container files agree with the program and with each other. No image is built here: that takes a registry."""

import asyncio
import json
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from aiohttp.test_utils import TestServer

from api.app import create_app
from api.services import Services
from ops.serving.configuration import LEAVE_S
from tests.ops.deploy.program import DEPLOY, ROOT, parse, variables

CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def instructions() -> list[tuple[str, str]]:
    """Each instruction of the Containerfile with what it says, lines put together and comments left out."""
    text = re.sub(r"^#.*\n", "", CONTAINERFILE, flags=re.MULTILINE).replace("\\\n", "")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def image(word: str) -> list[str]:
    """What the instructions of one kind say of the image that is kept, the last stage."""
    said = instructions()
    start = max(place for place, (name, _) in enumerate(said) if name == "FROM")
    return [rest for name, rest in said[start:] if name == word]


def image_variables() -> dict[str, str]:
    return dict(each.split("=", 1) for line in image("ENV") for each in line.split())


@pytest.fixture(scope="module")
def containers() -> dict[str, Any]:
    containers: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    return containers


@pytest.fixture(scope="module")
def volumes() -> set[str]:
    return set(yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["volumes"])


def test_the_image_is_built_from_all_that_the_wheel_holds() -> None:
    sources = {
        source
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    }
    assert all((ROOT / source).exists() for source in sources)
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == sources
    assert sources == {
        "pyproject.toml",
        PROJECT["project"]["readme"],
        *PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"],
    }


def test_the_image_runs_the_service_as_an_ordinary_user() -> None:
    [user] = image("USER")
    assert user not in {"root", "0"}
    assert f"--shell /usr/sbin/nologin {user}" in CONTAINERFILE
    [program] = json.loads(image("ENTRYPOINT")[0])
    assert program in PROJECT["project"]["scripts"]
    parse(json.loads(image("CMD")[0]))
    assert image("STOPSIGNAL") == ["SIGTERM"]


def test_what_the_image_sets_is_read_and_is_no_secret() -> None:
    ours = {name for name in image_variables() if name.startswith("ORDER_LEDGER_")}
    assert ours <= variables()
    assert not [name for name, _ in instructions() if name == "ARG"]
    assert not re.search("password|token|secret=", CONTAINERFILE, re.IGNORECASE)


def test_the_image_keeps_data_and_keys_in_volumes_of_the_user() -> None:
    said = image_variables()
    folders = {said["ORDER_LEDGER_DATA_DIR"], said["ORDER_LEDGER_KEYS_DIR"]}
    assert set(json.loads(image("VOLUME")[0])) == folders
    [made] = [line for line in image("RUN") if "install --directory" in line]
    assert all(folder in made for folder in folders)


async def test_the_health_of_the_image_is_what_the_service_says_of_itself(services: Services) -> None:
    [check] = image("HEALTHCHECK")
    python, *arguments = json.loads(check.partition(" CMD ")[2])
    assert python == "python"
    async with TestServer(create_app(services)) as server:
        for port, is_healthy in ((server.port, True), (1, False)):
            environment = os.environ | {"ORDER_LEDGER_PORT": str(port)}
            checking = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, env=environment, stderr=asyncio.subprocess.DEVNULL
            )
            assert (await checking.wait() == 0) is is_healthy


def test_compose_runs_commands_that_there_are_with_variables_that_are_read(containers: dict[str, Any]) -> None:
    for name in ("migrate", "ledger"):
        parse(containers[name]["command"])
        assert set(containers[name]["environment"]) <= variables()


def test_compose_names_files_and_volumes_that_there_are(containers: dict[str, Any], volumes: set[str]) -> None:
    build = containers["migrate"]["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).samefile(DEPLOY / "Containerfile")
    mounted: set[str] = set()
    for container in containers.values():
        for source in (volume.split(":")[0] for volume in container.get("volumes", ())):
            if source.startswith("."):
                assert (DEPLOY / source).is_file()
            else:
                mounted.add(source)
    assert mounted == volumes
    targets = {volume.split(":")[1] for volume in containers["ledger"]["volumes"]}
    assert targets == set(json.loads(image("VOLUME")[0]))


def test_compose_migrates_as_the_owner_and_serves_as_somebody_else(containers: dict[str, Any]) -> None:
    roles = (DEPLOY / "roles.sh").read_text(encoding="utf-8")
    logins = {}
    for name in ("migrate", "ledger"):
        url = containers[name]["environment"]["ORDER_LEDGER_DATABASE_URL"]
        logins[name] = urlsplit(re.sub(r"\$\{(\w+):\?[^}]*\}", r"\1", url))
        assert logins[name].hostname in containers
        assert logins[name].path == "/" + containers["postgres"]["environment"]["POSTGRES_DB"]
        assert f"CREATE ROLE {logins[name].username} LOGIN" in roles
        assert logins[name].password in containers["postgres"]["environment"]
    assert logins["migrate"].username != logins["ledger"].username
    assert logins["migrate"].password != logins["ledger"].password


def test_compose_waits_for_what_each_needs_and_stops_in_time(containers: dict[str, Any]) -> None:
    assert containers["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert containers["ledger"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    minutes = int(containers["ledger"]["stop_grace_period"].removesuffix("m"))
    assert minutes * 60 > LEAVE_S


def test_no_password_stands_in_the_files() -> None:
    for line in (DEPLOY / "compose.yaml").read_text(encoding="utf-8").splitlines():
        name, _, value = line.strip().partition(": ")
        if name.endswith("PASSWORD") and not name.startswith("#"):
            assert re.fullmatch(r"\$\{\w+:\?.*\}", value), line


def test_the_files_are_named_in_the_documents() -> None:
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for file in DEPLOY.iterdir():
        if file.is_file():
            assert f"ops/deploy/{file.name}" in operations, file.name


def test_links_of_scale_out_lead_somewhere() -> None:
    text = (DEPLOY / "scale-out.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (DEPLOY / Path(target)).exists(), target
