"""The copies in Elasticsearch are not what was shipped."""

import json

from tests.audit.tamper.scene import Scene
from tests.audit.tamper.table import case


def document(scene: Scene, index: int) -> tuple[str, str]:
    (key,) = [key for key, one in scene.fake.documents.items() if one["event"]["sequence"] == index]
    return key


@case("E")
async def a_document_changed(scene: Scene) -> None:
    scene.fake.documents[document(scene, 400)]["event"]["outcome"] = "failure"


@case("E")
async def a_document_and_its_original_changed(scene: Scene) -> None:
    found = scene.fake.documents[document(scene, 400)]
    changed = json.loads(json.dumps(found).replace("success", "failure"))
    scene.fake.documents[document(scene, 400)] = changed


@case("E")
async def a_document_deleted(scene: Scene) -> None:
    del scene.fake.documents[document(scene, 400)]


@case("E")
async def a_document_added(scene: Scene) -> None:
    index, _ = document(scene, 400)
    scene.fake.documents[index, "forged"] = scene.fake.documents[document(scene, 400)]


@case("E")
async def an_index_deleted(scene: Scene) -> None:
    scene.fake.documents.clear()


@case("E")
async def a_snapshot_restored(scene: Scene) -> None:
    for key in [key for key, one in scene.fake.documents.items() if one["event"]["sequence"] >= 300]:
        del scene.fake.documents[key]
