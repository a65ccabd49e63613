"""Who may only look is offered nothing that changes anything: every tab, dialog and key, with all that is in it."""

import json

import pytest

from tests.browser.conftest import serving
from tests.browser.driving import opened, write_pdf

pytestmark = pytest.mark.browser
SEARCHED = "c=documents&q=whales+sing+songs"
PLACES = {
    "Library": "?view=library&c=documents&doc=whales.pdf",
    "Another library": "?view=library&c=empty",
    "Search": f"?{SEARCHED}",
    "A stage that lacks its index": f"?{SEARCHED}&p=columns:9+%3E+full:3",
    "Page": f"?view=page&{SEARCHED}&ref=whales.pdf%23page%3D1",
    "Compare": f"?view=compare&{SEARCHED}",
    "Evaluate": "?view=evaluate&c=documents",
    "System": "?view=system&c=documents",
}
DIALOGS = {"models": "Models", "views": "Saved views", "saved": "Saved searches", "keys": "Keyboard"}
EDITS = {
    "Library": [
        "New collection",
        "Rename",
        "Delete collection",
        "Choose files",
        "Choose a folder",
        "Resume",
        "Select all documents",
        "Select whales.pdf",
        "Delete whales.pdf",
        "Read it again, another way",
        "Add an encoder",
        "Add an index",
    ],
    "Search": ["Save"],
    "A stage that lacks its index": ["Make it now"],
    "Page": ["whales.pdf page 1: relevant"],
    "Evaluate": ["New evaluation", "Delete this evaluation"],
    "System": [
        "Compact",
        "Measure",
        "Look for them",
        "Put a page or document away…",
        "Release whales.pdf#page=3",
        "Run again: Adding files of documents",
    ],
    "models": ["Unload"],
    "views": ["Delete the view ours"],
    "saved": ["Delete the saved search songs"],
}
"""What is offered in these places to who may change something."""
KEYS = "gbha1+-0r[]jkc?"
HELPERS = """
/* What can be pressed now, as [name, element]: in the dialog that is open, else on the whole page. Links lead to places
   that are walked in their own right. */
const PRESSED = "button, summary, input[type=checkbox], input[type=radio], input[type=file], select";
window.offered = () => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  const within = [...document.querySelectorAll("dialog[open]")].at(-1) || document;
  const named = (one) => one.getAttribute("aria-label") || (one.labels?.[0] || one).innerText;
  return [...within.querySelectorAll(PRESSED)]
    .filter((one) => one.checkVisibility() && !one.disabled)
    .map((one) => [named(one).trim().replace(/\\s+/g, " ") || one.title, one]);
};
/* Where a control stands: what has another name elsewhere is another control. */
const place = () => [pagelens.state.view, document.querySelector("dialog[open] h2")?.innerText ?? ""];
window.standing = () => offered().map(([name]) => [...place(), name]);
/* Press it, and say whether it was still there. */
window.press = (control) => {
  for (const field of document.querySelectorAll("dialog[open] input:not([type=checkbox], [type=radio], [type=file])"))
    field.value ||= "words";
  const found = offered().find(([name]) => JSON.stringify([...place(), name]) === JSON.stringify(control));
  if (found) found[1].click();
  return Boolean(found);
};
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server that asks for a log-in, over a home with something of every kind, and the token of each of two roles."""
    from workbench.api.access import new_token, permit_line, token_line
    from workbench.permits import Permit
    from workbench.service import Workbench
    from workbench.settings import Settings
    from workbench.types import PageRef

    home = tmp_path_factory.mktemp("guarded")
    bench = Workbench(Settings(home=home))
    sea = write_pdf(home / "whales.pdf", ["The blue whale is large", "Humpback whales sing songs", "Whales dive deep"])
    bread = write_pdf(home / "bread.pdf", ["Bake the bread in a hot oven"])
    job = bench.jobs.wait(bench.ingestion.start([sea, bread], "documents").id)
    bench.library.create("empty")
    bench.maintenance.quarantine("documents", PageRef("whales.pdf", 3), "for the test")
    bench.maintenance.audit("documents")
    bench.judgements.judge("songs", PageRef("whales.pdf", 2), "documents", 2)
    bench.judgements.judge("songs of bread", PageRef("bread.pdf", 1), "documents", 1)
    bench.datasets.judged("documents", "judged")
    bench.jobs.wait(bench.evaluations.start("judged", "documents", ["exact", "bm25:1 > full:1"]).job.id)
    bench.saved_searches.save("songs", "whales sing songs", "documents", "two-stage")
    bench.saved_views.save("ours", "documents", "?view=system&c=documents")
    bench.close()
    path = home / "jobs" / f"{job.id}.json"
    record = json.loads(path.read_text())
    record["job"]["state"] = "stopped"
    path.write_text(json.dumps(record))
    permits = {
        "edit": Permit(),
        "view": Permit(False),
        "one": Permit(collections=frozenset({"documents"})),
        "more": Permit(collections=frozenset({"documents", "reports"})),
    }
    tokens = {role: new_token() for role in permits}
    lines = [
        [f"{role}:{token_line(tokens[role])}", f"{role}:{permit_line(permit)}"] for role, permit in permits.items()
    ]
    accounts = home / "accounts"
    accounts.write_text("\n".join(line for pair in lines for line in pair))
    with serving(home, "--auth", str(accounts)) as address:
        yield address, tokens


@pytest.fixture
def visitor(browser, guarded):
    """Opens the page as an account of a role."""
    address, tokens = guarded
    visitors = []

    def at(role):
        visitors.append(Visitor(browser, address, tokens[role]))
        return visitors[-1]

    yield at
    for one in visitors:
        assert one.page.seen.problems == []
        one.page.close()


class Visitor:
    """A page, what it asks the server for, and what it was refused."""

    def __init__(self, browser, address, token):
        self.address, self.asked, self.refused = address, set(), []
        self.page = opened(browser, address, headers={"Authorization": f"Bearer {token}"})
        self.page.add_init_script(HELPERS)
        self.page.on("request", lambda one: self.asked.add(one))
        self.page.on("requestfailed", lambda one: self.asked.discard(one))
        self.page.on("requestfinished", lambda one: self.asked.discard(one))
        self.page.on("response", self.heard)

    def heard(self, answer):
        if answer.status in (401, 403):
            self.refused.append(f"{answer.request.method} {answer.url}")

    def settle(self):
        """Wait until all is drawn and nothing is asked for any more, thrice, as what is answered may be asked about."""
        calm = 0
        while calm < 3:
            self.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
            calm = 0 if self.asked else calm + 1

    def go(self, place):
        self.asked.clear()
        self.page.goto(f"{self.address}/{place}")
        self.page.wait_for_function("document.documentElement?.dataset.pagelens === 'ready'")
        self.settle()

    def offered(self):
        return self.page.evaluate("offered().map(([name]) => name)")

    def standing(self):
        """The controls that are offered, each as view, dialog, name."""
        return [tuple(control) for control in self.page.evaluate("standing()")]

    def press(self, control):
        """Press it; False where it went by itself meanwhile."""
        there = self.page.evaluate("(control) => press(control)", list(control))
        self.settle()
        return there


def test_only_who_may_change_something_is_offered_to(visitor):
    editing, viewing = visitor("edit"), visitor("view")
    for name, edits in EDITS.items():
        for one in (editing, viewing):
            one.go(PLACES.get(name) or f"?{SEARCHED}&dialog={name}")
        editing.page.wait_for_function(
            "(names) => names.every((name) => offered().some(([one]) => one === name))", arg=edits
        )
        viewing.settle()
        assert [edit for edit in edits if edit in viewing.offered()] == [], name


def test_who_may_only_look_looks_over_a_dataset(visitor):
    viewing = visitor("view")
    viewing.go(PLACES["Evaluate"])
    viewing.page.get_by_role("button", name="Check the dataset judged").click()
    viewing.page.wait_for_selector("#pl-dataset-counts")
    assert viewing.refused == []


def test_who_is_limited_to_some_collections_is_offered_no_other_name(visitor):
    one, more = visitor("one"), visitor("more")
    for visiting in (one, more):
        visiting.go(PLACES["Library"])
    assert {"Delete collection", "Choose files"} <= {*one.offered()}
    assert {"New collection", "Rename"} & {*one.offered()} == set()
    assert {"New collection", "Rename"} <= {*more.offered()}
    more.page.get_by_role("button", name="New collection").click()
    assert more.page.locator("#pl-new-name option").all_inner_texts() == ["reports"]
    more.page.get_by_role("button", name="Create").click()
    more.page.wait_for_function(
        "pagelens.state.collection === 'reports' && pagelens.state.overview.may_name.length === 0"
    )
    assert more.refused == []
    more.page.get_by_role("button", name="Delete collection").click()
    more.page.get_by_role("button", name="Delete it all").click()
    more.page.wait_for_function("pagelens.state.overview.may_name.length === 1")
    assert more.refused == []


def test_documents_of_a_dataset_go_where_the_account_may_put_them_and_it_is_said_where(visitor):
    one, edit = visitor("one"), visitor("edit")
    for visiting in (one, edit):
        visiting.go(PLACES["Evaluate"])
        visiting.page.get_by_role("button", name="New evaluation").click()
        visiting.page.select_option("#pl-eval-dataset", "sample")
    places = [visiting.page.locator("#pl-eval-collection option").all_inner_texts() for visiting in (one, edit)]
    assert places == [["documents"], ["documents", "empty", "sample (new)"]]
    one.page.get_by_role("button", name="Index its documents in documents").wait_for()
    edit.page.get_by_role("button", name="Index its documents in documents").wait_for()
    edit.page.select_option("#pl-eval-collection", "sample")
    edit.page.get_by_role("button", name="Index its documents in sample").wait_for()
    assert one.refused == [] and edit.refused == []


def test_nothing_that_is_offered_to_who_may_only_look_is_refused(visitor):
    viewing = visitor("view")
    pressed = set()
    for place in PLACES.values():
        away = True
        while away:
            viewing.go(place)
            here, before = viewing.page.url, len(pressed)
            while left := [control for control in viewing.standing() if control not in pressed]:
                left.sort(key=lambda control: control[2] in ("Cancel", "Close"))  # once all else in a dialog is pressed
                if viewing.press(left[0]):
                    pressed.add(left[0])
            away = len(pressed) > before and viewing.page.url != here
        for key in KEYS:
            viewing.page.keyboard.press(key)
        viewing.settle()
        assert viewing.refused == [], place
    assert {view for view, *_ in pressed} == {"library", "search", "page", "compare", "evaluate", "system"}
    assert {title for _, title, _ in pressed} >= set(DIALOGS.values())
