"""A dataset by path or name, as a folder in the folder form: where it is one already, or brought into it once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from workbench.errors import DatasetError
from workbench.evaluation.datasets import SOURCE
from workbench.evaluation.imports import beir, hub, vidore
from workbench.evaluation.imports.making import Making
from workbench.evaluation.imports.names import TASKS
from workbench.evaluation.imports.tables import tables
from workbench.evaluation.record import digest


def bring(name: str, into: Path, offline: bool = False, tell: Callable[[str], None] = lambda sentence: None) -> Path:
    """The folder of a dataset: a path, a benchmark's name (`TASKS`), or a repository of the hub (``owner/name``).

    A folder in another form is brought into a folder below ``into``, and again only when it has changed. `DatasetError`
    when there is no such dataset or its form is unknown.
    """
    try:
        folder = Path(name).expanduser()
        there, is_folder = folder.exists(), folder.is_dir()
    except (OSError, RuntimeError, ValueError):  # no path of this system: too long, of nobody's home, with a NUL
        raise DatasetError(f"There is no dataset folder '{name[:80]}'.") from None
    if is_folder:
        if (folder / "corpus.jsonl").is_file():
            files = [folder / "corpus.jsonl", folder / "queries.jsonl", *sorted((folder / "qrels").glob("*.tsv"))]
            return _made(
                folder.resolve().name, str(folder), into, _stamp(files), tell, lambda m: beir.convert(folder, m)
            )
        files = sorted(folder.rglob("*.parquet"))
        if not files or (folder / "documents").is_dir():
            return folder
        stamp = _stamp(files)
    elif there or not (name in TASKS or name.count("/") == 1):
        raise DatasetError(
            f"There is no dataset folder '{name}'; give a folder, a repository of the hub (owner/name), or one of "
            f"{', '.join(TASKS)}."
        )
    else:
        repository = TASKS[name].repository if name in TASKS else name
        tell(f"Fetching dataset '{repository}'.")
        folder, stamp = hub.fetch(repository, offline)
        name = repository
    short = Path(name).name or folder.resolve().name
    return _made(short, name, into, stamp, tell, lambda making: vidore.convert(tables(folder), making))


def _made(
    name: str, origin: str, into: Path, stamp: str, tell: Callable[[str], None], convert: Callable[[Making], None]
) -> Path:
    target = into / name
    try:
        if json.loads((target / SOURCE).read_text(encoding="utf-8"))["stamp"] == stamp:
            return target
    except (OSError, ValueError, KeyError):
        pass
    tell(f"Bringing dataset '{name}' into pages, questions and labels.")
    into.mkdir(parents=True, exist_ok=True)
    making = Making(target)
    convert(making)
    return making.finish(origin, stamp)


def _stamp(files: list[Path]) -> str:
    """Changes when a file does."""
    facts = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files if path.is_file()]
    return digest(facts)
