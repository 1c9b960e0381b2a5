"""Methods that ask for the same predictions twice: R3F, SMART and R-Drop."""

from collections.abc import Iterator

from torch import Tensor

from trainables.training.noise._adversarial import PerturbationBall, ascend_gradient, compute_adversarial_native
from trainables.training.noise._interface import FixedDropout, NoiseSetting, NoiseStep, compute_symmetric_kl
from trainables.training.noise._random import compute_random_perturbation_native, draw_perturbation

START_RADIUS = 0.1
"""Where SMART's ascent starts, in radii: at the clean input itself the divergence has no gradient, and much nearer than this
its gradient is lost in rounding."""


def compute_r3f_losses(step: NoiseStep) -> Iterator[Tensor]:
    """R3F (Aghajanyan et al., ICLR 2021, equation 2): the clean loss plus weight x symmetric KL(clean, randomly perturbed).

    The published code detaches the perturbed embeddings from the table; the equation does not, and nor do we. Its divergence is
    summed over a text's tokens where each has a prediction; ours is the mean, see `compute_symmetric_kl`.
    """
    clean = step.run_clean()
    noised = step.run_perturbed(draw_perturbation(step))
    apart = compute_symmetric_kl(step.predictions(clean, step.batch), step.predictions(noised, step.batch))
    yield clean.loss + step.noise.weight * apart


def compute_r3f_native(setting: NoiseSetting) -> dict[str, float]:
    """The noise of each coordinate, R3F's epsilon, and the weight, its lambda."""
    (epsilon,) = compute_random_perturbation_native(setting).values()
    return {"epsilon": epsilon, "lambda": setting.noise.weight}


def compute_smart_losses(step: NoiseStep) -> Iterator[Tensor]:
    """SMART's smoothness-inducing regulariser (Jiang et al., ACL 2020, equations 1 to 3): the clean loss plus weight x the largest
    symmetric KL within the ball, found by projected gradient ascent from nearby.

    Its second part, Bregman proximal point optimisation, is left out, as in the published code. That code takes the normalised
    direction itself for the perturbation, of no stated size; the ball's radius is the size here.
    """
    same = FixedDropout(step.perturbable.device)
    clean = step.run_clean()
    predicted = step.predictions(clean, step.batch)
    fixed = [each.detach() for each in predicted]
    ball = PerturbationBall(step.perturbable, step.radius, step.noise.norm, step.noise.level)

    def apart(delta: Tensor, reference: list[Tensor]) -> Tensor:
        same.restore_masks()
        return compute_symmetric_kl(reference, step.predictions(step.run_perturbed(delta), step.batch))

    start = START_RADIUS * ball.draw(step.setting.width, step.rng)
    delta = ascend_gradient(ball, start, step.noise.steps, lambda delta: apart(delta, fixed))
    yield clean.loss + step.noise.weight * apart(delta, predicted)


def compute_smart_native(setting: NoiseSetting) -> dict[str, float]:
    """The ball, as `adversarial` has it, and the weight, SMART's lambda."""
    return compute_adversarial_native(setting) | {"lambda": setting.noise.weight}


def compute_r_drop_losses(step: NoiseStep) -> Iterator[Tensor]:
    """R-Drop (Liang et al., NeurIPS 2021, equations 1 to 3): the mean loss of two dropout masks plus weight x half their symmetric KL.

    It perturbs no embedding and has no magnitude: its weight is what others' magnitude is. The paper sums the two losses; the mean, as
    in its code for BERT, keeps learning rates what they are for other methods. That code sums the divergence over the
    batch; ours is the mean, see `compute_symmetric_kl`.
    """
    one, other = step.run_clean(), step.run_clean()
    apart = compute_symmetric_kl(step.predictions(one, step.batch), step.predictions(other, step.batch)) / 2
    yield (one.loss + other.loss) / 2 + step.noise.weight * step.scale * apart


def compute_r_drop_native(setting: NoiseSetting) -> dict[str, float]:
    """The paper's alpha, which is twice the weight since the paper sums the two losses; and the dropout rate."""
    return {"alpha": 2 * setting.noise.weight, "dropout": setting.noise.dropout}
