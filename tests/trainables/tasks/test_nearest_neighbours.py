"""Neighbours and mined pairs against loops over all pairs."""

import weakref

import numpy as np
import pytest

from trainables.tasks import find_nearest
from trainables.tasks._nearest_neighbours import mine_translations

CASES = 200


def cut(candidates: np.ndarray, random: np.random.Generator) -> list[np.ndarray]:
    """Blocks of any size, empty ones too."""
    places = np.sort(random.integers(0, len(candidates) + 1, size=random.integers(0, 5)))
    return np.split(candidates, places)


def vectors(random: np.random.Generator, n: int, width: int) -> np.ndarray:
    return random.normal(size=(n, width)).astype(np.float32)


def positive(random: np.random.Generator, n: int, width: int) -> np.ndarray:
    """Vectors of any length whose cosines are positive, as those of an encoder's sentences are."""
    return (0.2 + random.random((n, width), dtype=np.float32)) * random.uniform(0.1, 9.0, size=(n, 1)).astype("f4")


@pytest.mark.parametrize("seed", range(CASES))
def test_the_nearest_are_those_of_a_sort_of_all_products(seed):
    random = np.random.default_rng(seed)
    n, m, width = random.integers(1, 60), random.integers(1, 200), random.integers(1, 20)
    queries, candidates, k = vectors(random, n, width), vectors(random, m, width), int(random.integers(1, 130))
    products, numbers = find_nearest(queries, cut(candidates, random), k)
    every = queries.astype(np.float64) @ candidates.T
    order = np.argsort(-every, axis=1)[:, :k]
    found = min(k, m)
    assert products.shape == numbers.shape == (n, k)
    np.testing.assert_allclose(products[:, :found], np.take_along_axis(every, order, 1), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.take_along_axis(every, numbers[:, :found], 1), products[:, :found], atol=1e-4)
    assert (numbers[:, :found] == order).mean() > 0.99
    assert (numbers[:, found:] == -1).all()
    assert (products[:, found:] == -np.inf).all()


@pytest.mark.parametrize("seed", range(CASES))
def test_ties_cost_no_candidate_its_place(seed):
    """Small whole numbers: products are exact and many are equal."""
    random = np.random.default_rng(seed)
    n, m, k = random.integers(1, 40), random.integers(1, 90), int(random.integers(1, 12))
    queries, candidates = (random.integers(-1, 2, size=(size, 3)).astype(np.float32) for size in (n, m))
    products, numbers = find_nearest(queries, cut(candidates, random), k)
    every = queries @ candidates.T
    found = min(k, m)
    assert (products[:, :found] == -np.sort(-every, axis=1)[:, :k]).all()
    assert (np.take_along_axis(every, numbers[:, :found], 1) == products[:, :found]).all()
    assert all(len(set(row)) == found for row in numbers[:, :found].tolist())


def test_without_candidates_or_queries_nothing_is_found():
    queries = np.ones((2, 3), dtype=np.float32)
    for blocks in ([], [queries[:0]]):
        products, numbers = find_nearest(queries, blocks, 2)
        assert numbers.tolist() == [[-1, -1], [-1, -1]]
        assert (products == -np.inf).all()
    assert find_nearest(queries[:0], [queries], 2)[1].shape == (0, 2)


def test_a_candidate_that_is_not_a_number_is_not_found():
    candidates = np.array([[1.0], [np.nan], [2.0]], dtype=np.float32)
    assert find_nearest(np.ones((1, 1), dtype=np.float32), [candidates, candidates[1:]], 4)[1].tolist()[0][3] == -1


def test_blocks_are_taken_one_by_one_and_not_kept():
    alive: list[weakref.ref] = []

    def blocks():
        for _ in range(6):
            assert all(block() is None for block in alive[:-1])
            block = np.ones((4, 2), dtype=np.float32)
            alive.append(weakref.ref(block))
            yield block

    assert find_nearest(np.ones((3, 2), dtype=np.float32), blocks(), 24)[1].min() == 0
    assert len(alive) == 6


def mined_by_hand(source: np.ndarray, target: np.ndarray, k: int) -> dict[tuple[int, int], float]:
    source, target = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (source, target))
    cosines = source.astype(np.float64) @ target.T.astype(np.float64)
    near = [[sorted(row)[::-1][:k] for row in side.tolist()] for side in (cosines, cosines.T)]
    mean = [[sum(row) / len(row) for row in side] for side in near]

    def margin(i: int, j: int) -> float:
        return cosines[i, j] / ((mean[0][i] + mean[1][j]) / 2)

    n, m = cosines.shape
    wanted = {
        max(((i, j) for j in range(m) if cosines[i, j] >= near[0][i][-1]), key=lambda p: margin(*p)) for i in range(n)
    }
    wanted |= {
        max(((i, j) for i in range(n) if cosines[i, j] >= near[1][j][-1]), key=lambda p: margin(*p)) for j in range(m)
    }
    kept = {}
    while wanted:
        i, j = max(wanted, key=lambda p: margin(*p))
        kept[i, j] = margin(i, j)
        wanted = {pair for pair in wanted if pair[0] != i and pair[1] != j}
    return kept


@pytest.mark.parametrize("seed", range(CASES))
def test_mining_is_that_of_loops_over_all_pairs(seed):
    random = np.random.default_rng(seed)
    n, m, k = random.integers(1, 16), random.integers(1, 16), int(random.integers(1, 9))
    source, target = positive(random, n, 6), positive(random, m, 6)
    shared = min(n, m) // 2
    target[:shared] = source[:shared] + 0.05 * positive(random, shared, 6)
    found, expected = mine_translations(source, target, k), mined_by_hand(source, target, k)
    assert found == pytest.approx(expected, rel=1e-4)
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_translations_are_mined_whatever_their_order_and_length():
    random = np.random.default_rng(0)
    source = positive(random, 300, 32)
    order = random.permutation(300)
    assert set(mine_translations(source, 7 * source[order])) == {(int(j), i) for i, j in enumerate(order)}


def test_each_sentence_is_in_one_pair_even_among_copies():
    source = np.repeat(positive(np.random.default_rng(1), 3, 8), 3, axis=0)
    found = mine_translations(source, source[:5], k=2)
    assert len({i for i, _ in found}) == len({j for _, j in found}) == len(found) > 0
    assert all(i // 3 == j // 3 for i, j in found)


def test_a_neighbour_of_everything_loses_to_one_of_its_own():
    """The first target is the nearest of both sources, but it is near to all."""
    source = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    target = np.array([[1.0, 1.0], [1.0, 0.1]], dtype=np.float32)
    assert set(mine_translations(source, target, k=2)) == {(0, 1), (1, 0)}


def test_nothing_is_mined_from_nothing():
    some = np.ones((2, 3), dtype=np.float32)
    assert mine_translations(some[:0], some) == mine_translations(some, some[:0]) == {}


def test_what_is_mined_is_left_as_it_was():
    source = 3 * np.ones((2, 3), dtype=np.float32)
    mine_translations(source, source)
    assert (source == 3).all()
