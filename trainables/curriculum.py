"""The plain data of a trial: noise, stage, curriculum, targets. No torch here."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

NOISE_METHODS = ("none", "random_perturbation")
"""The robust-training methods that `trainables.noise` has."""

JOINT = "+"
"""Joins the task names of a joint stage: ``facts+dates`` mixes the two in equal parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """The robust-training method of a stage and its magnitude."""

    method: str = "none"
    magnitude: float = 0.0
    """L2 norm of the perturbation per token, relative to the mean L2 norm of the encoder's token embeddings."""

    def __str__(self) -> str:
        return self.method if self.method == "none" else f"{self.method} {self.magnitude:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One training run on top of a parent's encoder: a task, a noise, a learning rate, a length, a seed."""

    task: str
    """A task's name, or several joined by ``+``: a joint stage."""
    learning_rate: float
    steps: int
    """Optimiser steps. A joint stage takes as many as any other; zero for a task that is scored without training."""
    batch_size: int = 32
    max_length: int = 128
    """Longest input in tokens; longer ones are cut, or windowed where the task kind can."""
    noise: Noise = field(default_factory=Noise)
    seed: int = 0
    average: float = 0.0
    """Share of the steps, at the end, over which the weights are averaged (Izmailov et al., UAI 2018); 0: the last ones."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that this stage mixes; one for most."""
        return tuple(self.task.split(JOINT))

    def __str__(self) -> str:
        noise = "" if self.noise.method == "none" else f", {self.noise}"
        return f"{self.task} ({self.learning_rate:g}{noise})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One curriculum, then every target on top of it: all that `trainables.trial.run` needs to know."""

    encoder: str
    """``miniature``, a folder, or a Hugging Face hub id."""
    benchmark: str
    curriculum: tuple[Stage, ...]
    targets: tuple[Stage, ...]
    languages: tuple[str, ...]
    """The languages that targets are scored in, as far as a target has them."""

    def with_seed(self, seed: int) -> "Trial":
        """The same trial with every stage on another seed."""
        return replace(
            self,
            curriculum=tuple(replace(stage, seed=seed) for stage in self.curriculum),
            targets=tuple(replace(stage, seed=seed) for stage in self.targets),
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""
        return asdict(self) | {"languages": list(self.languages)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Trial":
        """The inverse of `to_json`."""
        stages = {
            part: tuple(Stage(**stage | {"noise": Noise(**stage["noise"])}) for stage in document[part])
            for part in ("curriculum", "targets")
        }
        return cls(
            encoder=document["encoder"],
            benchmark=document["benchmark"],
            languages=tuple(document["languages"]),
            **stages,
        )

    @property
    def target_recipe(self) -> str:
        """Rate and noise of the targets that are trained, which share them; empty if none is."""
        trained = next((stage for stage in self.targets if stage.steps), None)
        return "" if trained is None else f"rate {trained.learning_rate:g}, noise {trained.noise}"

    def __str__(self) -> str:
        return " > ".join(map(str, self.curriculum)) or "no intermediate stage"
