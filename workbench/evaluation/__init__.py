"""Evaluation: datasets in, measures by pipeline and slice out, with runs that can be checked elsewhere."""

from workbench.evaluation.datasets import Dataset, Query, load_dataset
from workbench.evaluation.evaluate import SCOPES, Searcher, evaluate
from workbench.evaluation.measures import DEFAULT, parsed, per_query
from workbench.evaluation.report import EvaluationReport, PipelineReport, ready
from workbench.evaluation.runs import read_trec, write_trec

__all__ = [
    "DEFAULT",
    "SCOPES",
    "Dataset",
    "EvaluationReport",
    "PipelineReport",
    "Query",
    "Searcher",
    "evaluate",
    "load_dataset",
    "parsed",
    "per_query",
    "read_trec",
    "ready",
    "write_trec",
]
