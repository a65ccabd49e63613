"""Benchmarks by the names MTEB gives them: which repository of the hub holds them, and which measure they report.

ViDoRe v1 and v2 are compared by nDCG@5, v3 by nDCG@10; v3.1 (MTEB's names end in ``.v2``) is v3 with the OCR text of
each page. MMDocIR is compared by recall within each of ten domains, REAL-MM-RAG by its most rephrased questions.
Version 1 of ViDoRe is taken in its retrieval form (questions, pages and labels apart), as MTEB does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BenchmarkTask:
    """A benchmark: its repository, the measure it is known by, and the split that MTEB evaluates."""

    repository: str
    measure: str
    split: str = "test"


def _v1(name: str) -> BenchmarkTask:
    return BenchmarkTask(f"vidore/{name}_beir", "nDCG@5")


def _v3_1(name: str) -> BenchmarkTask:
    return BenchmarkTask(f"mteb/Vidore3{name}OCRRetrieval", "nDCG@10")


def _real(name: str) -> BenchmarkTask:
    return BenchmarkTask(f"ibm-research/REAL-MM-RAG_{name}_BEIR", "nDCG@5")


TASKS: Mapping[str, BenchmarkTask] = {
    "VidoreArxivQARetrieval": _v1("arxivqa_test_subsampled"),
    "VidoreDocVQARetrieval": _v1("docvqa_test_subsampled"),
    "VidoreInfoVQARetrieval": _v1("infovqa_test_subsampled"),
    "VidoreTabfquadRetrieval": _v1("tabfquad_test_subsampled"),
    "VidoreTatdqaRetrieval": _v1("tatdqa_test"),
    "VidoreShiftProjectRetrieval": _v1("shiftproject_test"),
    "VidoreSyntheticDocQAAIRetrieval": _v1("syntheticDocQA_artificial_intelligence_test"),
    "VidoreSyntheticDocQAEnergyRetrieval": _v1("syntheticDocQA_energy_test"),
    "VidoreSyntheticDocQAGovernmentReportsRetrieval": _v1("syntheticDocQA_government_reports_test"),
    "VidoreSyntheticDocQAHealthcareIndustryRetrieval": _v1("syntheticDocQA_healthcare_industry_test"),
    "Vidore2ESGReportsRetrieval": BenchmarkTask("vidore/esg_reports_v2", "nDCG@5"),
    "Vidore2EconomicsReportsRetrieval": BenchmarkTask("vidore/economics_reports_v2", "nDCG@5"),
    "Vidore2BioMedicalLecturesRetrieval": BenchmarkTask("vidore/biomedical_lectures_v2", "nDCG@5"),
    "Vidore2ESGReportsHLRetrieval": BenchmarkTask("vidore/esg_reports_human_labeled_v2", "nDCG@5"),
    "Vidore3FinanceEnRetrieval": BenchmarkTask("vidore/vidore_v3_finance_en", "nDCG@10"),
    "Vidore3FinanceFrRetrieval": BenchmarkTask("vidore/vidore_v3_finance_fr", "nDCG@10"),
    "Vidore3IndustrialRetrieval": BenchmarkTask("vidore/vidore_v3_industrial", "nDCG@10"),
    "Vidore3ComputerScienceRetrieval": BenchmarkTask("vidore/vidore_v3_computer_science", "nDCG@10"),
    "Vidore3PharmaceuticalsRetrieval": BenchmarkTask("vidore/vidore_v3_pharmaceuticals", "nDCG@10"),
    "Vidore3HrRetrieval": BenchmarkTask("vidore/vidore_v3_hr", "nDCG@10"),
    "Vidore3EnergyRetrieval": BenchmarkTask("vidore/vidore_v3_energy", "nDCG@10"),
    "Vidore3PhysicsRetrieval": BenchmarkTask("vidore/vidore_v3_physics", "nDCG@10"),
    "Vidore3FinanceEnRetrieval.v2": _v3_1("FinanceEn"),
    "Vidore3FinanceFrRetrieval.v2": _v3_1("FinanceFr"),
    "Vidore3IndustrialRetrieval.v2": _v3_1("Industrial"),
    "Vidore3ComputerScienceRetrieval.v2": _v3_1("ComputerScience"),
    "Vidore3PharmaceuticalsRetrieval.v2": _v3_1("Pharmaceuticals"),
    "Vidore3HrRetrieval.v2": _v3_1("Hr"),
    "Vidore3EnergyRetrieval.v2": _v3_1("Energy"),
    "Vidore3PhysicsRetrieval.v2": _v3_1("Physics"),
    "MMDocIRT2ITRetrieval": BenchmarkTask("mteb/MMDocIRT2ITRetrieval", "R@5", "train"),
    "RealMMRAGFinReportRetrieval": _real("FinReport"),
    "RealMMRAGFinSlidesRetrieval": _real("FinSlides"),
    "RealMMRAGTechReportRetrieval": _real("TechReport"),
    "RealMMRAGTechSlidesRetrieval": _real("TechSlides"),
}
