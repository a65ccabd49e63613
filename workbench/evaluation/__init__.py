"""Evaluation: datasets in, measures by pipeline and slice out, with runs that can be checked elsewhere."""

from workbench.evaluation import mteb
from workbench.evaluation.checking import DatasetCheck, check
from workbench.evaluation.comparing import RecordComparison, between, labels, within
from workbench.evaluation.datasets import Dataset, Question, load_dataset, only, together
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.files import ready, write
from workbench.evaluation.imports import TASKS, bring
from workbench.evaluation.measures import DEFAULT, parsed, per_query
from workbench.evaluation.parts import Parts
from workbench.evaluation.record import Record, changes, differences, load
from workbench.evaluation.runs import read_qrels, read_run, read_trec, write_qrels, write_trec
from workbench.evaluation.scopes import SCOPES
from workbench.evaluation.searcher import Searcher
from workbench.evaluation.sweeps import expanded

__all__ = [
    "DEFAULT",
    "SCOPES",
    "TASKS",
    "Dataset",
    "DatasetCheck",
    "Parts",
    "Question",
    "Record",
    "RecordComparison",
    "Searcher",
    "between",
    "bring",
    "changes",
    "check",
    "differences",
    "evaluate",
    "expanded",
    "labels",
    "load",
    "load_dataset",
    "mteb",
    "only",
    "parsed",
    "per_query",
    "read_qrels",
    "read_run",
    "read_trec",
    "ready",
    "together",
    "within",
    "write",
    "write_qrels",
    "write_trec",
]
