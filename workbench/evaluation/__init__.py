"""Evaluation: datasets in, measures by pipeline and slice out, with runs that can be checked elsewhere."""

from workbench.evaluation.datasets import Dataset, Query, load_dataset
from workbench.evaluation.evaluate import SCOPES, Searcher, evaluate
from workbench.evaluation.files import ready, summary, write
from workbench.evaluation.measures import DEFAULT, parsed, per_query
from workbench.evaluation.record import Record, changes, differences, load
from workbench.evaluation.runs import read_trec, write_trec

__all__ = [
    "DEFAULT",
    "SCOPES",
    "Dataset",
    "Query",
    "Record",
    "Searcher",
    "changes",
    "differences",
    "evaluate",
    "load",
    "load_dataset",
    "parsed",
    "per_query",
    "read_trec",
    "ready",
    "summary",
    "write",
    "write_trec",
]
