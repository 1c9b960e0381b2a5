import pytest
import torch
from torch import nn

from trainables.training import OptimizerSettings, make_autocast, run_training_loop
from trainables.training._optimizer import DivergedError

BATCHES = [torch.full((4, 3), float(i + 1)) for i in range(8)]


@pytest.fixture
def line(undisturbed) -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def squares(model: nn.Module):
    return lambda batch: iter([model(batch).square().sum()])


def followed(model: nn.Linear):
    """The weights after each step, and what is to be called at each step for them to be kept."""
    path = []

    def keep(step, loss):
        path.append(model.weight.detach().clone())

    return path, keep


def test_it_takes_as_many_steps_as_asked_and_returns_their_losses(line):
    first = next(squares(line)(BATCHES[0])).item()
    losses = run_training_loop(line, BATCHES, squares(line), OptimizerSettings(steps=5, learning_rate=1e-2))
    assert len(losses) == 5
    assert losses[0] == pytest.approx(first)


def test_it_tells_each_step_and_its_loss(line):
    told = []
    schedule = OptimizerSettings(steps=3, learning_rate=1e-2)
    losses = run_training_loop(line, BATCHES, squares(line), schedule, lambda step, loss: told.append((step, loss)))
    assert told == list(enumerate(losses, start=1))


def test_it_brings_the_loss_down(line):
    losses = run_training_loop(line, BATCHES[:1] * 50, squares(line), OptimizerSettings(steps=50, learning_rate=1e-1))
    assert losses[-1] < losses[0] / 10


def test_no_steps_move_nothing(line):
    before = line.weight.clone()
    assert run_training_loop(line, BATCHES, squares(line), OptimizerSettings(steps=0, learning_rate=1e-2)) == []
    assert torch.equal(line.weight, before)


def test_it_reads_no_batch_more_than_it_needs(line):
    batches = iter(BATCHES)
    run_training_loop(line, batches, squares(line), OptimizerSettings(steps=3, learning_rate=1e-2))
    assert next(batches) is BATCHES[3]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_raises(line, bad):
    def loss(batch):
        return iter([next(squares(line)(batch)) * (bad if batch is BATCHES[2] else 1.0)])

    with pytest.raises(DivergedError, match="lower the learning rate") as raised:
        run_training_loop(line, BATCHES, loss, OptimizerSettings(steps=5, learning_rate=1e-2))
    assert raised.value.step == 2
    assert str(raised.value.loss) == str(bad)
    assert raised.value.learning_rate == 1e-2


def test_a_step_takes_the_sum_of_its_losses_one_after_the_other(line):
    start = {name: value.clone() for name, value in line.state_dict().items()}
    once = run_training_loop(line, BATCHES, squares(line), OptimizerSettings(steps=3, learning_rate=1e-2))
    weights, seen = line.weight.clone(), []
    line.load_state_dict(start)

    def halves(batch):
        for _ in range(2):
            yield next(squares(line)(batch)) / 2
            seen.append(line.weight.grad.abs().sum().item())

    assert run_training_loop(line, BATCHES, halves, OptimizerSettings(steps=3, learning_rate=1e-2)) == pytest.approx(
        once
    )
    assert torch.allclose(line.weight, weights, atol=1e-6)
    assert all(
        second == pytest.approx(2 * first, rel=1e-5) for first, second in zip(seen[::2], seen[1::2], strict=True)
    )


def test_a_learning_rate_beyond_reason_raises(line):
    with pytest.raises(DivergedError, match="1e\\+20"):
        run_training_loop(line, BATCHES, squares(line), OptimizerSettings(steps=8, learning_rate=1e20))


def test_only_matrices_decay(line):
    before = {name: value.clone() for name, value in line.named_parameters()}
    run_training_loop(
        line,
        BATCHES,
        lambda batch: iter([0 * line(batch).sum()]),
        OptimizerSettings(steps=3, learning_rate=1e-1, weight_decay=0.5),
    )
    assert (line.weight.abs() < before["weight"].abs()).all()
    assert torch.equal(line.bias, before["bias"])


@pytest.mark.parametrize(("share", "averaged"), [(0.5, slice(2, 4)), (0.25, slice(3, 4)), (1.0, slice(0, 4))])
def test_weights_are_averaged_over_the_last_share_of_the_steps(line, share, averaged):
    path, keep = followed(line)
    schedule = OptimizerSettings(steps=4, learning_rate=1e-1, average=share)
    run_training_loop(line, BATCHES, squares(line), schedule, keep)
    expected = torch.stack(path)[averaged].mean(0)
    assert torch.allclose(line.weight, expected, atol=1e-7)


def test_without_averaging_the_last_weights_stay(line):
    path, keep = followed(line)
    schedule = OptimizerSettings(steps=4, learning_rate=1e-1)
    run_training_loop(line, BATCHES, squares(line), schedule, keep)
    assert torch.equal(line.weight, path[-1])


def test_averaging_does_not_change_the_path(line):
    start = {name: value.clone() for name, value in line.state_dict().items()}
    plain = run_training_loop(line, BATCHES, squares(line), OptimizerSettings(steps=4, learning_rate=1e-1))
    line.load_state_dict(start)
    assert (
        run_training_loop(line, BATCHES, squares(line), OptimizerSettings(steps=4, learning_rate=1e-1, average=0.5))
        == plain
    )


def test_arithmetic_on_the_cpu_is_float32(line):
    with make_autocast(torch.device("cpu")):
        assert line(BATCHES[0]).dtype == torch.float32
