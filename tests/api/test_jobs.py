"""What a job says of itself, in words."""

from dataclasses import replace

import pytest

from workbench.answers.jobs import KINDS, FileOfJob, JobState
from workbench.types import DocumentOutcome, Job, PageFailureRecord, Progress


def state(kind, indexed=0, message="", names=("a.pdf",)):
    documents = tuple(DocumentOutcome(name, indexed, indexed, 0) for name in names)
    progress = Progress((), indexed, indexed, 1.0, "", documents)
    return JobState.of(Job("1", "re {ports}", "done", progress, message, "", kind, "reader"))


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (state("ingest", 1), ("Adding files", "adding to re {ports}", "1 page added to re {ports}.")),
        (
            state("embed", 1200),
            ("Embedding", "embedding re {ports} with reader", "1,200 pages of re {ports} embedded with reader."),
        ),
        (state("delete", message="All gone."), ("Deleting", "deleting a.pdf", "All gone.")),
        (state("delete", names=()), ("Deleting", "deleting all of re {ports}", "")),
    ],
)
def test_a_job_says_what_it_is_does_and_did(job, words):
    assert (job.name, job.doing, job.outcome) == words


FILE = DocumentOutcome("a.pdf", pages=3, indexed=3, skipped=0)
GAP = PageFailureRecord(2, "damaged")


@pytest.mark.parametrize(
    ("change", "active", "said", "bad"),
    [
        ({}, True, "Done", False),
        ({"skipped": 3, "indexed": 0}, True, "Already here", False),
        ({"pages": 0, "reason": "damaged"}, True, "Not read", True),
        ({"pages": 0, "reason": "of no kind that is read", "left_out": True}, True, "Not read", False),
        ({"failed": (GAP,)}, True, "Done, with gaps", True),
        ({"state": "reading"}, True, "Reading", False),
        ({"state": "waiting"}, True, "Waiting", False),
        ({"state": "reading"}, False, "Stopped", False),
        ({"state": "waiting"}, False, "Not begun", False),
        ({"state": "waiting", "skipped": 3, "indexed": 0}, True, "Already here", False),
    ],
)
def test_a_file_of_a_job_says_how_far_it_is(change, active, said, bad):
    found = FileOfJob.of(replace(FILE, **change), active)
    assert (found.said, found.bad, found.name) == (said, bad, "a.pdf")


def test_every_kind_of_work_has_words(workbench):
    kinds = [*workbench.jobs._runs]
    assert len(kinds) > 5 and {*kinds} == {*KINDS}
    for job in map(state, kinds):
        assert job.name and job.doing and "{" not in job.doing.replace("{ports}", "")
