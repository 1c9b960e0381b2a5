"""The arithmetic of this process: device type, precision, and versions of the libraries.

Two stages of one identity have the same bits if device, driver and library versions are the same. Device type and precision enter the
identity; the versions are recorded beside it.
"""

import platform

import torch

from trainables.package_versions import get_package_versions
from trainables.store import ARITHMETIC_BY_DEVICE, STAGE_VERSION

RECORDED_PACKAGES = ("xlt-search", "torch", "transformers", "tokenizers")
"""The packages whose versions decide the bits of a stage."""


def get_device() -> torch.device:
    """The GPU if this process sees one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def make_autocast(device: torch.device) -> torch.autocast:
    """The precision that `ARITHMETIC_BY_DEVICE` names: bfloat16 on a GPU, float32 elsewhere; weights are float32 either way."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled="bfloat16" in ARITHMETIC_BY_DEVICE[device.type])


def get_arithmetic() -> str:
    """The arithmetic of this process: a value of `ARITHMETIC_BY_DEVICE`."""
    return ARITHMETIC_BY_DEVICE[get_device().type]


def make_deterministic() -> None:
    """Compute float32 in float32 on a GPU too (no TF32), and choose deterministic kernels, not the fastest ones."""
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True


def describe_environment() -> dict[str, str]:
    """What the results of this process depend on besides their inputs: arithmetic, device, threads (on a CPU, where they may change the
    order of sums), stage version, versions of `RECORDED_PACKAGES`."""
    own = (
        _describe_gpu()
        if get_device().type == "cuda"
        else {"device": _describe_cpu(), "threads": f"{torch.get_num_threads()}"}
    )
    return (
        {"arithmetic": get_arithmetic()}
        | own
        | {"stage_version": f"{STAGE_VERSION}"}
        | get_package_versions(RECORDED_PACKAGES)
    )


def _describe_gpu() -> dict[str, str]:
    """The GPU's model, and the version of CUDA (or ROCm) that torch was built for."""
    return {"device": torch.cuda.get_device_name(), "cuda": torch.version.cuda or torch.version.hip or ""}


def _describe_cpu() -> str:
    """The instruction set, and its widest extension that torch's kernels use: ``x86_64 AVX2``."""
    return f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
