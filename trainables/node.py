"""A place in the stage tree, as a walk through it knows it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from trainables.arithmetic import environment
from trainables.encoders import Weights
from trainables.noise.substitution import Synonyms
from trainables.prepared import Prepared
from trainables.stage import Trained
from trainables.store.records import Document


@dataclass(frozen=True, slots=True)
class Learnt:
    """A task of an intermediate stage, and the head that it got there."""

    data: Prepared
    head: Callable[[], Weights | None]
    """Reads it; None if it was never kept, or is gone."""


@dataclass(slots=True)
class Node:
    """A place in the stage tree: a key, and weights that are read only if someone trains on top of them."""

    key: str
    described: Document = field(default_factory=dict)
    """Its identity; empty for the root."""
    draws: str = ""
    """Where its random numbers come from: `trainables.store.identity.draws`."""
    path: tuple[str, ...] = ()
    """The stages that lead here, in words."""
    synonyms: Synonyms | None = None
    """What its words are replaced by, read once: the ones that its key tells of."""
    read: Callable[[], Weights] = dict
    learnt: dict[str, Learnt] = field(default_factory=dict)
    """By name, the tasks of the intermediate stages that lead here, this one's last, as far as `trainables.retention` scores them."""

    def weights(self) -> Weights:
        found = self.read()
        self.read = lambda: found
        return found

    def record(self, trained: Trained) -> Document:
        """What the store keeps of it beside its weights."""
        losses = [round(loss, 6) for loss in trained.losses]
        return {
            "identity": self.described,
            "path": list(self.path),
            "seconds": trained.seconds,
            "losses": losses,
            "native": trained.native,
            "environment": environment(),
        }
