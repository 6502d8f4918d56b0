from tests.console.conftest import decider
from tests.console.trail.conftest import migrated, trail

__all__ = ["decider", "migrated", "trail"]
