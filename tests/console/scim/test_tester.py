"""An independent tester of SCIM servers against the served product: no error, and nothing left out."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from console.processes import answers, wait_until
from console.services import build
from console.settings import load_settings
from sso.models import GroupsAs, SubjectFrom
from tests.console.scim.conftest import add_credential
from tests.journeys.product import Product
from tests.patience import PATIENCE
from tests.real.server import free_port

GOOD = Status.SUCCESS
pytestmark = pytest.mark.slow


async def make_token(data: Path, subject_from: SubjectFrom, groups_as: GroupsAs) -> str:
    services = build(load_settings(data=data))
    try:
        _, token = await add_credential(services, subject_from=subject_from, groups_as=groups_as)
    finally:
        await services.close()
    return token.text


@pytest.fixture
def product(migrated_data: Path, tmp_path: Path) -> Iterator[Product]:
    data, port = tmp_path / "var", free_port()
    shutil.copytree(migrated_data, data)
    url = f"http://127.0.0.1:{port}"
    made = Product(data, url, url, {"GUILDHALL_DATA": str(data), "GUILDHALL_SERVER__PORT": str(port)})
    yield made
    made.close()


@pytest.mark.parametrize(
    ("subject_from", "groups_as"),
    [(SubjectFrom.EXTERNAL_ID, GroupsAs.MAPPED), (SubjectFrom.USER_NAME, GroupsAs.TEAMS)],
)
def test_an_independent_tester_finds_no_error_and_skips_nothing(
    product: Product, subject_from: SubjectFrom, groups_as: GroupsAs
) -> None:
    token = asyncio.run(make_token(product.data, subject_from, groups_as))
    console = product.start("console", "serve", "--role", "console")
    wait_until(console, lambda: answers(f"{product.url}/health/live"), seconds=PATIENCE)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=f"{product.url}/scim/v2", headers=headers, timeout=PATIENCE) as client:
        results = check_server(SyncSCIMClient(client))
    other = [f"{one.status.name} {one.title}: {one.reason}" for one in results if one.status != GOOD]
    assert other == []
    assert len(results) > 100
