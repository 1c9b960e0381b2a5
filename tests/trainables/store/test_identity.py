import json
import os
import subprocess
import sys
from dataclasses import fields, replace

import pytest

from trainables.curriculum import Noise, Stage
from trainables.store import (
    ARITHMETIC_BY_DEVICE,
    CPU_ARITHMETIC,
    STAGE_VERSION,
    build_stage_identity,
    compute_stage_key,
)

STAGE = Stage(task="facts", learning_rate=1e-3, steps=10)
OTHERS = {
    "task": "dates",
    "learning_rate": 2e-3,
    "steps": 11,
    "batch_size": 16,
    "max_length": 64,
    "noise": Noise(method="random_perturbation", magnitude=0.1),
    "seed": 1,
    "average": 0.5,
}
LATER = {"warmup": 0.0, "weight_decay": 0.0, "mixing": 0.5, "layer": 3, "pooling": "first", "shots": (("sw", 4),)}
"""Fields that came when there were stores already."""
EVERY = OTHERS | LATER


def key_of(stage: Stage = STAGE, parent: str = "root", data: str = "data") -> str:
    return compute_stage_key(build_stage_identity(stage, parent, data))


def test_a_field_at_its_default_does_not_enter_the_identity():
    assert set(build_stage_identity(STAGE, "root", "data")) == {
        "version",
        "parent",
        "data",
        "task",
        "learning_rate",
        "steps",
    }


def test_every_field_of_a_stage_has_a_value_to_test_with():
    assert set(EVERY) == {field.name for field in fields(Stage)}


@pytest.mark.parametrize("field", EVERY)
def test_a_field_off_its_default_makes_another_key(field):
    assert key_of(replace(STAGE, **{field: EVERY[field]})) != key_of()


def test_the_magnitude_of_the_noise_makes_another_key():
    keys = {key_of(replace(STAGE, noise=Noise(method="random_perturbation", magnitude=m))) for m in (0.1, 0.2)}
    assert len(keys) == 2


def test_a_field_of_the_noise_at_its_default_does_not_enter():
    noisy = replace(STAGE, noise=OTHERS["noise"])
    assert build_stage_identity(noisy, "root", "data")["noise"] == {"method": "random_perturbation", "magnitude": 0.1}


NOISES = {
    "method": "r3f",
    "magnitude": 0.2,
    "weight": 1.0,
    "steps": 2,
    "norm": "linf",
    "level": "sentence",
    "distribution": "uniform",
    "dropout": 0.1,
    "schedule": "rising",
}


def test_every_field_of_a_noise_has_a_value_to_test_with():
    assert set(NOISES) == {field.name for field in fields(Noise)}


@pytest.mark.parametrize("field", NOISES)
def test_a_field_of_the_noise_off_its_default_makes_another_key(field):
    plain = replace(STAGE, noise=OTHERS["noise"])
    changed = replace(plain, noise=replace(plain.noise, **{field: NOISES[field]}))
    assert key_of(changed) != key_of(plain)


def test_another_parent_makes_another_key():
    assert key_of(parent="other") != key_of()


def test_other_data_make_another_key():
    assert key_of(data="other") != key_of()


def test_another_version_of_the_training_makes_another_key():
    described = build_stage_identity(STAGE, "root", "data")
    assert described["version"] == STAGE_VERSION
    assert compute_stage_key(described | {"version": STAGE_VERSION + 1}) != compute_stage_key(described)


def test_the_order_of_an_identity_does_not_matter():
    described = build_stage_identity(STAGE, "root", "data")
    assert compute_stage_key(dict(reversed(described.items()))) == compute_stage_key(described)


def test_an_identity_comes_back_from_json_with_its_key():
    described = build_stage_identity(replace(STAGE, **EVERY), "root", "data")
    assert compute_stage_key(json.loads(json.dumps(described))) == compute_stage_key(described)


def test_a_key_is_the_first_half_of_the_digest_of_the_identity():
    """The value is of ``printf '{"data": "data", "parent": "root"}' | sha256sum``."""
    assert compute_stage_key({"parent": "root", "data": "data"}) == "c88dc93da68de65d54b3204c3f646b02"


def test_a_key_is_the_same_in_a_process_that_hashes_otherwise():
    program = (
        "from trainables.curriculum import Stage; from trainables.store._identity import build_stage_identity, compute_stage_key;"
        "print(compute_stage_key(build_stage_identity(Stage(task='facts', learning_rate=1e-3, steps=10), 'root', 'data')))"
    )
    other = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    environment = {**os.environ, "PYTHONHASHSEED": other, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == key_of()


def test_a_chain_of_stages_has_the_keys_it_had_when_this_was_written():
    """Recorded once: another value means that every store there is would be trained anew."""
    first = compute_stage_key(build_stage_identity(STAGE, "root", "data"))
    second = compute_stage_key(build_stage_identity(replace(STAGE, **OTHERS), first, "more"))
    assert (first, second) == ("57c3143d74c1549fb287a157a2f4c143", "45053296683f5058eb315bf85510e002")


def test_neither_paths_nor_machines_nor_names_have_a_place_in_an_identity():
    assert set(build_stage_identity(replace(STAGE, **EVERY), "root", "data")) == {"version", "parent", "data", *EVERY}


def test_another_arithmetic_makes_another_key():
    """float32 on a CPU and bfloat16 on a GPU come to other weights; the former does not enter, as every default."""
    assert build_stage_identity(STAGE, "root", "data", arithmetic=CPU_ARITHMETIC) == build_stage_identity(
        STAGE, "root", "data"
    )
    assert len(
        {
            compute_stage_key(build_stage_identity(STAGE, "root", "data", arithmetic=kind))
            for kind in ARITHMETIC_BY_DEVICE.values()
        }
    ) == len(ARITHMETIC_BY_DEVICE)


def test_a_target_is_another_stage_than_an_intermediate_one_of_the_same_task():
    """Of a target the head is kept too; a search must not find the other's stage without one."""
    assert compute_stage_key(build_stage_identity(STAGE, "root", "data", target=True)) != key_of()
