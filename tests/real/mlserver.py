"""The demo's own serving cluster, started by the demo's own code."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from console.demo.cluster import ServingCluster, ensure_models, start_cluster
from console.demo.environment import EnvironmentUnavailableError, checkout, ensure_environment
from tests.real.cache import MissingPartError
from tests.real.server import Part


class MlServer(Part):
    """MLServer with the demo's models, in a folder that stays over stop and start, as does its address."""

    name: ClassVar[str] = "mlserver"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._cluster: ServingCluster | None = None

    @property
    def url(self) -> str:
        """Address without a slash at the end; only while it runs."""
        return self._running().url

    @property
    def models(self) -> Path:
        """The folder of models and their cards."""
        return self.folder / "models"

    def fetch(self) -> None:
        try:
            ensure_environment(checkout())
        except EnvironmentUnavailableError as error:
            raise MissingPartError(str(error)) from error

    def start(self) -> None:
        """Train where needed and start; ProcessError shows the end of its log if it never is ready."""
        python = ensure_environment(checkout())
        ensure_models(self.models, python=python)
        self._cluster = start_cluster(self.folder, python=python)

    def stop(self) -> None:
        """End the process; models and ports stay for another start."""
        if self._cluster is not None:
            self._cluster.stop()
            self._cluster = None

    def close(self) -> None:
        """The folder is pytest's, so this only ends the process."""
        self.stop()

    def _running(self) -> ServingCluster:
        if self._cluster is None:
            raise AssertionError("MLServer is not running")
        return self._cluster
