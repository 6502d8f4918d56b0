from tests.console.trail.conftest import migrated, trail

__all__ = ["migrated", "trail"]
