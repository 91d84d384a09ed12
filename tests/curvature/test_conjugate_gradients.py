import torch

from advscape.curvature.conjugate_gradients import conjugate_gradients


def systems(n=5, d=12, lowest=0.1):
    generator = torch.Generator().manual_seed(0)
    turn = torch.linalg.qr(torch.randn(n, d, d, generator=generator, dtype=torch.float64))[0]
    values = torch.linspace(lowest, 3, d, dtype=torch.float64)
    matrices = (turn * values) @ turn.mT
    return matrices, torch.randn(n, d, generator=generator, dtype=torch.float64)


def product(matrices):
    return lambda v: torch.einsum("nij,nj->ni", matrices, v)


def test_manufactured_solutions_each_system_at_its_own_pace():
    matrices, x = systems()
    matrices[1] = torch.eye(12, dtype=torch.float64)  # one step
    x[2] = 0
    b = product(matrices)(x)
    found = conjugate_gradients(product(matrices), lambda v: v, b, 1e-12, 50)
    assert found.converged.all()
    assert not found.negative.any()
    assert found.residuals.max() <= 1e-12
    assert torch.allclose(found.x, x, atol=1e-10)
    assert found.steps <= 13


def test_a_good_preconditioner_saves_steps():
    matrices, x = systems()
    b = product(matrices)(x)
    near = torch.linalg.inv(matrices + 0.01 * torch.eye(12, dtype=torch.float64))
    plain = conjugate_gradients(product(matrices), lambda v: v, b, 1e-6, 50)
    helped = conjugate_gradients(product(matrices), product(near), b, 1e-6, 50)
    assert helped.steps < plain.steps / 2
    assert torch.allclose(helped.x, x, atol=1e-4)


def test_negative_curvature_and_the_step_limit_are_said():
    matrices, x = systems()
    matrices[3] = systems(lowest=-0.5)[0][3]
    b = product(matrices)(x)
    found = conjugate_gradients(product(matrices), lambda v: v, b, 1e-12, 50)
    assert found.negative.tolist() == [False, False, False, True, False]
    assert found.converged.tolist() == [True, True, True, False, True]
    short = conjugate_gradients(product(matrices), lambda v: v, b, 1e-12, 3)
    assert not short.converged.any()
    assert short.steps == 3
    assert (short.residuals > 1e-12).all()
