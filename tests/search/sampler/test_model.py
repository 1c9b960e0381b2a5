from copy import deepcopy
from random import Random

import numpy as np
import pytest

from search.sampler.candidate import Candidate, Drawn, StageView
from search.sampler.features import GROUPS, Points, Scale, described
from search.sampler.kernel import GroupedKernel
from search.sampler.model import FITTED, Model
from tests.search.sampler.conftest import space, stages, worth


def candidates(count: int, seed: int = 0) -> list[Candidate]:
    rng = Random(seed)
    return [space(Drawn(rng, {})) for _ in range(count)]


def named(*tasks: str, **targets: float) -> Candidate:
    return Candidate(tuple(StageView((task,)) for task in tasks), targets)


def told(candidate: Candidate) -> set:
    return {(group, *name) for group, name, _ in described(candidate, Scale([candidate]))}


def test_an_order_is_told_by_pairs_neighbours_places_and_the_last_one():
    found = told(named("a", "b", "c"))
    assert {("pairs", "a", "b"), ("pairs", "a", "c"), ("pairs", "b", "c")} <= found
    assert ("pairs", "b", "a") not in found
    assert {feature for feature in found if feature[0] == "adjacent"} == {
        ("adjacent", "a", "b"),
        ("adjacent", "b", "c"),
    }
    assert {("places", 0, "a"), ("places", 2, "c"), ("last", "c")} <= found
    assert ("last", "a") not in found


def test_a_joint_stage_has_its_tasks_in_no_order():
    found = told(Candidate((StageView(("a", "b")), StageView(("c",)))))
    assert ("pairs", "mixed", "a", "b") in found
    assert {("pairs", "a", "c"), ("pairs", "b", "c")} <= found
    assert not {("pairs", "a", "b"), ("pairs", "b", "a")} & found


def test_numbers_are_standardised_and_choices_are_not():
    tried = [Candidate((StageView(("a",), {"rate": rate, "noise": "none"}),)) for rate in (1.0, 3.0)]
    values = {name: value for group, name, value in described(tried[1], Scale(tried)) if group == "settings"}
    assert values == {("a", "rate"): 1.0, ("a", "rate", "squared"): 1.0, ("a", "noise", "none"): 1.0}


def test_each_group_has_mean_square_one_over_the_tried():
    points = Points(candidates(30))
    sizes = points.squares(np.arange(30).reshape(-1, 1)).mean(1)
    assert [size for size in sizes if size] == pytest.approx([1.0] * (sizes > 0).sum())


def test_products_of_later_candidates_are_those_of_all_at_once():
    first, second = candidates(10), candidates(6, seed=1)
    points, whole = Points(first), Points(first)
    whole.add(second)
    rows = points.add(second)
    assert rows.tolist() == [[row] for row in range(10, 16)]
    known = np.arange(10).reshape(-1, 1)
    assert np.allclose(points.products(rows, known), whole.products(rows, known))
    assert np.allclose(points.products(known), points.products(known, known))


@pytest.mark.parametrize("fixed", [False, True])
def test_the_gradient_of_the_kernel_is_that_of_finite_differences(fixed):
    rows = np.arange(12).reshape(-1, 1)
    kernel = GroupedKernel(Points(candidates(12)), tuple(0.1 * (g + 1) for g in range(len(GROUPS))), fixed=fixed)
    _, gradient = kernel(rows, eval_gradient=True)
    assert gradient.shape[-1] == len(kernel.theta) == len(kernel.bounds) == len(GROUPS) + (2 if fixed else 3)
    for number in range(len(kernel.theta)):
        step = np.zeros(len(kernel.theta))
        step[number] = 1e-5
        up, down = kernel.clone_with_theta(kernel.theta + step), kernel.clone_with_theta(kernel.theta - step)
        assert np.allclose((up(rows) - down(rows)) / 2e-5, gradient[..., number], atol=1e-6)


def test_the_kernel_is_a_covariance():
    rows = np.arange(20).reshape(-1, 1)
    kernel = GroupedKernel(Points(candidates(20)))
    covariance = kernel(rows)
    assert np.allclose(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > 0
    assert np.allclose(np.diag(covariance), kernel.diag(rows) + kernel.noise)
    assert deepcopy(kernel).points is kernel.points


def fitted(count: int = 40, noise: float | None = None) -> tuple[Model, list[Candidate], np.ndarray]:
    rng, tried, values = Random(0), [], []
    for _ in range(count):
        drawn = Drawn(rng, {})
        tried.append(space(drawn))
        values.append(worth(stages(Drawn(rng, drawn.values))))
    return Model(tried, np.array(values), noise), tried, np.array(values)


def test_the_model_expects_more_of_what_is_better():
    model, *_ = fitted()
    rng, expected, true = Random(5), [], []
    drawn = []
    for _ in range(40):
        each = Drawn(rng, {})
        drawn.append(space(each))
        true.append(worth(stages(Drawn(rng, each.values))))
    expected = model.process.predict(model.points.add(drawn))
    assert np.corrcoef(expected, true)[0, 1] > 0.9


def test_improvement_is_never_nothing_and_largest_where_most_is_to_be_gained():
    model, tried, values = fitted()
    found = model.improvement([tried[int(values.argmin())], tried[int(values.argmax())]])
    assert (found > 0).all()
    assert found[1] > found[0]


def test_of_what_is_running_nothing_more_is_to_be_learned():
    model, *_ = fitted(15)
    fresh = candidates(30, seed=9)
    before = model.improvement(fresh)
    best = fresh[int(before.argmax())]
    model.expect([best])
    assert model.improvement([best])[0] < before.max()


def test_a_known_noise_is_taken_as_it_is():
    model, _, values = fitted(noise=0.04)
    assert model.process.kernel_.noise == pytest.approx(0.04 / values.var())


def test_more_trials_than_are_fitted_to_are_conditioned_on():
    model, *_ = fitted(FITTED + 20)
    assert len(model.process.X_train_) == FITTED + 20
