"""A stage's loss under its robust-training method."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.utils import ModelOutput

from trainables.curriculum import Noise
from trainables.encoders import Batch
from trainables.training.noise._adversarial import (
    compute_adversarial_losses,
    compute_adversarial_native,
    compute_freelb_losses,
    compute_freelb_native,
)
from trainables.training.noise._consistency import (
    compute_r3f_losses,
    compute_r3f_native,
    compute_r_drop_losses,
    compute_r_drop_native,
    compute_smart_losses,
    compute_smart_native,
)
from trainables.training.noise._interface import NoiseSetting, NoiseStep, StepLosses
from trainables.training.noise._random import (
    compute_neftune_losses,
    compute_neftune_native,
    compute_random_perturbation_losses,
    compute_random_perturbation_native,
)

ComputeNative = Callable[[NoiseSetting], dict[str, float]]


def compute_clean_losses(step: NoiseStep) -> Iterator[Tensor]:
    """The loss on the unperturbed batch."""
    yield step.run_clean().loss


@dataclass(frozen=True, slots=True)
class _MethodFunctions:
    losses: StepLosses
    compute_native: ComputeNative = lambda setting: {}
    """The method's own parameters under the names of its paper or code, computed from the magnitude or weight."""


_METHODS: dict[str, _MethodFunctions] = {
    "none": _MethodFunctions(compute_clean_losses),
    "random_perturbation": _MethodFunctions(compute_random_perturbation_losses, compute_random_perturbation_native),
    # Its words are replaced before tokenization; `SynonymAugmentation` has its native parameters.
    "augmentation": _MethodFunctions(compute_clean_losses),
    "adversarial": _MethodFunctions(compute_adversarial_losses, compute_adversarial_native),
    "freelb": _MethodFunctions(compute_freelb_losses, compute_freelb_native),
    "r3f": _MethodFunctions(compute_r3f_losses, compute_r3f_native),
    "smart": _MethodFunctions(compute_smart_losses, compute_smart_native),
    "neftune": _MethodFunctions(compute_neftune_losses, compute_neftune_native),
    "r_drop": _MethodFunctions(compute_r_drop_losses, compute_r_drop_native),
}


class NoisyLoss:
    """The losses of one stage's batches, in the order of its steps."""

    def __init__(self, setting: NoiseSetting, steps: int, special_ids: Collection[int], rng: torch.Generator) -> None:
        """
        Args:
            setting: of the stage.
            steps: of the stage, for a magnitude that rises or falls.
            special_ids: ids of tokens that are never perturbed.
            rng: of the stage, on the model's device.
        """
        self.setting, self.steps, self.rng = setting, steps, rng
        self.method = _METHODS[setting.noise.method]
        self.special_ids = torch.tensor(sorted(special_ids), device=rng.device)
        self._completed_steps = 0

    @property
    def native(self) -> dict[str, float]:
        """The method's own parameters, computed from the magnitude or weight; for a rising or falling schedule, their mean."""
        return self.method.compute_native(self.setting)

    def __call__(
        self, model: PreTrainedModel, batch: Batch, predictions: Callable[[ModelOutput, Batch], list[Tensor]]
    ) -> Iterator[Tensor]:
        """The losses of the next step; see `trainables.training.noise.StepLosses`."""
        perturbed = batch["attention_mask"].bool() & ~torch.isin(batch["input_ids"], self.special_ids)
        step = NoiseStep(
            setting=self.setting,
            model=model,
            batch=batch,
            perturbable=perturbed.flatten(0, -2),
            scale=compute_schedule_factor(self.setting.noise, self._completed_steps, self.steps),
            predictions=predictions,
            rng=self.rng,
        )
        self._completed_steps += 1
        return self.method.losses(step)


def compute_schedule_factor(noise: Noise, step: int, steps: int) -> float:
    """The factor of the magnitude (R-Drop: of the weight) at a step, from 0; its mean over the stage is 1.

    ``rising`` goes linearly from 0 to 2, ``falling`` from 2 to 0.
    """
    match noise.schedule:
        case "constant":
            return 1.0
        case "rising":
            return (2 * step + 1) / steps
        case "falling":
            return (2 * (steps - step) - 1) / steps
