"""What was found, in forms to take away: values for files, pages to look at, and marked pictures."""

from workbench.exports.records import explain_record, search_record

__all__ = ["explain_record", "search_record"]
