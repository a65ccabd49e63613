"""Where the files that ship with Pagelens lie: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    # The wheel's folder first: beside an installed package stands site-packages, where a folder `assets` is not ours.
    inside = _PACKAGE / f"_{name}"
    return inside if inside.is_dir() else _PACKAGE.parent / name


def asset(name: str) -> Path:
    """The file ``name`` (posix slashes, such as ``css/theme.css``) of the page's own assets.

    ``FileNotFoundError`` when there is none: a missing asset is a broken install, not something a person can cure.
    """
    path = _folder("assets") / name
    if not path.is_file():
        raise FileNotFoundError(f"the asset {name} is not at {path}; install Pagelens again")
    return path


def assets(folder: str, suffix: str) -> list[str]:
    """Names of the assets below a folder whose names end so, in order."""
    root = _folder("assets")
    return sorted(path.relative_to(root).as_posix() for path in (root / folder).rglob(f"*{suffix}"))


def sample_data() -> Path:
    """The folder of the sample dataset: ``documents/``, ``queries.jsonl``, ``qrels.tsv`` and the licences."""
    return _folder("sample_data")
