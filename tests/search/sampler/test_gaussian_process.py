from copy import deepcopy
from random import Random

import numpy as np
import pytest

from search.sampler import Candidate, SampledTrial, StageView
from search.sampler._features import FEATURE_GROUPS, FeatureMatrix, FeatureScale, extract_features
from search.sampler._kernel import GroupedKernel, build_priors
from search.sampler.gaussian_process import MAX_FITTED_TRIALS, GaussianProcessModel, draw_hyperparameters
from tests.search.sampler.conftest import space, stages, worth


def candidates(count: int, seed: int = 0) -> list[Candidate]:
    rng = Random(seed)
    return [space(SampledTrial(rng, {})) for _ in range(count)]


def named(*tasks: str, **targets: float) -> Candidate:
    return Candidate(tuple(StageView((task,)) for task in tasks), targets)


def told(candidate: Candidate) -> set:
    return {(group, *name) for group, name, _ in extract_features(candidate, FeatureScale([candidate]))}


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
    values = {
        name: value for group, name, value in extract_features(tried[1], FeatureScale(tried)) if group == "settings"
    }
    assert values == {("a", "rate"): 1.0, ("a", "rate", "squared"): 1.0, ("a", "noise", "none"): 1.0}


def test_each_group_has_mean_square_one_over_the_tried():
    points = FeatureMatrix(candidates(30))
    sizes = points.compute_squares(np.arange(30).reshape(-1, 1)).mean(1)
    assert [size for size in sizes if size] == pytest.approx([1.0] * (sizes > 0).sum())


def test_products_of_later_candidates_are_those_of_all_at_once():
    first, second = candidates(10), candidates(6, seed=1)
    points, whole = FeatureMatrix(first), FeatureMatrix(first)
    whole.append(second)
    rows = points.append(second)
    assert rows.tolist() == [[row] for row in range(10, 16)]
    known = np.arange(10).reshape(-1, 1)
    assert np.allclose(points.compute_products(rows, known), whole.compute_products(rows, known))
    assert np.allclose(points.compute_products(known), points.compute_products(known, known))


@pytest.mark.parametrize("fixed", [False, True])
def test_the_gradient_of_the_kernel_is_that_of_finite_differences(fixed):
    rows = np.arange(12).reshape(-1, 1)
    kernel = GroupedKernel(
        FeatureMatrix(candidates(12)), tuple(0.1 * (g + 1) for g in range(len(FEATURE_GROUPS))), fixed=fixed
    )
    _, gradient = kernel(rows, eval_gradient=True)
    assert gradient.shape[-1] == len(kernel.theta) == len(kernel.bounds) == len(FEATURE_GROUPS) + (2 if fixed else 3)
    for number in range(len(kernel.theta)):
        step = np.zeros(len(kernel.theta))
        step[number] = 1e-5
        up, down = kernel.clone_with_theta(kernel.theta + step), kernel.clone_with_theta(kernel.theta - step)
        assert np.allclose((up(rows) - down(rows)) / 2e-5, gradient[..., number], atol=1e-6)


def test_the_kernel_is_a_covariance():
    rows = np.arange(20).reshape(-1, 1)
    kernel = GroupedKernel(FeatureMatrix(candidates(20)))
    covariance = kernel(rows)
    assert np.allclose(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > 0
    assert np.allclose(np.diag(covariance), kernel.diag(rows) + kernel.noise)
    assert deepcopy(kernel).points is kernel.points


def fitted(count: int = 40, noise: float | None = None) -> tuple[GaussianProcessModel, list[Candidate], np.ndarray]:
    rng, tried, values = Random(0), [], []
    for _ in range(count):
        drawn = SampledTrial(rng, {})
        tried.append(space(drawn))
        values.append(worth(stages(SampledTrial(rng, drawn.values))))
    return GaussianProcessModel(tried, np.array(values), noise), tried, np.array(values)


def test_the_model_expects_more_of_what_is_better():
    model, *_ = fitted()
    rng, expected, true = Random(5), [], []
    drawn = []
    for _ in range(40):
        each = SampledTrial(rng, {})
        drawn.append(space(each))
        true.append(worth(stages(SampledTrial(rng, each.values))))
    expected = model.process.predict(model.points.append(drawn))
    assert np.corrcoef(expected, true)[0, 1] > 0.9


def test_improvement_is_never_nothing_and_largest_where_most_is_to_be_gained():
    model, tried, values = fitted()
    found = model.compute_expected_improvement([tried[int(values.argmin())], tried[int(values.argmax())]])
    assert (found > 0).all()
    assert found[1] > found[0]


def test_of_what_is_running_nothing_more_is_to_be_learned():
    model, *_ = fitted(15)
    fresh = candidates(30, seed=9)
    before = model.compute_expected_improvement(fresh)
    best = fresh[int(before.argmax())]
    model.condition_on_running([best])
    assert model.compute_expected_improvement([best])[0] < before.max()


def test_a_known_noise_is_taken_as_it_is():
    model, _, values = fitted(noise=0.04)
    assert model.process.kernel_.noise == pytest.approx(0.04 / values.var())


def test_more_trials_than_are_fitted_to_are_conditioned_on():
    model, *_ = fitted(MAX_FITTED_TRIALS + 20)
    assert len(model.process.X_train_) == MAX_FITTED_TRIALS + 20


def test_a_deviation_of_nothing_gives_numbers(monkeypatch):
    model, tried, values = fitted(20)

    def certain(rows, return_std):
        assert return_std
        return np.array([model.best, model.best - 1.0, model.best + 1.0]), np.zeros(3)

    monkeypatch.setattr(model.process, "predict", certain)
    same, worse, better = model.compute_expected_improvement(tried[:3])
    assert same == pytest.approx(0.0, abs=1e-6)
    assert worse == pytest.approx(0.0, abs=1e-6)
    assert better == pytest.approx(values.std())


def test_values_that_differ_by_rounding_alone_are_equal():
    values = np.full(12, 0.1) + np.array([0.0, 1.4e-17] * 6)
    assert GaussianProcessModel(candidates(12), values, None).deviation == 1.0


def test_what_is_known_of_true_values_is_what_the_process_predicts(monkeypatch):
    model, *_ = fitted(30)
    fresh = candidates(10, seed=3)
    monkeypatch.setattr(
        "search.sampler.gaussian_process.draw_hyperparameters", lambda process, _: [process.kernel_.theta]
    )
    ((means, covariance, noise),) = model.compute_posteriors(fresh, np.random.default_rng(0))
    assert means.shape == (40,)
    assert np.allclose(means[30:], model.predict_mean(fresh), atol=1e-5)
    _, deviation = model.process.predict(model.points.append(fresh), return_std=True)
    assert np.allclose(np.sqrt(np.diag(covariance)[30:]), deviation, atol=1e-4)
    assert (np.diag(covariance)[:30] < np.diag(covariance)[30:].mean()).all()
    assert noise == model.noise


def test_hyperparameters_are_drawn_from_their_prior_where_values_say_nothing():
    class Silent:
        kernel_ = GroupedKernel(FeatureMatrix(candidates(5)))

        def log_marginal_likelihood(self, theta):
            return 0.0

    rng = np.random.default_rng(0)
    drawn = np.array([theta for _ in range(40) for theta in draw_hyperparameters(Silent(), rng)])
    means, deviations = build_priors(Silent.kernel_)
    assert np.allclose(drawn.mean(0), means, atol=0.4 * deviations.max())
    assert np.allclose(drawn.std(0) / deviations, 1.0, atol=0.25)


def test_draws_of_the_noise_are_near_that_of_the_values():
    model, *_ = noisy(50, 0.3, seed=0)
    drawn = [noise for *_, noise in model.compute_posteriors(candidates(3, seed=4), np.random.default_rng(0))]
    assert 0.3 / 1.5 < model.deviation * np.median(drawn) ** 0.5 < 0.3 * 1.5


def noisy(count: int, noise: float, seed: int) -> tuple[GaussianProcessModel, list[Candidate], np.ndarray]:
    rng = Random(seed)
    drawn = [SampledTrial(rng, {}) for _ in range(count)]
    values = np.array([worth(stages(each)) + rng.gauss(0, noise) for each in drawn])
    tried = [space(SampledTrial(rng, each.values)) for each in drawn]
    return GaussianProcessModel(tried, values, None), tried, values


@pytest.mark.parametrize("noise", [0.1, 0.3])
def test_the_fitted_noise_is_that_of_the_values(noise):
    models = [noisy(50, noise, seed)[0] for seed in range(12)]
    found = [model.deviation * model.noise**0.5 for model in models]
    assert noise / 1.5 < np.median(found) < noise * 1.5
    assert min(found) > noise / 3
