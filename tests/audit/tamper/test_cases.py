"""Each way to tamper by name, and who must notice: exactly those do."""

import pytest

from tests.audit.sinks.entries import make_entry
from tests.audit.tamper import in_the_copies, in_the_database, in_the_export
from tests.audit.tamper.scene import SIZE, Scene
from tests.audit.tamper.table import CASES

pytestmark = pytest.mark.slow

WHERE = (in_the_copies, in_the_database, in_the_export)


@pytest.mark.parametrize("name", CASES)
async def test_exactly_those_notice_who_must(scene: Scene, name: str) -> None:
    await CASES[name].change(scene)
    assert await scene.noticed_by() == set(CASES[name].noticed_by)


async def test_a_document_that_was_there_before_under_our_id_is_told_apart(scene: Scene) -> None:
    forged = make_entry(SIZE)
    assert (await scene.sink.deliver([forged])).tampered == ()
    genuine = make_entry(SIZE, variant=1)
    assert (await scene.sink.deliver([genuine])).tampered == (SIZE,)


def test_every_case_is_in_the_table(template: object) -> None:
    assert {one.change.__module__ for one in CASES.values()} == {where.__name__ for where in WHERE}
    assert len(CASES) >= 38
    assert {letter for one in CASES.values() for letter in one.noticed_by} == set("FCWES")
