"""Cross-entropy after a tied head, a slice of tokens at a time, the gradient taken in the same pass.

The logits of a whole batch would be its largest tensor by far; a slice of them stays in the processor's cache
(after Liger kernels' fused linear cross-entropy, Hsu et al., 2024).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

_CPU_SLICE, _GPU_SLICE = 1024, 16_384


class _HeadLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        context: torch.autograd.function.FunctionCtx, hidden: Tensor, embedding: Tensor, targets: Tensor
    ) -> Tensor:
        rows, head, wanted = hidden.flatten(0, -2), embedding.to(hidden.dtype), targets.flatten()
        scale = 1.0 / (wanted >= 0).sum().clamp(min=1)
        total = torch.zeros((), device=hidden.device)
        row_gradient, head_gradient = torch.empty_like(rows), torch.zeros_like(embedding)
        size = _GPU_SLICE if hidden.is_cuda else _CPU_SLICE
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            loss, gradient = _loss_and_gradient(F.linear(part, head), wanted[start : start + size], scale)
            total += loss
            torch.mm(gradient, head, out=row_gradient[start : start + size])
            head_gradient += gradient.T @ part
        context.save_for_backward(row_gradient.view_as(hidden), head_gradient)
        return total * scale

    @staticmethod
    def backward(context: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        row_gradient, head_gradient = context.saved_tensors
        return row_gradient * gradient.to(row_gradient.dtype), head_gradient * gradient, None


def head_loss(hidden: Tensor, embedding: Tensor, targets: Tensor) -> Tensor:
    """Mean loss in nats of `[batch, length, hidden]` states against int64 targets; those of -1 do not count."""
    return _HeadLoss.apply(hidden, embedding, targets)


def _loss_and_gradient(logits: Tensor, targets: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """Summed loss of `[tokens, vocabulary]` logits, and its gradient times `scale` in their dtype."""
    values = logits.float()
    total = values.logsumexp(-1, keepdim=True)
    is_target = torch.arange(values.shape[1], device=values.device)[None, :] == targets[:, None]
    counts = (targets >= 0)[:, None]
    gradient = torch.where(counts, ((values - total).exp() - is_target.float()) * scale, 0.0)
    of_target = values.gather(1, targets.clamp(min=0)[:, None])
    loss = torch.where(counts, total - of_target, 0.0).sum()
    return loss, gradient.to(logits.dtype)


def compile_head_loss() -> None:
    """Fuse the passes over the logits; for a long run."""
    global _loss_and_gradient  # noqa: PLW0603 - the slices of every model in this process
    _loss_and_gradient = torch.compile(_loss_and_gradient)
