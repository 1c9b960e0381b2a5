"""Methods that ask for the same predictions twice: R3F, SMART and R-Drop."""

from collections.abc import Iterator

from torch import Tensor

from trainables.noise.adversarial import Ball, adversarial_natively, ascend
from trainables.noise.random import draw, drawn_natively
from trainables.noise.seam import SameDropout, Setting, Step, divergence

NEARBY = 0.1
"""Where SMART's ascent starts, in radii: at the clean input itself the divergence has no gradient, and much nearer than this
its gradient is lost in rounding."""


def r3f(step: Step) -> Iterator[Tensor]:
    """R3F (Aghajanyan et al., ICLR 2021, equation 2): the clean loss plus weight x symmetric KL(clean, randomly perturbed).

    The published code detaches the perturbed embeddings from the table; the equation does not, and nor do we. Its divergence is
    summed over a text's tokens where each has a prediction; ours is the mean, see `divergence`.
    """
    clean = step.clean()
    noised = step.moved(draw(step))
    apart = divergence(step.predictions(clean, step.batch), step.predictions(noised, step.batch))
    yield clean.loss + step.noise.weight * apart


def r3f_natively(setting: Setting) -> dict[str, float]:
    """The noise of each coordinate, R3F's epsilon, and the weight, its lambda."""
    (epsilon,) = drawn_natively(setting).values()
    return {"epsilon": epsilon, "lambda": setting.noise.weight}


def smart(step: Step) -> Iterator[Tensor]:
    """SMART's smoothness-inducing regulariser (Jiang et al., ACL 2020, equations 1 to 3): the clean loss plus weight x the largest
    symmetric KL within the ball, found by projected gradient ascent from nearby.

    Its second part, Bregman proximal point optimisation, is left out, as in the published code. That code takes the normalised
    direction itself for the perturbation, of no stated size; the ball's radius is the size here.
    """
    same = SameDropout(step.perturbed.device)
    clean = step.clean()
    predicted = step.predictions(clean, step.batch)
    fixed = [each.detach() for each in predicted]
    ball = Ball(step.perturbed, step.radius, step.noise.norm, step.noise.level)

    def apart(delta: Tensor, reference: list[Tensor]) -> Tensor:
        same.again()
        return divergence(reference, step.predictions(step.moved(delta), step.batch))

    start = NEARBY * ball.draw(step.setting.width, step.rng)
    delta = ascend(ball, start, step.noise.steps, lambda delta: apart(delta, fixed))
    yield clean.loss + step.noise.weight * apart(delta, predicted)


def smart_natively(setting: Setting) -> dict[str, float]:
    """The ball, as `adversarial` has it, and the weight, SMART's lambda."""
    return adversarial_natively(setting) | {"lambda": setting.noise.weight}


def r_drop(step: Step) -> Iterator[Tensor]:
    """R-Drop (Liang et al., NeurIPS 2021, equations 1 to 3): the mean loss of two dropout masks plus weight x half their symmetric KL.

    It perturbs no embedding and has no magnitude: its weight is what others' magnitude is. The paper sums the two losses; the mean, as
    in its code for BERT, keeps learning rates what they are for other methods. That code sums the divergence over the
    batch; ours is the mean, see `divergence`.
    """
    one, other = step.clean(), step.clean()
    apart = divergence(step.predictions(one, step.batch), step.predictions(other, step.batch)) / 2
    yield (one.loss + other.loss) / 2 + step.noise.weight * step.scale * apart


def r_drop_natively(setting: Setting) -> dict[str, float]:
    """The paper's alpha, which is twice the weight since the paper sums the two losses; and the dropout rate."""
    return {"alpha": 2 * setting.noise.weight, "dropout": setting.noise.dropout}
