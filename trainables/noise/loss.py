"""A stage's loss: its robust-training method, at its magnitude, on the stage's own random numbers."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.utils import ModelOutput

from trainables.batches import Batch
from trainables.curriculum import Noise
from trainables.noise.adversarial import adversarial, adversarial_natively, freelb, freelb_natively
from trainables.noise.consistency import r3f, r3f_natively, r_drop, r_drop_natively, smart, smart_natively
from trainables.noise.random import drawn_natively, neftune, neftune_natively, random_perturbation
from trainables.noise.seam import Losses, Setting, Step

Natively = Callable[[Setting], dict[str, float]]


def plain(step: Step) -> Iterator[Tensor]:
    """The loss on the batch as it is."""
    yield step.clean().loss


@dataclass(frozen=True, slots=True)
class _Method:
    losses: Losses
    natively: Natively = lambda setting: {}
    """The method's own parameters under the names of its paper or code, as they follow from the magnitude or weight."""


_METHODS: dict[str, _Method] = {
    "none": _Method(plain),
    "random_perturbation": _Method(random_perturbation, drawn_natively),
    # Its words were replaced before they became tensors; `trainables.noise.substitution` knows its own parameter.
    "augmentation": _Method(plain),
    "adversarial": _Method(adversarial, adversarial_natively),
    "freelb": _Method(freelb, freelb_natively),
    "r3f": _Method(r3f, r3f_natively),
    "smart": _Method(smart, smart_natively),
    "neftune": _Method(neftune, neftune_natively),
    "r_drop": _Method(r_drop, r_drop_natively),
}


class NoisyLoss:
    """The losses of one stage's batches, in the order of its steps."""

    def __init__(self, setting: Setting, steps: int, special_ids: Collection[int], rng: torch.Generator) -> None:
        """
        Args:
            setting: method and magnitude, and what the stage trains on.
            steps: of the stage, for a magnitude that rises or falls.
            special_ids: ids that are never perturbed.
            rng: on the model's device.
        """
        self.setting, self.steps, self.rng = setting, steps, rng
        self.method = _METHODS[setting.noise.method]
        self.special_ids = torch.tensor(sorted(special_ids), device=rng.device)
        self._done = 0

    @property
    def native(self) -> dict[str, float]:
        """The method's own parameters, as they follow from magnitude or weight; the mean over a rising or falling stage."""
        return self.method.natively(self.setting)

    def __call__(
        self, model: PreTrainedModel, batch: Batch, predictions: Callable[[ModelOutput, Batch], list[Tensor]]
    ) -> Iterator[Tensor]:
        """The losses of the next step; see `trainables.noise.seam.Losses`."""
        perturbed = batch["attention_mask"].bool() & ~torch.isin(batch["input_ids"], self.special_ids)
        step = Step(
            setting=self.setting,
            model=model,
            batch=batch,
            perturbed=perturbed.flatten(0, -2),
            scale=scale(self.setting.noise, self._done, self.steps),
            predictions=predictions,
            rng=self.rng,
        )
        self._done += 1
        return self.method.losses(step)


def scale(noise: Noise, step: int, steps: int) -> float:
    """What the schedule multiplies the magnitude (R-Drop: the weight) with at a step, from 0; its mean over the stage is 1.

    ``rising`` goes linearly from 0 to 2, ``falling`` from 2 to 0.
    """
    match noise.schedule:
        case "constant":
            return 1.0
        case "rising":
            return (2 * step + 1) / steps
        case "falling":
            return (2 * (steps - step) - 1) / steps
