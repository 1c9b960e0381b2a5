"""What data cost at scale: tokens a second, a worker's memory against the size of the corpus, what a second launch reads, retrieval.

``python -m tests.benchmarks.bench_data [ROWS ...]`` prints a row a size; ``make bench`` runs it small. Sentence pairs like XNLI's, the miniature's
tokenizer, length 64; every worker is a process of its own, and its memory is what it cannot share (anonymous pages, ``RssAnon``).
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests import mirrors
from tests.mirrors.sets import SETS

SIZES = (20_000, 100_000, 500_000)
BATCHES = 300
CANDIDATES, QUERIES, WIDTH = 1_000_000, 500, 128


def anonymous() -> float:
    """MB of this process that no other could share."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def corpus(folder: Path, rows: int) -> None:
    """A mirror of XNLI in English and German with so many training rows."""
    mirrors.write(folder, ["facebook/xnli"], {"train": 4, "others": 6})
    words = [f"word{number}" for number in range(3000)]
    rng = Random(rows)
    features = SETS["facebook/xnli"]["en"].features
    assert features is not None
    file = folder / "facebook/xnli" / SETS["facebook/xnli"]["en"].file("en", "train")
    with pq.ParquetWriter(file, features.arrow_schema) as writer:
        for start in range(0, rows, 10_000):
            told = [
                {
                    "premise": " ".join(rng.choices(words, k=rng.randrange(8, 30))),
                    "hypothesis": " ".join(rng.choices(words, k=rng.randrange(4, 14))),
                    "label": rng.randrange(3),
                }
                for _ in range(min(10_000, rows - start))
            ]
            writer.write_table(pa.Table.from_pylist(told, features.arrow_schema))


WORKER = """
import json, os, sys, threading, time
from itertools import islice
from random import Random
from tests.benchmarks.bench_data import BATCHES, anonymous
from trainables.data import load_encoded_dataset
bare = anonymous()
most, done = [bare], threading.Event()
def watch():
    while not done.wait(0.02):
        most[0] = max(most[0], anonymous())
threading.Thread(target=watch, daemon=True).start()
started = time.monotonic()
task = load_encoded_dataset("robust_xlt", "xnli", "miniature", 64, data=sys.argv[1])
task.build_tables(("dev", "test"), ("en", "de"))
ready, after = time.monotonic() - started, anonymous()
most[0], started = after, time.monotonic()
rows = sum(len(batch["input_ids"]) for batch in islice(task.iterate_batches(32, Random(0)), BATCHES))
seconds = time.monotonic() - started
done.set()
tokens = task.mean_length[0] * len(task.train.features)
print(json.dumps({"ready": ready, "tokens": tokens, "batch": 1000 * seconds / BATCHES, "bare": bare, "trained": most[0]}))
"""


def worker(data: Path, mirror: Path) -> dict[str, float]:
    """What a fresh process needs to make the data ready and read batches of them."""
    environment = os.environ | {"XLT_DATA": str(mirror)}
    words = [sys.executable, "-c", WORKER, str(data)]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def measure(rows: int) -> dict[str, float]:
    """One size: the first process makes the tables, the second finds them."""
    with tempfile.TemporaryDirectory() as place:
        mirror, data = Path(place, "mirror"), Path(place, "data")
        corpus(mirror, rows)
        first, second = worker(data, mirror), worker(data, mirror)
    return {
        "rows": rows,
        "tokens_a_second": first["tokens"] / first["ready"],
        "first": first["ready"],
        "second": second["ready"],
        "batch_ms": second["batch"],
        "memory": second["trained"] - second["bare"],
    }


def retrieval(candidates: int = CANDIDATES) -> dict[str, float]:
    """Exact search among so many candidates that come in blocks."""
    from trainables.tasks import find_nearest

    rng = np.random.default_rng(0)
    queries = rng.standard_normal((QUERIES, WIDTH), dtype=np.float32)

    def blocks() -> Iterator[Any]:
        for _ in range(candidates // 4096):
            yield rng.standard_normal((4096, WIDTH), dtype=np.float32)
            most.append(anonymous())

    find_nearest(queries, [queries], 20)
    before, most, started = anonymous(), [0.0], time.monotonic()
    find_nearest(queries, blocks(), 20)
    return {"candidates": candidates, "seconds": time.monotonic() - started, "memory": max(most) - before}


def main(sizes: list[int]) -> None:
    print(f"{'rows':>9} {'tokens/s':>9} {'first s':>8} {'second s':>8} {'ms/batch':>8} {'MB of a worker':>14}")
    for rows in sizes:
        told = measure(rows)
        print(
            f"{rows:>9,} {told['tokens_a_second']:>9,.0f} {told['first']:>8.1f} {told['second']:>8.2f} "
            f"{told['batch_ms']:>8.2f} {told['memory']:>14.1f}"
        )
    told = retrieval()
    print(
        f"{QUERIES} queries among {told['candidates']:,.0f} candidates of {WIDTH}: {told['seconds']:.1f} s, {told['memory']:.0f} MB at most"
    )


def test_a_worker_holds_no_corpus():
    small, large = measure(2000), measure(20_000)
    print(small, large)
    assert large["memory"] < small["memory"] + 20


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or list(SIZES))
