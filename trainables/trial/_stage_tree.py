"""A trial's path through the stage tree: nodes with their keys, and the data that the keys depend on."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

from trainables.benchmarks import load_benchmark_synonyms
from trainables.checkpoints import StageStore
from trainables.curriculum import Stage, Trial
from trainables.data import EncodedDataset, load_encoded_dataset
from trainables.encoders import load_encoder
from trainables.store import Claim, UseLease, build_stage_identity, compute_stage_key, derive_random_seed
from trainables.synonyms import Synonyms, load_synonyms
from trainables.tasks import SentencePooling
from trainables.training import StageNode, get_arithmetic

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class StageTree:
    """The part of the stage tree that a trial walks through."""

    trial: Trial
    store: StageStore | None
    lease: UseLease | None
    """Protects the weights that the trial builds on from eviction."""
    table_folder: str | None
    """Where tables of rows and tokens are cached; None for a temporary folder of this process."""

    def make_root(self) -> StageNode:
        """The node of the pre-trained encoder."""
        encoder = load_encoder(self.trial.encoder)
        return StageNode(encoder.hash, path=(self.trial.encoder,), read_weights=lambda: encoder.weights)

    def make_child(self, stage: Stage, parent: StageNode) -> StageNode:
        """The node of a stage on top of another node; nothing is trained. The parent is marked as in use."""
        return self._make_node(stage, parent, list(self.load_datasets(stage).values()), stage in self.trial.targets)

    def make_continuation(self, stage: Stage, parent: StageNode, dataset: EncodedDataset) -> StageNode:
        """The node of a few-shot continuation on top of a target's node.

        Args:
            stage: of `trainables.cards.list_continuations`.
            parent: the target's node.
            dataset: of the stage's few-shot rows.
        """
        return self._make_node(stage, parent, [dataset], target=True)

    def _make_node(
        self, stage: Stage, parent: StageNode, datasets: Sequence[EncodedDataset], target: bool
    ) -> StageNode:
        rows = "+".join(dataset.fingerprint for dataset in datasets)
        synonyms = self._load_synonyms(stage)
        data = rows if synonyms is None else f"{rows}+{synonyms.digest}"
        identity = build_stage_identity(stage, parent.key, data, target=target, arithmetic=get_arithmetic())
        if self.lease:
            self.lease.add(parent.key)
        return StageNode(
            compute_stage_key(identity),
            identity,
            derive_random_seed(stage, rows),
            (*parent.path, str(stage)),
            synonyms,
        )

    def load_datasets(self, stage: Stage) -> dict[str, EncodedDataset]:
        """The encoded datasets of a stage's tasks, by task."""
        settings = (
            self.trial.encoder,
            stage.max_length,
            SentencePooling(stage.layer, stage.pooling),
            self.table_folder,
        )
        few_shot = self.trial.few_shot if stage in self.trial.targets else None
        return {
            task: load_encoded_dataset(
                self.trial.benchmark, task, *settings, self.trial.own_tasks, self.trial.rules.source, few_shot
            )
            for task in stage.tasks
        }

    def claim_turn(
        self, node: StageNode, find: Callable[[], Result | None]
    ) -> AbstractContextManager[tuple[Result | None, Claim | None]]:
        """`StageStore.claim_turn` of a node; without a store nothing is found and nothing is claimed."""
        return self.store.claim_turn(node.key, find) if self.store else nullcontext((None, None))

    def find_unclaimed(self, targets: Sequence[Stage], parent: StageNode) -> int:
        """The place of the first target that no other process trains, so that no process waits while there is work; else 0."""
        if self.store:
            for place, stage in enumerate(targets):
                if not self.store.is_claimed(self.make_child(stage, parent).key):
                    return place
        return 0

    def _load_synonyms(self, stage: Stage) -> Synonyms | None:
        if stage.noise.method != "augmentation":
            return None
        if self.trial.synonyms:
            return load_synonyms(self.trial.synonyms)
        return load_benchmark_synonyms(self.trial.benchmark)
