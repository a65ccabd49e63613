"""What the tab Evaluate asks for; see `actions` for how actions are answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.uploads import Uploads
from workbench.errors import InputError, NotFoundError
from workbench.evaluation import DEFAULT, SCOPES
from workbench.service.evaluation import FORMS
from workbench.ui import evaluate_payload, payload
from workbench.ui.requests import ref, text, whole

if TYPE_CHECKING:
    from workbench.service import Workbench

Json = dict[str, Any]
MAX_TEXTS = 50
"""Texts in a list that a request may hold."""


class Evaluate:
    """The tab's requests, answered by one workbench."""

    def __init__(self, workbench: Workbench, uploads: Uploads) -> None:
        self.workbench = workbench
        self.uploads = uploads

    def own(self) -> Sequence[Callable[[Json], Any]]:
        """The actions of this tab."""
        return (
            self.evaluations,
            self.evaluation_jobs,
            self.start_evaluation,
            self.delete_evaluation,
            self.evaluation_report,
            self.evaluation_outcomes,
            self.evaluation_question,
            self.export_evaluation,
            self.note_question,
            self.judge,
            self.judgements,
            self.judged_dataset,
            self.bring_dataset,
            self.make_dataset,
            self.check_dataset,
            self.remove_dataset,
            self.ingest_dataset,
        )

    # -- records ------------------------------------------------------------------------------------------------------

    def evaluations(self, _: Json) -> Json:
        """Everything the tab needs first: datasets, records, what is running, and what there is to choose from."""
        return {
            "datasets": [evaluate_payload.dataset(info) for info in self.workbench.datasets()],
            "records": [evaluate_payload.kept(brief) for brief in self.workbench.evaluations()],
            "jobs": self.evaluation_jobs({}),
            "measures": list(DEFAULT),
            "scopes": list(SCOPES),
            "forms": [{"file": name, "title": title} for name, title in FORMS.items()],
        }

    def evaluation_jobs(self, _: Json) -> list[Json]:
        """Evaluations that run, wait or were stopped."""
        return [evaluate_payload.job(found) for found in self.workbench.evaluation_jobs()]

    def start_evaluation(self, request: Json) -> Json:
        """Start measuring; the job outlives this request and the page."""
        started = self.workbench.start_evaluation(
            text(request, "dataset"),
            text(request, "collection"),
            _texts(request, "pipelines"),
            text(request, "scope"),
            _texts(request, "measures") or DEFAULT,
        )
        return evaluate_payload.job(started)

    def delete_evaluation(self, request: Json) -> Json:
        """Delete a record with its notes."""
        self.workbench.delete_evaluation(text(request, "name"))
        return {}

    def evaluation_report(self, request: Json) -> Json:
        """Records set against each other on one measure, and what each says of itself."""
        names, measure = _texts(request, "names"), text(request, "measure")
        return {
            "reports": self.workbench.compare_evaluations(names, measure),
            "records": {name: evaluate_payload.record(self.workbench.evaluation(name)) for name in names},
        }

    def evaluation_outcomes(self, request: Json) -> list[Json]:
        """Every question of one pipeline of a record, failures first."""
        name = text(request, "name")
        found = self.workbench.outcomes(name, text(request, "pipeline"), text(request, "measure"))
        return evaluate_payload.outcomes(self.workbench.evaluation(name), found, self.workbench.notes(name))

    def evaluation_question(self, request: Json) -> Json:
        """One question of a record, with what was judged for it since."""
        record = self.workbench.evaluation(text(request, "name"))
        found = evaluate_payload.question(record, text(request, "question"), {})
        try:
            judged = self.workbench.judgements(found["text"], record.collection.name)
        except NotFoundError:
            return {**found, "gone": True}  # the collection was deleted since: nothing to look at or to judge
        return {**found, "judged": judged, "gone": False}

    def export_evaluation(self, request: Json) -> Json:
        """A record, or a report of several, as a file."""
        form, names = text(request, "form"), _texts(request, "names")
        content = self.workbench.export_evaluation(names, form, text(request, "pipeline"))
        return {"name": f"{'-'.join(names)[:80]}-{form}", "content": content}

    # -- what people say of them --------------------------------------------------------------------------------------

    def note_question(self, request: Json) -> Json:
        """Tags and a note for a question of a record."""
        words, tags = text(request, "text"), _texts(request, "tags")
        return asdict(self.workbench.note(text(request, "name"), text(request, "question"), tags, words))

    def judge(self, request: Json) -> Json:
        """Grade a page for a query, or take the grade back (no grade given)."""
        grade = None if request.get("grade") is None else whole(request, "grade", 0, 0, 3)
        return self.workbench.judge(text(request, "query"), ref(request), text(request, "collection"), grade)

    def judgements(self, request: Json) -> Json:
        """Grades by page that were given for a query."""
        return self.workbench.judgements(text(request, "query"), text(request, "collection"))

    def judged_dataset(self, request: Json) -> Json:
        """Everything judged in a collection as a dataset."""
        made = self.workbench.judged_dataset(text(request, "collection"), text(request, "name").strip())
        return evaluate_payload.dataset(made)

    # -- datasets -----------------------------------------------------------------------------------------------------

    def bring_dataset(self, request: Json) -> Json:
        """A dataset by its folder's path, or a benchmark by its name."""
        path = text(request, "path").strip()
        if not path:
            raise InputError("Write where the dataset's folder is.")
        return evaluate_payload.dataset(self.workbench.bring_dataset(path))

    def make_dataset(self, request: Json) -> Json:
        """A dataset over a collection from an upload of questions and labels."""
        batch = text(request, "batch")
        sent = {path.name: path for path in self.uploads.paths(batch)}
        try:
            questions, labels = _sent(sent, request, "questions"), _sent(sent, request, "labels")
            if questions is None:
                raise InputError("Choose a file of questions.")
            collection, name = text(request, "collection"), text(request, "name")
            return evaluate_payload.dataset(self.workbench.make_dataset(name, collection, questions, labels))
        finally:
            self.uploads.discard(batch)

    def check_dataset(self, request: Json) -> Json:
        """What a dataset holds, and what would spoil its figures."""
        return asdict(self.workbench.check_dataset(text(request, "dataset")))

    def remove_dataset(self, request: Json) -> Json:
        """Take a dataset off the shelf."""
        self.workbench.remove_dataset(text(request, "dataset"))
        return {}

    def ingest_dataset(self, request: Json) -> Json:
        """Index a dataset's own documents into a collection, as a job."""
        return payload.job(self.workbench.ingest_dataset(text(request, "dataset"), text(request, "collection")))


def _texts(request: Mapping[str, Any], key: str) -> list[str]:
    """A list of texts, empty when it is absent."""
    value = request.get(key, [])
    if not isinstance(value, list) or len(value) > MAX_TEXTS or not all(isinstance(item, str) for item in value):
        raise InputError(f"{key!r} must be a list of at most {MAX_TEXTS} texts.")
    return value


def _sent(files: Mapping[str, Path], request: Mapping[str, Any], key: str) -> Path | None:
    """The uploaded file that a request names; None when it names none."""
    name = text(request, key)
    if name and name not in files:
        raise InputError(f"The file '{name}' did not arrive; choose it again.")
    return files.get(name)
