"""Staged retrieval: the pipeline's text form, the filter language, and the engine that runs them."""

from workbench.retrieval.engine import search_stages
from workbench.retrieval.filters import FIELDS, META_SUMMARY, document_filter, parse_filter
from workbench.retrieval.pipeline import PRESET_REASONS, PRESETS, RECOMMENDED, STAGES, Pipeline, Step, is_worthwhile
from workbench.retrieval.queries import Encoded, QueryCache, QueryModels
from workbench.retrieval.run import weighted

__all__ = [
    "FIELDS",
    "META_SUMMARY",
    "PRESETS",
    "PRESET_REASONS",
    "RECOMMENDED",
    "STAGES",
    "Encoded",
    "Pipeline",
    "QueryCache",
    "QueryModels",
    "Step",
    "document_filter",
    "is_worthwhile",
    "parse_filter",
    "search_stages",
    "weighted",
]
