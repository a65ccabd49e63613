"""Reports of evaluation records: tables for people and files, and one HTML page with charts and pictures."""

from workbench.evaluation.reports.contents import TABLES, named
from workbench.evaluation.reports.document import FORMS, summary, values, written
from workbench.evaluation.reports.pictures import Pages, Pictures, StoredPages
from workbench.evaluation.reports.verdicts import Verdicts
from workbench.evaluation.reports.view import View, views
from workbench.table import Table

__all__ = [
    "FORMS",
    "TABLES",
    "Pages",
    "Pictures",
    "StoredPages",
    "Table",
    "Verdicts",
    "View",
    "named",
    "summary",
    "values",
    "views",
    "written",
]
