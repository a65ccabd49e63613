"""Fetches a dataset's tables from the hub, or takes them from its cache."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import DatasetError


def fetch(repository: str, offline: bool) -> tuple[Path, str]:
    """The folder with a repository's tables and the commit they are of; `DatasetError` with what to do about it."""
    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(
            repository, repo_type="dataset", allow_patterns=["*.parquet", "README.md"], local_files_only=offline
        )
    except Exception as error:  # network, access, missing repository: each library version has its own types
        how = (
            "it is not in the hub's cache and the network is off" if offline else str(error).strip().partition("\n")[0]
        )
        raise DatasetError(
            f"Dataset '{repository}' cannot be fetched ({how}). On a machine with access: 'hf download "
            f"--repo-type dataset {repository} --local-dir DIR', then give DIR."
        ) from None
    return Path(folder), Path(folder).name
