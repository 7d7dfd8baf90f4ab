"""From the hub, through its own library: resumed where it was broken off, and checked against sums.

HF_ENDPOINT, HF_TOKEN and the proxies of the environment are the library's to honour.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sotto_engine.errors import SottoError, first_line
from sotto_engine.model_files.inner_path import leaves_folder
from sotto_engine.model_files.manifest import compute_sha256
from sotto_models.fetching.catalogue import HubSource

OnStep = Callable[[str, float | None], None]
_NEEDED = (".safetensors", ".json", ".jinja", "README.md", "LICENSE", "merges.txt")
_USELESS = ("onnx/", "openvino/", ".bin.index.json", "trainer_state.json")


@dataclass(frozen=True)
class _File:
    name: str
    nbytes: int
    sha256: str


def fetch_from_hub(source: HubSource, sha256: str, folder: Path, on_step: OnStep) -> Path:
    """The file, or the folder of a whole repository, inside `folder`.

    What is there from an attempt before is not fetched again. Raises SottoError, a sentence; ConnectionError where
    the hub cannot be reached.
    """
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_XET"] = "1"  # another protocol, by a program of its own
    import huggingface_hub  # noqa: PLC0415 - only here is a network used
    from huggingface_hub import HfApi, errors  # noqa: PLC0415

    library: Any = huggingface_hub  # typed in part only

    on_step("asking the hub", None)
    try:
        info = HfApi().model_info(source.repo, revision=source.revision or None, files_metadata=True)
        files = list(_choose(info.siblings or [], source))
        total = sum(file.nbytes for file in files) or 1
        done = 0
        for file in files:
            meter = _make_meter(f"fetching {file.name}", done, total, on_step)
            library.hf_hub_download(source.repo, file.name, revision=info.sha, local_dir=folder, tqdm_class=meter)
            done += file.nbytes
            _check(folder / file.name, sha256 if source.file else file.sha256)
    except errors.GatedRepoError as error:
        raise SottoError(
            f"{source.repo} wants its terms accepted on its page first, and a token in HF_TOKEN."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise SottoError(f"The hub has no {source.repo}, or it wants a token in HF_TOKEN.") from error
    except errors.HfHubHTTPError as error:
        raise ConnectionError(f"the hub answered with an error ({first_line(error)})") from error
    except errors.LocalEntryNotFoundError as error:
        raise ConnectionError("the hub cannot be reached") from error
    except OSError as error:
        if error.errno is not None and not isinstance(error, ConnectionError):
            raise SottoError(f"{folder} cannot be written ({first_line(error)}); make room there.") from error
        raise ConnectionError(f"the hub cannot be reached ({first_line(error)})") from error
    except Exception as error:  # the client's own types, which are no OSError
        if type(error).__module__.split(".")[0] in ("httpx", "httpx2", "httpcore", "requests"):
            raise ConnectionError(f"the hub cannot be reached ({first_line(error)})") from error
        raise
    return folder / source.file if source.file else folder


def _choose(siblings: list[Any], source: HubSource) -> Iterator[_File]:
    """The files of the repository that are needed. Raises SottoError where there are none."""
    found = [_File(each.rfilename, each.size or 0, each.lfs.sha256 if each.lfs else "") for each in siblings]
    if source.file:
        wanted = [file for file in found if file.name == source.file]
    else:
        wanted = [
            file for file in found if file.name.endswith(_NEEDED) and not any(each in file.name for each in _USELESS)
        ]
    if not wanted or any(leaves_folder(file.name) for file in wanted):
        raise SottoError(f"{source.repo} does not have what Sotto needs; take another model.")
    yield from wanted


def _check(path: Path, sha256: str) -> None:
    if sha256 and compute_sha256(path) != sha256:
        path.unlink()
        raise SottoError(f"{path.name} is not the file that was expected (its SHA-256 differs); it was deleted.")


def _make_meter(step: str, done: int, total: int, on_step: OnStep) -> type[Any]:
    """What the library calls as it would a bar of tqdm's."""
    from tqdm import tqdm  # noqa: PLC0415 - comes with the library

    class Meter(tqdm):  # pyright: ignore[reportMissingTypeArgument, reportUntypedBaseClass]
        def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
            options.pop("name", None)
            super().__init__(*arguments, **{**options, "disable": True})  # pyright: ignore
            self.num_bytes = int(options.get("initial") or 0)

        def update(self, n: float | None = 1) -> None:
            self.num_bytes += int(n or 0)
            on_step(step, min(1.0, (done + self.num_bytes) / total))

    return Meter
