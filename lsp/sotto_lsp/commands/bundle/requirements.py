"""Which of a set of wheels another machine needs, and what it needs beyond them.

pip answers the markers of requirements (`colorama; platform_system == 'Windows'`) for the machine it runs on, even
where it downloads for another one. So its answer is checked here, and asked for again with what is lacking.
"""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from sotto_lsp.commands.bundle.target import Target


@dataclass(frozen=True)
class Needed:
    """`lacking`: requirements, as pip reads them, that none of the wheels satisfies."""

    wheels: list[Path]
    lacking: list[str]


def needed_wheels(root: str, wheels: Iterable[Path], target: Target) -> Needed:
    """What `root` requires there, directly or not."""
    paths = {canonicalize_name(path.name.split("-")[0]): path for path in wheels}
    distributions = {name: _distribution(path) for name, path in paths.items()}
    environment = target.marker_environment()
    lacking: set[str] = set()
    done: set[tuple[NormalizedName, str]] = set()
    todo = [(canonicalize_name(root), "")]
    while todo:
        name, extra = todo.pop()
        if (name, extra) in done:
            continue
        done.add((name, extra))
        for line in distributions[name].requires or ():
            requirement = Requirement(line)
            if requirement.marker and not requirement.marker.evaluate({**environment, "extra": extra}):
                continue
            needed = canonicalize_name(requirement.name)
            found = distributions.get(needed)
            if found is None or not requirement.specifier.contains(found.version, prereleases=True):
                lacking.add(_without_marker(requirement))
            else:
                todo += [(needed, each) for each in ("", *requirement.extras)]
    return Needed(sorted({paths[name] for name, _ in done}), sorted(lacking))


def _distribution(wheel: Path) -> Distribution:
    """The wheel's metadata, read from the file."""
    name = wheel.name.split("-")
    return PathDistribution(zipfile.Path(wheel, f"{name[0]}-{name[1]}.dist-info/"))


def _without_marker(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"
