import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.audit.tamper.scene import Scene, Template, make_template, open_scene


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return make_template(tmp_path_factory.mktemp("tamper") / "log")


@pytest.fixture
async def scene(template: Template, tmp_path: Path) -> AsyncIterator[Scene]:
    scene, runner = await open_scene(template, tmp_path / "log")
    yield scene
    await scene.sink.close()
    await scene.store.close()
    await runner.cleanup()
    shutil.rmtree(tmp_path / "log")
