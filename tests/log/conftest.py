"""Data folders of services of one's own."""

import shutil
from pathlib import Path

import pytest

from tests.serving import running_server


@pytest.fixture(scope="session")
def _prepared_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: a cluster, the schema and the quick start take their time."""
    path = tmp_path_factory.mktemp("prepared") / "data"
    with running_server(path) as server:
        assert server.stop() == 0
    return path


@pytest.fixture
def data_dir(_prepared_data_dir: Path, tmp_path: Path) -> Path:
    """A data folder with the quick start's site, which a service has left in order."""
    return Path(shutil.copytree(_prepared_data_dir, tmp_path / "data"))
