"""A run's figures as MTEB's own result file, which its leaderboard and its tools read.

``MODEL/REVISION/TASK.json`` beside a ``model_meta.json``, as embeddings-benchmark/results lays them out: for each
subset (a language, a domain, or all questions) the mean of MTEB's measures. Measures are trec_eval's, as MTEB's are;
those of 1,000 pages and the areas under abstention curves are left out. What this module does not do: search.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.encoders import spec
from workbench.errors import InputError
from workbench.evaluation.imports.names import TASKS, BenchmarkTask
from workbench.evaluation.measures import per_query
from workbench.evaluation.record import Record, digest
from workbench.retrieval.pipeline import Pipeline

DEEPEST = 100
CUTOFFS = (1, 3, 5, 10, 20, DEEPEST)
MEASURES: Mapping[str, str] = {
    "ndcg": "nDCG",
    "map": "AP",
    "recall": "R",
    "precision": "P",
    "mrr": "RR",
    "hit_rate": "Success",
}
"""MTEB's names and ir-measures'."""
NEEDED = f"R@{DEEPEST}"
"""What a run has to measure, so that it is asked for enough pages."""
SUBSETS = ("language", "subset")
"""Tags of questions that MTEB keeps apart."""
LONGEST_SLUG = 60
"""Characters of a pipeline in the name of a folder."""
LANGUAGES = {
    "english": "eng-Latn",
    "french": "fra-Latn",
    "german": "deu-Latn",
    "italian": "ita-Latn",
    "portuguese": "por-Latn",
    "spanish": "spa-Latn",
}


def task_named(dataset: str) -> str:
    """MTEB's name of a dataset by its folder's; `InputError` when it is none of MTEB's."""
    for name, task in TASKS.items():
        if dataset in (name, task.repository.rpartition("/")[2]):
            return name
    raise InputError(
        f"'{dataset}' is no benchmark of MTEB, so there is no result file for it; those are: {', '.join(TASKS)}."
    )


def write(record: Record, dataset: Path, into: Path) -> list[Path]:
    """Write the result file of every pipeline of a record; ``dataset`` is the folder that was measured.

    A ranking made elsewhere gets none, since nobody here knows whose it is.
    """
    name = task_named(record.dataset.name)
    written = []
    for pipeline in record.settings["pipelines"]:
        model = _model(record, pipeline)
        folder = into / model["name"].replace("/", "__") / model["revision"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model_meta.json").write_text(json.dumps(model, indent=2) + "\n", encoding="utf-8")
        path = folder / f"{name}.json"
        path.write_text(
            json.dumps(result(record, pipeline, name, revision(dataset)), indent=2) + "\n", encoding="utf-8"
        )
        written.append(path)
    return written


def result(record: Record, pipeline: str, name: str, dataset_revision: str) -> dict[str, Any]:
    """What MTEB's `TaskResult` holds, of one pipeline."""
    task = TASKS[name]
    answers = record.pipelines[pipeline].answers
    grades = {query: dict(question.grades) for query, question in record.questions.items()}
    run = {query: [hit.page for hit in answers[query].top[:DEEPEST]] for query in grades if query in answers}
    names = {f"{mteb}_at_{k}": f"{ours}@{k}" for mteb, ours in MEASURES.items() for k in CUTOFFS}
    found = per_query(grades, run, [*names.values()])
    scores = [
        {**_means(found, names, queries, task), "hf_subset": subset, "languages": list(languages)}
        for subset, queries, languages in _subsets(record)
    ]
    return {
        "dataset_revision": dataset_revision,
        "task_name": name,
        "mteb_version": None,
        "scores": {task.split: scores},
        "evaluation_time": None,
        "kg_co2_emissions": None,
        "date": None,
    }


def revision(dataset: Path) -> str:
    """The commit that a dataset was fetched at, or that nobody knows it."""
    try:
        stamp = str(json.loads((dataset / "source.json").read_text(encoding="utf-8"))["stamp"])
    except (OSError, ValueError, KeyError):
        stamp = ""
    return stamp if re.fullmatch(r"[0-9a-f]{40}", stamp) else "not known"


def _means(
    found: Mapping[str, Mapping[str, float]], names: Mapping[str, str], queries: Sequence[str], task: BenchmarkTask
) -> dict[str, float]:
    values = {mteb: round(float(np.mean([found[query][ours] for query in queries])), 6) for mteb, ours in names.items()}
    main = next(mteb for mteb, ours in names.items() if ours == task.measure)
    return {**values, "accuracy": values["recall_at_1"], "main_score": values[main]}


def _subsets(record: Record) -> list[tuple[str, Sequence[str], Sequence[str]]]:
    """Name, questions and languages of each part that MTEB reports by itself."""
    for tag in SUBSETS:
        found = {key.partition("=")[2]: ids for key, ids in record.slices.items() if key.startswith(f"{tag}=")}
        if len(found) > 1 or (found and tag == "subset"):
            return [(part, ids, (LANGUAGES.get(part, "eng-Latn"),)) for part, ids in sorted(found.items())]
    return [("default", tuple(record.questions), ("eng-Latn",))]


def _model(record: Record, pipeline: str) -> dict[str, Any]:
    """Who gave the figures: the model itself where a pipeline is its exact score of all pages, else a system."""
    parsed = Pipeline.parse(record.pipelines[pipeline].text)
    first = record.collection.encoder
    used = list(dict.fromkeys(leaf.encoder or first for leaf in parsed.vector_leaves())) or [first]
    decider = parsed.decider() or first
    encoder, facts = spec(decider), record.collection.encoders.get(decider, {})
    alone = len(parsed.steps) == 1 and parsed.steps[0].exact
    hub = str(encoder.options.get("hub", "")) or f"pagelens/{encoder.id}"
    unknown = ("release_date", "languages", "memory_usage_mb", "max_tokens", "public_training_code")
    return {
        "name": hub if alone else f"pagelens/{'+'.join(used)}--{_slug(pipeline)}",
        "revision": str(facts.get("revision") or "not known").replace("/", "_"),
        **dict.fromkeys(unknown),
        "n_parameters": round(sum(spec(one).parameters for one in used) * 1e9) or None,
        "embed_dim": facts.get("dim"),
        "license": encoder.licence,
        "open_weights": True,
        "public_training_data": None,
        "framework": ["Pagelens"],
        "reference": f"https://huggingface.co/{hub}" if "hub" in encoder.options else None,
        "similarity_fn_name": "max_sim",
        "use_instructions": None,
        "training_datasets": None,
        "modalities": ["text"] if all(spec(one).kind == "words" for one in used) else ["image", "text"],
        "pipeline": str(parsed),
    }


def _slug(pipeline: str) -> str:
    """A pipeline as part of a folder's name; one that is cut gets a digest, for the next may begin alike."""
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", pipeline).strip("-")
    return slug if len(slug) <= LONGEST_SLUG else f"{slug[: LONGEST_SLUG - 9]}-{digest(pipeline)[:8]}"
