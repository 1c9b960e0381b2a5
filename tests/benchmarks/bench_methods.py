"""What a step of each robust-training method takes, relative to a plain one: seconds, and bytes kept for the backward pass.

``python -m tests.benchmarks.bench_methods [REPEATS]`` prints a row a method; ``make bench`` runs it with three. Inference of the miniature,
batches of 32; the method's steps alternate with plain ones.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn

from tests.benchmarks.bench_noise import noises
from trainables.curriculum import Noise, Stage
from trainables.data import EncodedDataset, load_encoded_dataset
from trainables.noise_methods import NOISE_METHODS, count_passes
from trainables.training import OptimizerSettings, run_training_loop
from trainables.training._device import get_device
from trainables.training._stage import _build_augmentation, _build_noise_setting, _iterate_batches, build_models
from trainables.training.noise._loss import NoisyLoss

STEPS, WARM = 10, 3


@dataclass(slots=True)
class Kept:
    """How many bytes autograd holds for backward passes; weights, which lie there anyway, not counted."""

    now: int = 0
    most: int = 0
    weights: set[int] = field(default_factory=set)

    def pack(self, tensor: Tensor) -> "Held":
        counted = tensor.untyped_storage().data_ptr() not in self.weights
        return Held(self, tensor, tensor.nbytes if counted else 0)


class Held:
    """One tensor that autograd holds, until it lets go of it."""

    def __init__(self, kept: Kept, tensor: Tensor, size: int) -> None:
        self.up_to_date, self.tensor, self.size = kept, tensor, size
        kept.now += size
        kept.most = max(kept.most, kept.now)

    def __del__(self) -> None:
        self.up_to_date.now -= self.size


def steps(noise: Noise, task: EncodedDataset) -> tuple[float, int]:
    """Seconds a step, and the most bytes kept at a time."""
    from trainables.benchmarks import load_benchmark_synonyms

    stage = Stage(task="inference", learning_rate=1e-5, steps=STEPS, noise=noise, max_length=64)
    torch.manual_seed(0)
    models = build_models(task.encoder.weights, [task], noise.dropout)
    model = nn.ModuleList(models).to(get_device())
    noisy = NoisyLoss(
        _build_noise_setting(stage, [task]),
        STEPS,
        task.encoder.pretrained_tokenizer.all_special_ids,
        torch.Generator(get_device()),
    )
    augmented = _build_augmentation(stage, [task], load_benchmark_synonyms("miniature"))
    batches = _iterate_batches(stage, [task], 1, get_device(), augmented)
    kept = Kept(weights={weight.untyped_storage().data_ptr() for weight in model.parameters()})

    def losses(turn: Any) -> Iterator[Tensor]:
        return noisy(models[0], turn[1], task.kind.log_probabilities)

    run_training_loop(model, batches, losses, OptimizerSettings(steps=WARM, learning_rate=1e-5))
    began = time.perf_counter()
    run_training_loop(model, batches, losses, OptimizerSettings(steps=STEPS, learning_rate=1e-5))
    if get_device().type == "cuda":
        torch.cuda.synchronize()
    seconds = (time.perf_counter() - began) / STEPS
    with torch.autograd.graph.saved_tensors_hooks(kept.pack, lambda held: held.tensor):
        run_training_loop(model, batches, losses, OptimizerSettings(steps=2, learning_rate=1e-5))
    return seconds, kept.most


def table(repeats: int) -> list[str]:
    """A row a method: the median ratio of its seconds to the plain ones beside them, of its bytes, of its work by the catalogue."""
    torch.set_num_threads(1)
    task, rows = load_encoded_dataset("miniature", "inference", "miniature", 64), []
    for name in NOISE_METHODS:
        noise = list(noises([name]))[-1]
        pairs = [(steps(Noise(), task), steps(noise, task)) for _ in range(repeats)]
        ratio = median(mine[0] / plain[0] for plain, mine in pairs)
        most = max(mine[1] for _, mine in pairs) / max(plain[1] for plain, _ in pairs)
        work = count_passes(noise).forward_equivalents / count_passes(Noise()).forward_equivalents
        rows.append(f"{noise!s:32} time {ratio:5.2f}  bytes kept {most:5.2f}  work by the catalogue {work:5.2f}")
    return rows


def test_methods_cost_what_the_catalogue_says() -> None:
    rows = table(3)
    print("\n" + "\n".join(rows))
    assert len(rows) == len(NOISE_METHODS)


if __name__ == "__main__":
    print("\n".join(table(int(sys.argv[1]) if len(sys.argv) > 1 else 5)))
