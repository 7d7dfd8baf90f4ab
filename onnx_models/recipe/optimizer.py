"""Muon for the matrices of the layers (Jordan et al., 2024), AdamW for the rest."""

import torch
from torch import Tensor, nn

MATRIX_RATE, REST_RATE = 0.02, 0.003
_MOMENTUM, _WEIGHT_DECAY = 0.95, 0.05
_STEPS = 5
_QUINTIC = (3.4445, -4.7750, 2.0315)


class Muon(torch.optim.Optimizer):
    """Momentum, each update made orthogonal: every direction of a matrix moves by the same amount."""

    def __init__(self, matrices: list[nn.Parameter], lr: float = MATRIX_RATE) -> None:
        super().__init__(matrices, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: object = None) -> None:
        del closure
        for group in self.param_groups:
            for matrix in group["params"]:
                momentum = self.state[matrix].setdefault("momentum", torch.zeros_like(matrix))
                momentum.lerp_(matrix.grad, 1 - _MOMENTUM)
                update = _orthogonal(matrix.grad.lerp(momentum, _MOMENTUM))
                rows, columns = matrix.shape
                matrix.mul_(1 - group["lr"] * _WEIGHT_DECAY)
                matrix.add_(update, alpha=-group["lr"] * max(1.0, rows / columns) ** 0.5)


def make_optimizers(model: nn.Module) -> list[torch.optim.Optimizer]:
    """One for the layers' matrices, one for embedding, norms and biases. `base_lr` is what a schedule scales."""
    named = list(model.named_parameters())
    matrices = [p for name, p in named if p.ndim == 2 and "embed" not in name]
    rest = [p for name, p in named if p.ndim != 2 or "embed" in name]
    optimizers = [
        Muon(matrices),
        torch.optim.AdamW(rest, lr=REST_RATE, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["base_lr"] = group["lr"]
    return optimizers


def set_rate(optimizers: list[torch.optim.Optimizer], scale: float) -> None:
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["base_lr"] * scale


def _orthogonal(gradient: Tensor) -> Tensor:
    """The nearest orthogonal matrix, roughly: five Newton-Schulz steps in bfloat16."""
    a, b, c = _QUINTIC
    x = gradient.bfloat16()
    is_tall = x.shape[0] > x.shape[1]
    x = x.T if is_tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(_STEPS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if is_tall else x).to(gradient.dtype)
