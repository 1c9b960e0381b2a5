"""Exact nearest neighbours by inner product, and mining of translations with them."""

from collections.abc import Iterable

import faiss
import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""[n, width]"""
Indices = npt.NDArray[np.int64]


def find_nearest(queries: Vectors, blocks: Iterable[Vectors], k: int) -> tuple[Vectors, Indices]:
    """The k candidates with the highest inner products for each query, best first.

    Memory is needed for [queries, k] and one block. The order of candidates with equal products is not defined.

    Args:
        queries: [queries, width].
        blocks: of candidates, [any, width] each.
        k: candidates for each query.

    Returns:
        The inner products and the candidates' numbers, counted from 0 over all blocks, both [queries, k]; -inf and -1 where there are
        fewer than k candidates.
    """
    heap = faiss.ResultHeap(len(queries), k, keep_max=True)
    before = 0
    for block in blocks:
        if len(block):
            products, numbers = faiss.knn(queries, block, min(k, len(block)), faiss.METRIC_INNER_PRODUCT)
            heap.add_result(products, numbers + before)
            before += len(block)
    heap.finalize()
    heap.D[heap.I < 0] = -np.inf
    return heap.D, heap.I


def mine_translations(source: Vectors, target: Vectors, k: int = 4) -> dict[tuple[int, int], float]:
    """Mined pairs of a source's and a target's number with their scores, the highest first.

    The score is the ratio margin of Artetxe & Schwenk (ACL 2019, section 3.1): a pair's cosine divided by the mean of its two sentences'
    mean cosines with their k nearest neighbours; these means are assumed to be positive. Each sentence proposes its best partner among
    its k nearest, and a pair is kept if neither sentence is in a better one ("max", section 3.2).
    """
    if not len(source) or not len(target):
        return {}
    source, target = _normalise_vectors(source), _normalise_vectors(target)
    forward, targets = find_nearest(source, [target], min(k, len(target)))
    backward, sources = find_nearest(target, [source], min(k, len(source)))
    found = _find_best_partners(forward, targets, backward.mean(1))
    found += [(score, i, j) for score, j, i in _find_best_partners(backward, sources, forward.mean(1))]
    kept: dict[tuple[int, int], float] = {}
    used: tuple[set[int], set[int]] = (set(), set())
    for score, i, j in sorted(found, key=lambda pair: -pair[0]):
        if i not in used[0] and j not in used[1]:
            kept[i, j] = score
            used[0].add(i)
            used[1].add(j)
    return kept


def _normalise_vectors(vectors: Vectors) -> Vectors:
    unit = np.array(vectors, dtype=np.float32, order="C")
    faiss.normalize_L2(unit)
    return unit


def _find_best_partners(cosines: Vectors, numbers: Indices, means: Vectors) -> list[tuple[float, int, int]]:
    """Margin, own number and partner's number of each sentence's best pair; `means` are the mean cosines of the other side."""
    margins = 2 * cosines / (cosines.mean(1, keepdims=True) + means[numbers])
    best = margins.argmax(1)
    return [(float(margins[i, b]), i, int(numbers[i, b])) for i, b in enumerate(best)]
