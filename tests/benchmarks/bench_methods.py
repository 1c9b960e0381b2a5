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
from trainables.noise.catalogue import METHODS, passes
from trainables.noise.loss import NoisyLoss
from trainables.optimise import Schedule, optimise
from trainables.prepared import Prepared, prepare
from trainables.stage import _augmented, _batches, _setting, build, device

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
        self.kept, self.tensor, self.size = kept, tensor, size
        kept.now += size
        kept.most = max(kept.most, kept.now)

    def __del__(self) -> None:
        self.kept.now -= self.size


def steps(noise: Noise, task: Prepared) -> tuple[float, int]:
    """Seconds a step, and the most bytes kept at a time."""
    from trainables.benchmarks import own_synonyms

    stage = Stage(task="inference", learning_rate=1e-5, steps=STEPS, noise=noise, max_length=64)
    torch.manual_seed(0)
    models = build(task.encoder.weights, [task], noise.dropout)
    model = nn.ModuleList(models).to(device())
    noisy = NoisyLoss(_setting(stage, [task]), STEPS, task.encoder.tokenizer.all_special_ids, torch.Generator(device()))
    augmented = _augmented(stage, [task], own_synonyms("miniature"))
    batches = _batches(stage, [task], 1, device(), augmented)
    kept = Kept(weights={weight.untyped_storage().data_ptr() for weight in model.parameters()})

    def losses(turn: Any) -> Iterator[Tensor]:
        return noisy(models[0], turn[1], task.kind.log_probabilities)

    optimise(model, batches, losses, Schedule(steps=WARM, learning_rate=1e-5))
    began = time.perf_counter()
    optimise(model, batches, losses, Schedule(steps=STEPS, learning_rate=1e-5))
    if device().type == "cuda":
        torch.cuda.synchronize()
    seconds = (time.perf_counter() - began) / STEPS
    with torch.autograd.graph.saved_tensors_hooks(kept.pack, lambda held: held.tensor):
        optimise(model, batches, losses, Schedule(steps=2, learning_rate=1e-5))
    return seconds, kept.most


def table(repeats: int) -> list[str]:
    """A row a method: the median ratio of its seconds to the plain ones beside them, of its bytes, of its work by the catalogue."""
    torch.set_num_threads(1)
    task, rows = prepare("miniature", "inference", "miniature", 64), []
    for name in METHODS:
        noise = list(noises([name]))[-1]
        pairs = [(steps(Noise(), task), steps(noise, task)) for _ in range(repeats)]
        ratio = median(mine[0] / plain[0] for plain, mine in pairs)
        most = max(mine[1] for _, mine in pairs) / max(plain[1] for plain, _ in pairs)
        work = passes(noise).work / passes(Noise()).work
        rows.append(f"{noise!s:32} time {ratio:5.2f}  bytes kept {most:5.2f}  work by the catalogue {work:5.2f}")
    return rows


def test_methods_cost_what_the_catalogue_says() -> None:
    rows = table(3)
    print("\n" + "\n".join(rows))
    assert len(rows) == len(METHODS)


if __name__ == "__main__":
    print("\n".join(table(int(sys.argv[1]) if len(sys.argv) > 1 else 5)))
