"""Muon for the matrices of the layers (Jordan et al., 2024), AdamW for the rest."""

from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

MATRIX_RATE, REST_RATE = 0.02, 0.003
_MOMENTUM, _WEIGHT_DECAY = 0.95, 0.05
_STEPS = 5
_QUINTIC = (3.4445, -4.7750, 2.0315)


class Muon(torch.optim.Optimizer):
    """Momentum, each update made orthogonal: every direction of a matrix moves by the same amount.

    `stacked`: matrices of one shape in one product. For a GPU, which a single one of them does not fill; on
    the CPU each alone, which rounds as it always has: runs there resume exactly.
    """

    def __init__(self, matrices: list[nn.Parameter], lr: float = MATRIX_RATE, stacked: bool = False) -> None:
        super().__init__(matrices, {"lr": lr})
        self._stacked = stacked

    @torch.no_grad()
    def step(self, closure: object = None) -> None:
        del closure
        for group in self.param_groups:
            for matrices in self._stacks(group["params"]):
                updates = [self._with_momentum(matrix) for matrix in matrices]
                rows, columns = matrices[0].shape
                for matrix, update in zip(matrices, _orthogonal_each(updates), strict=True):
                    matrix.mul_(1 - group["lr"] * _WEIGHT_DECAY)
                    matrix.add_(update, alpha=-group["lr"] * max(1.0, rows / columns) ** 0.5)

    def _stacks(self, matrices: list[nn.Parameter]) -> list[list[nn.Parameter]]:
        """Those of one shape together, or each alone."""
        if not self._stacked:
            return [[matrix] for matrix in matrices]
        by_shape = defaultdict[torch.Size, list[nn.Parameter]](list)
        for matrix in matrices:
            by_shape[matrix.shape].append(matrix)
        return list(by_shape.values())

    def _with_momentum(self, matrix: nn.Parameter) -> Tensor:
        """The gradient leaned towards its running mean (Nesterov), which takes it in."""
        state = self.state[matrix]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(matrix)
        state["momentum"].lerp_(matrix.grad, 1 - _MOMENTUM)
        return matrix.grad.lerp(state["momentum"], _MOMENTUM)


def make_optimizers(model: nn.Module) -> list[torch.optim.Optimizer]:
    """One for the layers' matrices, one for embedding, norms and biases. `base_lr` is what a schedule scales."""
    named = list(model.named_parameters())
    matrices = [p for name, p in named if p.ndim == 2 and "embed" not in name]
    rest = [p for name, p in named if p.ndim != 2 or "embed" in name]
    optimizers = [
        Muon(matrices, stacked=matrices[0].is_cuda),
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


def _orthogonal_each(updates: list[Tensor]) -> Sequence[Tensor]:
    """`_orthogonal` of matrices of one shape."""
    if len(updates) == 1:
        return [_orthogonal(updates[0])]
    return _orthogonal(torch.stack(updates)).unbind()


def _orthogonal(gradient: Tensor) -> Tensor:
    """The nearest orthogonal matrix, roughly: five Newton-Schulz steps in bfloat16.

    `[rows, columns]`, or `[matrices, rows, columns]` for each of a stack.
    """
    a, b, c = _QUINTIC
    x = gradient.bfloat16()
    is_tall = x.shape[-2] > x.shape[-1]
    x = x.mT if is_tall else x
    norm = x.norm() if x.ndim == 2 else x.flatten(1).norm(dim=1)[:, None, None]
    x = x / (norm + 1e-7)
    for _ in range(_STEPS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if is_tall else x).to(gradient.dtype)
