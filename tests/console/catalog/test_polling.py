"""A version that is no longer what was approved: found at the next poll, named by its member."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from console.catalog import polling
from console.catalog.discovery import sync_cluster
from console.catalog.evidence import served_digest
from console.catalog.forms import ModelPublish, ModelUpdate
from console.catalog.model_change import update_model
from console.catalog.polling import EvidencePoll
from console.catalog.publishing import publish_model
from console.errors import ConflictError, InvalidInputError, ServiceUnavailableError
from console.models import Deployment, Tier, Version
from console.services import Services
from console.unexplained.comparison import Comparison
from console.work import UnitOfWork
from tests.console.catalog.conftest import Heads, bound, opened, parts_of, publication, rows_of
from tests.console.catalog.v2_cluster import METADATA, TENSOR, V2Cluster, answering
from tests.console.conftest import WorkAs
from tests.patience import PATIENCE

PLACE = "churn/1/model.bin"
BYTES = b"weights"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "artifacts" / PLACE
    place.parent.mkdir(parents=True)
    place.write_bytes(BYTES)
    return tmp_path / "artifacts"


@pytest.fixture
def services(services: Services, folder: Path) -> Services:
    """The console reads the artifacts of cluster main."""
    settings = services.settings
    gateway = settings.gateway.model_copy(update={"artifacts": {"main": folder}})
    return replace(services, settings=settings.model_copy(update={"gateway": gateway}))


@pytest.fixture
async def drafts(system: UnitOfWork, registered: V2Cluster) -> V2Cluster:
    registered.serve(("churn", "1"))
    await sync_cluster(system, "main")
    return registered


async def publish(work: UnitOfWork, tier: str = "low", **changes: Any) -> None:
    form = publication(tier=tier, versions=[bound("1", **changes)])
    await publish_model(work, ModelPublish(**form))


async def version_of(services: Services) -> Version:
    async with services.database.read() as session:
        return (await session.exec(select(Version).where(col(Version.label) == "1"))).one()


async def differs(services: Services) -> str:
    [row] = await rows_of(services, Deployment)
    return str(row.differs)


ARTIFACT = {"evidence_kind": "artifact", "artifact": PLACE}
DIGEST = hashlib.sha256(BYTES).hexdigest()
OTHER: Mapping[str, Any] = {
    "platform": METADATA | {"platform": "onnx"},
    "inputs": METADATA | {"inputs": [{**TENSOR, "shape": [-1, 5]}]},
    "outputs": METADATA | {"outputs": []},
}


@pytest.mark.usefixtures("drafts")
async def test_a_version_records_what_its_cluster_reports(services: Services, system: UnitOfWork) -> None:
    await publish(system)
    version = await version_of(services)
    assert version.evidence_kind == "served"
    assert version.evidence == version.served == served_digest(version.served_as)
    assert version.served_as.startswith('{"inputs":[{"datatype":"FP64"')
    assert await EvidencePoll(services).look() == 0


@pytest.mark.usefixtures("drafts")
async def test_the_console_computes_the_digest_of_an_artifact_itself(
    services: Services, system: UnitOfWork
) -> None:
    await publish(system, tier="high", **ARTIFACT)
    version = await version_of(services)
    assert (version.evidence_kind, version.evidence, version.artifact) == ("artifact", DIGEST, PLACE)


@pytest.mark.parametrize(
    ("tier", "evidence", "reason"),
    [
        ("high", {}, "artifact_required"),
        ("high", {"evidence_kind": "declared", "evidence": DIGEST}, "artifact_required"),
        ("low", {"evidence_kind": "declared"}, "evidence_missing"),
        ("low", {"evidence_kind": "served", "evidence": DIGEST}, "evidence_differs"),
        ("low", {**ARTIFACT, "evidence": "0" * 64}, "evidence_differs"),
        ("low", {**ARTIFACT, "artifact": "churn/2"}, "artifact_unreadable"),
        ("low", {**ARTIFACT, "artifact": "../artifacts/churn"}, "invalid_artifact"),
        ("low", {"evidence_kind": "artifact"}, "invalid_artifact"),
    ],
)
@pytest.mark.usefixtures("drafts")
async def test_evidence_that_is_none_is_not_published(
    tier: str, evidence: Mapping[str, str], reason: str, services: Services, system: UnitOfWork
) -> None:
    with pytest.raises(InvalidInputError) as error:
        await publish(system, tier, **evidence)
    assert error.value.reasons == (reason,)
    assert await rows_of(services, Version) == []


@pytest.mark.usefixtures("drafts")
async def test_a_model_is_not_called_high_while_its_versions_are_known_by_words_alone(
    services: Services, system: UnitOfWork, work_as: WorkAs
) -> None:
    await publish(system)
    higher = ModelUpdate(tier=Tier.HIGH, reason="It decides alone now")
    with pytest.raises(ConflictError, match="known by an artifact; 1 is not"):
        await update_model(await work_as("owner"), "risk.churn", higher)


@pytest.mark.usefixtures("drafts")
async def test_a_model_whose_versions_are_known_by_their_bytes_may_be_called_high(
    services: Services, system: UnitOfWork, work_as: WorkAs
) -> None:
    await publish(system, **ARTIFACT)
    higher = ModelUpdate(tier=Tier.HIGH, reason="It decides alone now")
    assert (await update_model(await work_as("owner"), "risk.churn", higher)).state == "done"


@pytest.mark.parametrize("field", OTHER)
async def test_the_event_names_the_member_that_differs(
    field: str, services: Services, system: UnitOfWork, drafts: V2Cluster, heads: Heads
) -> None:
    await publish(system)
    drafts.models["churn", "1"] = OTHER[field]
    assert await EvidencePoll(services).look() == 1
    assert await differs(services) == field
    [head] = await heads("version.differ")
    version = await version_of(services)
    assert head["resource"] == {"type": "version", "id": str(version.id)}
    [told] = [part for part in await parts_of(services, "version.differ") if part.name == "difference"]
    said = await opened(services, told)
    assert said["fields"] == [field]
    assert (said["route"], said["version"], said["cluster"]) == ("risk.churn", "1", "main")
    assert said["approved"] == version.served != said["found"]
    assert await EvidencePoll(services).look() == 0  # told once


async def test_what_is_as_approved_again_is_called_again(
    services: Services, system: UnitOfWork, drafts: V2Cluster, heads: Heads
) -> None:
    await publish(system)
    drafts.models["churn", "1"] = OTHER["inputs"]
    poll = EvidencePoll(services)
    await poll.look()
    drafts.models["churn", "1"] = METADATA
    assert await poll.look() == 1
    assert await differs(services) == ""
    assert len(await heads("version.confirm")) == 1


async def test_other_bytes_behind_the_same_words_are_found(
    services: Services, system: UnitOfWork, folder: Path, drafts: V2Cluster
) -> None:
    await publish(system, tier="high", **ARTIFACT)
    poll = EvidencePoll(services)
    assert await poll.look() == 0
    (folder / PLACE).write_bytes(b"other weights")
    assert await poll.look() == 1
    assert await differs(services) == "artifact"
    drafts.models["churn", "1"] = OTHER["platform"]
    await poll.look()
    assert await differs(services) == "platform,artifact"
    (folder / PLACE).unlink()
    drafts.models["churn", "1"] = METADATA
    await poll.look()
    assert await differs(services) == "artifact"


async def test_a_version_no_longer_described_is_refused_and_a_silent_cluster_changes_nothing(
    services: Services, system: UnitOfWork, drafts: V2Cluster
) -> None:
    await publish(system)
    poll = EvidencePoll(services)
    drafts.instead = {"GET /v2/models/churn/versions/1": answering(503, b"")}
    assert await poll.look() == 0
    drafts.instead = {}
    drafts.models.clear()
    assert await poll.look() == 1
    assert await differs(services) == "unreported"
    drafts.instead = {"GET /v2/models/churn/versions/1": answering(503, b"")}
    assert await poll.look() == 0
    assert await differs(services) == "unreported"


async def test_a_difference_is_explained_and_one_taken_back_by_hand_is_not(
    services: Services, system: UnitOfWork, drafts: V2Cluster
) -> None:
    await publish(system)
    drafts.models["churn", "1"] = OTHER["inputs"]
    await EvidencePoll(services).look()
    explained = [one for one in await Comparison(services).findings() if one.kind == "deployment"]
    assert explained == []
    async with services.database.write() as session:
        row = (await session.exec(select(Deployment))).one()
        row.differs = ""
        session.add(row)
    assert [one.kind for one in await Comparison(services).findings() if one.kind == "deployment"] == [
        "deployment"
    ]


async def test_it_looks_every_ten_seconds_through_an_outage_until_it_is_told_to_end(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert polling.EVERY_SECONDS == 10
    monkeypatch.setattr(polling, "EVERY_SECONDS", 0.01)
    poll, stop, looks = EvidencePoll(services), asyncio.Event(), list[float]()

    async def look() -> int:
        looks.append(asyncio.get_running_loop().time())
        if len(looks) == 1:
            raise ServiceUnavailableError("The database does not answer.", ("database_unavailable",))
        if len(looks) == 3:
            stop.set()
        return 0

    monkeypatch.setattr(poll, "look", look)
    await asyncio.wait_for(poll.run(stop), PATIENCE)
    assert len(looks) == 3
    assert looks[2] - looks[0] >= 0.015
