"""Whether two paths lead to the same encoder, by its content."""

from pathlib import Path

from search.space import hash_encoder
from search.study._study import Study
from trainables.store import StageRecords


def is_same_encoder(study: Study, now: str, stages: str | None) -> bool:
    """Whether an encoder has the same content as the encoder of a study: its folder may have been moved or copied.

    Args:
        study: study of the search, with its last config.
        now: the new encoder. A hub id that differs counts as another encoder; it is not read.
        stages: the stage store, whose records hold the hash of the earlier encoder, in case its folder is gone.
    """
    if not Path(now).is_dir():
        return False
    before = study.config.encoder
    known = _find_recorded_hash(study, stages) or (hash_encoder(before) if Path(before).is_dir() else None)
    return known is not None and known == hash_encoder(now)


def _find_recorded_hash(study: Study, stages: str | None) -> str | None:
    """The hash of the encoder of the search's stages, from the record of a stage that was trained directly on it."""
    records = StageRecords(stages) if stages else None
    for key in sorted(study.get_stage_keys()) if records else ():
        record = records.read_record(key) if records else None
        if record is not None and len(record["path"]) == 2:  # the encoder, and the stage itself
            return str(record["identity"].get("parent", ""))
    return None
