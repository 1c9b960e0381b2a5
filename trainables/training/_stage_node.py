"""A node of the stage tree."""

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
    """A task of an intermediate stage, and the head that was trained there."""

    dataset: EncodedDataset
    read_head: Callable[[], Weights | None]
    """Reads the head; None if the store lacks it."""


@dataclass(slots=True)
class StageNode:
    """A node of the stage tree: a key, and weights that are read when a stage is trained on top of it."""

    key: str
    identity: JsonDocument = field(default_factory=dict)
    """The stage's identity; empty for the root."""
    random_seed: str = ""
    """The seed of its random numbers, from `trainables.store.derive_random_seed`."""
    path: tuple[str, ...] = ()
    """The encoder and the stages down to this one, as text."""
    synonyms: Synonyms | None = None
    """The synonyms of a stage with ``augmentation``: those whose digest is in its key."""
    read_weights: Callable[[], Weights] = dict
    trained_tasks: dict[str, TrainedTask] = field(default_factory=dict)
    """By task, the scorable tasks of the intermediate stages down to this one, in the order of the stages."""

    def weights(self) -> Weights:
        found = self.read_weights()
        self.read_weights = lambda: found
        return found

    def build_record(self, trained: TrainedStage) -> JsonDocument:
        """The stage's record for the store."""
        losses = [round(loss, 6) for loss in trained.losses]
        return {
            "identity": self.identity,
            "path": list(self.path),
            "seconds": trained.seconds,
            "losses": losses,
            "native": trained.native,
            "environment": describe_environment(),
        }
