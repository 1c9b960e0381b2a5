"""Whether two names of an encoder are of the same one: by its content, wherever it lies."""

from pathlib import Path

from search.space import hash_encoder
from search.study._study import Study
from trainables.store import StageRecords


def is_same_encoder(study: Study, now: str, stages: str | None) -> bool:
    """Whether a search that began on one encoder would go on on the same, whose folder was moved or copied.

    Args:
        study: of the search, with the config that it was last launched with.
        now: the one that it is to go on with; another hub id is another encoder, and is not read.
        stages: the store, whose records have what the search's stages were trained on, should the earlier folder be gone.
    """
    if not Path(now).is_dir():
        return False
    before = study.config.encoder
    known = _find_recorded_hash(study, stages) or (hash_encoder(before) if Path(before).is_dir() else None)
    return known is not None and known == hash_encoder(now)


def _find_recorded_hash(study: Study, stages: str | None) -> str | None:
    """The hash of the encoder under the search's stages, from the record of one that stands on it."""
    records = StageRecords(stages) if stages else None
    for key in sorted(study.get_stage_keys()) if records else ():
        record = records.read_record(key) if records else None
        if record is not None and len(record["path"]) == 2:  # the encoder, and the stage itself
            return str(record["identity"].get("parent", ""))
    return None
