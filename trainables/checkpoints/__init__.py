"""The weights of trained stages in the stage store."""

from trainables.checkpoints._stage_store import StageStore

__all__ = ["StageStore"]
