"""Staged retrieval: the pipeline's text form, the filter language, and the engine that runs them."""

from workbench.retrieval.engine import Encode, Encoded, search_stages
from workbench.retrieval.filters import FIELDS, META_SUMMARY, document_filter, parse_filter
from workbench.retrieval.pipeline import PRESET_REASONS, PRESETS, RECOMMENDED, STAGES, Pipeline, Step
from workbench.retrieval.queries import QueryCache
from workbench.retrieval.run import weighted

__all__ = [
    "FIELDS",
    "META_SUMMARY",
    "PRESETS",
    "PRESET_REASONS",
    "RECOMMENDED",
    "STAGES",
    "Encode",
    "Encoded",
    "Pipeline",
    "QueryCache",
    "Step",
    "document_filter",
    "parse_filter",
    "search_stages",
    "weighted",
]
