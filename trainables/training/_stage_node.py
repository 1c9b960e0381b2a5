"""A place in the stage tree, as a walk through it knows it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from trainables.data import EncodedDataset
from trainables.encoders import Weights
from trainables.store import JsonDocument
from trainables.synonyms import Synonyms
from trainables.training._device import describe_environment
from trainables.training._stage import TrainedStage


@dataclass(frozen=True, slots=True)
class TrainedTask:
    """A task of an intermediate stage, and the head that it got there."""

    dataset: EncodedDataset
    read_head: Callable[[], Weights | None]
    """Reads it; None if it was never kept, or is gone."""


@dataclass(slots=True)
class StageNode:
    """A place in the stage tree: a key, and weights that are read only if someone trains on top of them."""

    key: str
    identity: JsonDocument = field(default_factory=dict)
    """Its identity; empty for the root."""
    random_seed: str = ""
    """Where its random numbers come from: `trainables.store.derive_random_seed`."""
    path: tuple[str, ...] = ()
    """The stages that lead here, in words."""
    synonyms: Synonyms | None = None
    """What its words are replaced by, read once: the ones that its key tells of."""
    read_weights: Callable[[], Weights] = dict
    trained_tasks: dict[str, TrainedTask] = field(default_factory=dict)
    """By name, the tasks of the intermediate stages that lead here, this one's last, as far as `trainables.evaluation._retention` scores them."""

    def weights(self) -> Weights:
        found = self.read_weights()
        self.read_weights = lambda: found
        return found

    def build_record(self, trained: TrainedStage) -> JsonDocument:
        """What the store keeps of it beside its weights."""
        losses = [round(loss, 6) for loss in trained.losses]
        return {
            "identity": self.identity,
            "path": list(self.path),
            "seconds": trained.seconds,
            "losses": losses,
            "native": trained.native,
            "environment": describe_environment(),
        }
