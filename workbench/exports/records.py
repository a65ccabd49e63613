"""Search results and explanations as JSON values: what ``--json`` prints and what an exported file holds."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from workbench import heatmap

if TYPE_CHECKING:
    from workbench.types import Explanation, Float, SearchResult, StageScore, StageTrace


def search_record(result: SearchResult) -> dict[str, Any]:
    """A search result as JSON values; ``parts`` are those of a query that is more than a text."""
    return {
        "query": result.query_text,
        **({} if result.query.plain or not result.query.parts else result.query.as_dict()),
        "collection": result.collection,
        "encoder": result.encoder,
        "pipeline": result.pipeline,
        "hits": [
            {
                "rank": hit.rank,
                "page": str(hit.ref),
                "score": hit.score,
                "score_kind": str(hit.score_kind),
                "stages": [_said(stage) for stage in hit.stages],
            }
            for hit in result.hits
        ],
        **({"notes": list(result.notes)} if result.notes else {}),
        **({"verdict": asdict(result.verdict)} if result.verdict else {}),
        "trace": {"total_ms": result.trace.total_ms, "stages": [_cost(stage) for stage in result.trace.stages]},
    }


def _said(stage: StageScore) -> dict[str, Any]:
    """A page's rank and score in a stage; one that the stage's encoder has no vectors of is not ``scored``."""
    record: dict[str, Any] = {"name": stage.name, "rank": stage.rank, "score": stage.score}
    return record if stage.scored else {**record, "scored": False}


def _cost(stage: StageTrace) -> dict[str, Any]:
    """A stage's cost; encoding has no candidates, but may have loaded the model (cold) or been remembered.

    ``weights`` of query tokens only where the stage gave them others than the encoder.
    """
    record = {name: value for name, value in asdict(stage).items() if name != "weights" or value}
    if stage.encoding:
        return {name: record[name] for name in ("name", "ms", "cold", "cache_hit")}
    return {name: value for name, value in record.items() if name not in ("cold", "cache_hit")}


def explain_record(explanation: Explanation, collection: str, tokens: list[int] | None = None) -> dict[str, Any]:
    """An explanation as JSON values: heat as rows of a ``grid`` (null where a cell has no vector) or by ``boxes``."""
    heat = heatmap.values(explanation, tokens)
    geometry = explanation.geometry
    record: dict[str, Any] = {
        "query": explanation.query.text,
        "collection": collection,
        "encoder": explanation.encoder,
        "page": str(explanation.ref),
        "score": explanation.score,
        "score_kind": "exact",
        "tokens": [
            {"token": i, "label": label, "weight": float(weight), "heat_weight": float(heat_weight)}
            for i, (label, weight, heat_weight) in enumerate(
                zip(explanation.query.labels, explanation.query.weights, explanation.heat_weights, strict=True)
            )
        ],
    }
    if geometry.grid is not None:
        rows, columns = geometry.grid
        cells: list[float | None] = [None] * (rows * columns)
        for cell, value in zip(geometry.cell.tolist(), heat.tolist(), strict=True):
            if cell >= 0:
                cells[cell] = value
        grid = [cells[row * columns : (row + 1) * columns] for row in range(rows)]
        record["grid"] = {"rows": rows, "columns": columns, "values": grid}
    else:
        labels = explanation.labels or ("",) * len(heat)
        record["boxes"] = [
            {"box": box, "value": value, "text": text}
            for box, value, text in zip(_numbers(geometry.boxes), heat.tolist(), labels, strict=True)
        ]
    record["ledger"] = [asdict(row) for row in explanation.ledger]
    record["regions"] = [asdict(region) for region in explanation.regions]
    return record


def _numbers(boxes: Float) -> list[list[float]]:
    return [[round(value, 6) for value in box] for box in boxes.tolist()]
