"""Experts whose matrices lie in one tensor, found one by one."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any, ClassVar, Protocol, TypeVar

_EXPERT = re.compile(r"(.+\.mlp\.experts)\.(\d{1,6})\.(\w+)\.weight")
_STACKS = {
    "gate_up_proj": ("gate_proj", "up_proj"),
    "gate_proj": ("gate_proj",),
    "up_proj": ("up_proj",),
    "down_proj": ("down_proj",),
}
"""Of the tensors that hold all experts, and the parts whose rows follow each other in every expert."""


class _Stored(Protocol):
    """A dataclass that says where a tensor lies in a file."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def offset(self) -> int: ...

    @property
    def nbytes(self) -> int: ...


_AnyStored = TypeVar("_AnyStored", bound=_Stored)


def find_expert(name: str, find_stack: Callable[[str], _AnyStored | None]) -> _AnyStored | None:
    """The place of one expert's matrix, by its name in Qwen3-MoE's checkpoints, within all experts' tensor.

    find_stack: of `...mlp.experts.gate_up_proj` and the like; [experts, rows of all parts, columns].
    """
    if (match := _EXPERT.fullmatch(name)) is None:
        return None
    experts, number, part = match[1], int(match[2]), match[3]
    for stack_name, parts in _STACKS.items():
        if part not in parts or (stack := find_stack(f"{experts}.{stack_name}")) is None:
            continue
        if len(stack.shape) == 3 and number < stack.shape[0] and stack.shape[1] % len(parts) == 0:
            nbytes = stack.nbytes // (stack.shape[0] * len(parts))
            offset = stack.offset + (number * len(parts) + parts.index(part)) * nbytes
            shape = (stack.shape[1] // len(parts), stack.shape[2])
            return dataclasses.replace(stack, shape=shape, offset=offset, nbytes=nbytes)
    return None
