"""What was found, in forms to take away: values for files, pages to look at, and marked pictures."""

from workbench.exports.formats import FORMATS, ExportFormat, export_format, filename
from workbench.exports.found import Found, FoundPage
from workbench.exports.records import explain_record, search_record

__all__ = [
    "FORMATS",
    "ExportFormat",
    "Found",
    "FoundPage",
    "explain_record",
    "export_format",
    "filename",
    "search_record",
]
