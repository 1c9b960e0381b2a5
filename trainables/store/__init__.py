"""The stage store without weights: identities, records, leases and eviction, on disk or in an object store."""

from trainables.store._eviction import remove_launch_leases, remove_leftovers, shrink_store
from trainables.store._folder import ConfinedFolder, UnexpectedFileError
from trainables.store._identity import (
    ARITHMETIC_BY_DEVICE,
    CPU_ARITHMETIC,
    ENCODING_VERSION,
    STAGE_VERSION,
    build_stage_identity,
    compute_stage_key,
    derive_random_seed,
    digest_json,
)
from trainables.store._leases import OWNER_VARIABLE, Claim, LeaseMonitor, UseLease, is_claimed, wait_for_claim
from trainables.store._location import Location
from trainables.store._record_schema import (
    ASIDE_FOLDER,
    DAMAGED_FOLDER,
    ENCODER_FILE,
    HEAD_FILE,
    RECORD_FILE,
    RECORD_FORMAT,
    check_record,
    is_weights_file,
)
from trainables.store._records import (
    JsonDocument,
    StageEntry,
    StageRecords,
    seal_document,
)

__all__ = [
    "ARITHMETIC_BY_DEVICE",
    "ASIDE_FOLDER",
    "CPU_ARITHMETIC",
    "DAMAGED_FOLDER",
    "ENCODER_FILE",
    "ENCODING_VERSION",
    "HEAD_FILE",
    "OWNER_VARIABLE",
    "RECORD_FILE",
    "RECORD_FORMAT",
    "STAGE_VERSION",
    "Claim",
    "ConfinedFolder",
    "JsonDocument",
    "LeaseMonitor",
    "Location",
    "StageEntry",
    "StageRecords",
    "UnexpectedFileError",
    "UseLease",
    "build_stage_identity",
    "check_record",
    "compute_stage_key",
    "derive_random_seed",
    "digest_json",
    "is_claimed",
    "is_weights_file",
    "remove_launch_leases",
    "remove_leftovers",
    "seal_document",
    "shrink_store",
    "wait_for_claim",
]
