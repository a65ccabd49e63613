"""Evaluation: datasets in, measures by pipeline and slice out, with runs that can be checked elsewhere."""

from workbench.evaluation.datasets import Dataset, Query, load_dataset
from workbench.evaluation.evaluate import SCOPES, EvaluationReport, evaluate
from workbench.evaluation.measures import DEFAULT, per_query
from workbench.evaluation.runs import read_trec, write_trec

__all__ = [
    "DEFAULT",
    "SCOPES",
    "Dataset",
    "EvaluationReport",
    "Query",
    "evaluate",
    "load_dataset",
    "per_query",
    "read_trec",
    "write_trec",
]
