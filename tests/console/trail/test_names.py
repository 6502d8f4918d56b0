"""How the trail names what entries refer to."""

from console.trail.names import KINDS
from policy.models import ChangeKind


def test_every_kind_of_change_is_named() -> None:
    """A request for access is named by its route; any other change by what it is of."""
    assert set(KINDS) == {kind.value for kind in ChangeKind if kind is not ChangeKind.ACCESS}
