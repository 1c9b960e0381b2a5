"""A note where augmentation by synonyms reaches less than the magnitude that was asked for."""

from collections.abc import Callable

from search.launcher._job import JobEvent

_MIN_SHARE = 0.99
"""Share of the magnitude from which on it counts as reached."""


class AugmentationMonitor:
    """Job listener that reports stages whose augmentation falls short of its magnitude."""

    def __init__(self, notify: Callable[[str], None]) -> None:
        self.notify = notify

    def __call__(self, event: JobEvent) -> None:
        """Compare the magnitude of each stage of a job with the magnitude that the synonyms reached on its texts."""
        for stage, run in zip(event.job.trial.stages, event.outcome.stages if event.outcome else (), strict=False):
            magnitude, reached = stage.noise.magnitude, run.native.get("reached")
            if reached is not None and reached < _MIN_SHARE * magnitude:
                why = (
                    "none of its words has a synonym"
                    if reached == 0
                    else "its words cannot be replaced more often (scale 1)"
                )
                self.notify(f"augmentation {magnitude:g} of {stage.task} reaches only {reached:.3g}: {why}")
