"""Whether two names of an encoder are of the same one: by its content, wherever it lies."""

from pathlib import Path

from search.stored import hash_of
from search.study import Study
from trainables.store.records import Records


def same_encoder(study: Study, now: str, stages: str | None) -> bool:
    """Whether a search that began on one encoder would go on on the same, whose folder was moved or copied.

    Args:
        study: of the search, with the config that it was last launched with.
        now: the one that it is to go on with; another hub id is another encoder, and is not read.
        stages: the store, whose records have what the search's stages were trained on, should the earlier folder be gone.
    """
    if not Path(now).is_dir():
        return False
    before = study.config.encoder
    known = _recorded(study, stages) or (hash_of(before) if Path(before).is_dir() else None)
    return known is not None and known == hash_of(now)


def _recorded(study: Study, stages: str | None) -> str | None:
    """The hash of the encoder under the search's stages, from the record of one that stands on it."""
    records = Records(stages) if stages else None
    for key in sorted(study.stage_keys()) if records else ():
        record = records.record(key) if records else None
        if record is not None and len(record["path"]) == 2:  # the encoder, and the stage itself
            return str(record["identity"].get("parent", ""))
    return None
