"""The tab Evaluate as a person walks it: add questions, measure, follow a lost page, note it, judge, export."""

import json

import pytest

from tests.browser.driving import caught, opened, search, show, wait_for_held
from tests.browser.test_accessibility import judge
from workbench import evaluation
from workbench.evaluation.losses import LOST, outcomes

pytestmark = pytest.mark.browser
QUESTIONS = """text,page,grade
bread in a hot oven,bread.pdf#page=1,1
the largest animal,whales.pdf#page=1,2
songs and the largest animal,whales.pdf#page=1,1
songs and the largest animal,whales.pdf#page=2,1
"""
BAD = "bm25:1 > full:1"


@pytest.fixture(scope="module")
def measured(browser, address, filled, home, tmp_path_factory):
    """A dataset added and an evaluation run through the page; returns the folder of its record."""
    file = tmp_path_factory.mktemp("sent") / "asked.csv"
    file.write_text(QUESTIONS, encoding="utf-8")
    page = opened(browser, address)
    show(page, "Evaluate")
    page.click("#pl-dataset-add")
    page.set_input_files("#pl-dataset-questions", str(file))
    assert page.input_value("#pl-dataset-name") == "asked"
    page.click("dialog .pl-primary")
    page.wait_for_selector("#pl-eval-about:has-text('3 questions')")
    assert "about the pages of documents" in page.inner_text("#pl-eval-about")
    # What a search of the collection runs, beside what it stands in for.
    page.wait_for_selector("#pl-measuring .pl-chip[aria-pressed=true]:text-is('accurate')")
    assert set(page.locator("#pl-measuring .pl-chip[aria-pressed=true]").all_inner_texts()) == {"exact", "accurate"}
    page.click("#pl-measuring .pl-chip:text-is('accurate')")  # off
    page.fill("#pl-eval-own", BAD)
    page.press("#pl-eval-own", "Enter")
    page.fill("#pl-eval-measures", "nDCG@5 R@1")
    page.click("#pl-eval-start")
    page.wait_for_selector("#pl-systems")
    page.wait_for_selector("#pl-failures li")
    assert page.locator(".pl-evaluate .pl-job:visible").count() == 0
    assert page.locator("#pl-measuring").is_hidden()
    assert page.seen.problems == []
    name = page.locator(".pl-record input:checked").get_attribute("value")
    page.close()
    return home / "evaluations" / name


@pytest.fixture
def page(browser, address, measured):
    """The tab with the record shown, as its address restores it."""
    found = opened(browser, address, f"?e={measured.name}")
    found.wait_for_selector("#pl-failures li")
    yield found
    assert found.seen.problems == []
    found.close()


def test_the_figures_are_the_records(page, measured):
    record = evaluation.load(measured)
    assert list(record.pipelines) == ["exact", BAD]
    for row, name in zip(page.locator("#pl-systems tbody tr").all(), record.pipelines, strict=True):
        cells = row.locator("th, td").all_inner_texts()
        means = record.mean(name)
        comparison = evaluation.within(record).means[name]
        assert cells[0] == name
        assert cells[1].split() == [f"{means['nDCG@5']:.3f}", f"{comparison.low:.3f}", "to", f"{comparison.high:.3f}"]
        assert cells[2] == f"{means['R@1']:.3f}"
    handed = page.locator("#pl-systems tbody tr").nth(1).locator("td").nth(3).inner_text()
    assert handed.split() == [f"{record.recall_at(BAD, 'bm25'):.3f}", "bm25:1"]
    # Three questions cannot tell anything apart, and the page does not pretend they do.
    assert page.locator("#pl-systems sup, #pl-systems b").count() == 0
    assert page.inner_text("#pl-finding").startswith("No winner: exact has the highest nDCG@5")


def test_lost_pages_are_counted_by_stage_and_lead_to_their_questions(page, measured):
    record = evaluation.load(measured)
    lost = record.lost_at(BAD)["bm25"]
    assert lost > 0
    chip = page.locator(".pl-loss").nth(1).locator("[data-fate=bm25]")
    assert chip.inner_text() == f"lost at bm25:1: {lost}"
    bars = page.locator(".pl-loss").nth(1).locator(".pl-loss-bar i")
    widths = [bar.bounding_box()["width"] for bar in bars.all()]
    assert widths[1] / sum(widths) == pytest.approx(lost / 4, abs=0.02)
    chip.click()
    page.wait_for_selector("#pl-failures .pl-bad-text")
    found = [outcome for outcome in outcomes(record, BAD) if any(fate.state == LOST for fate in outcome.page_outcomes)]
    assert page.locator("#pl-failures li").count() == len(found)
    first = page.locator("#pl-failures li").first
    assert first.get_attribute("data-question") == found[0].question
    fate = next(fate for fate in found[0].page_outcomes if fate.state == LOST)
    rank = f"rank {fate.rank}, 1 kept" if fate.rank else "not among the pages it ranked"
    assert f"lost at bm25:1: {rank}" in first.inner_text()


def test_the_cure_of_a_lost_page_searches_and_finds_it(page):
    page.locator(".pl-loss").nth(1).locator("[data-fate=bm25]").click()
    page.wait_for_selector("#pl-failures .pl-bad-text")
    page.locator("#pl-failures summary", has_text="songs").click()
    page.click("#pl-failures .pl-link >> text=Search with bm25:2 > full:1")
    page.wait_for_selector(".pl-status[data-complete=yes]")
    assert page.input_value("#pl-query") == "songs and the largest animal"
    assert page.input_value("#pl-pipeline") == "bm25:2 > full:1"
    assert "q=songs" in page.url


def test_a_failure_opens_the_page_that_was_missed_with_its_heat(page, home):
    page.locator(".pl-loss").nth(1).locator("[data-fate=bm25]").click()
    page.wait_for_selector("#pl-failures .pl-bad-text")
    page.locator("#pl-failures summary", has_text="songs").click()
    page.wait_for_function("[...document.querySelectorAll('.pl-failure-pages img')].every((i) => i.naturalWidth > 0)")
    page.click("#pl-failures >> text=Open the page and its heat")
    page.wait_for_selector("#pl-ledger tbody tr")
    assert page.inner_text(".pl-view-title") == "whales.pdf"
    for key, grade in (("g", 1), ("b", 0)):
        page.keyboard.press(key)
        page.wait_for_function(f"document.querySelectorAll('.pl-toast').length === {2 - grade}")
        assert page.locator(f"#pl-viewer .pl-judge input[value='{grade}']").is_checked()
        labels = evaluation.read_qrels(home / "judgements" / "documents" / "qrels.trec")
        assert [set(grades.values()) for grades in labels.values()] == [{grade}]
    page.check("#pl-viewer .pl-judge input[value='']", force=True)
    page.wait_for_function("document.querySelectorAll('.pl-toast').length === 3")
    assert (home / "judgements" / "documents" / "qrels.trec").read_text(encoding="utf-8") == ""
    show(page, "Evaluate")  # what was open still is
    assert page.locator("#pl-failures details[open]").count() == 1


OPEN = "(ref) => (({ document, page }) => `${document}#page=${page}`)(pagelens.state.page?.read || {}) === ref"


def test_questions_are_gone_through_with_the_page_that_should_be_found_beside_the_one_that_was(page, measured):
    record = evaluation.load(measured)
    all_of_them = outcomes(record, BAD)
    count = len(all_of_them)
    page.select_option("[aria-label='Pipeline whose questions are shown']", "1")
    page.wait_for_selector("#pl-failures .pl-bad-text")
    page.uncheck(".pl-questions-tools [type=checkbox]")
    page.wait_for_function(f"document.querySelectorAll('#pl-failures li').length === {count}")
    page.click("#pl-review")
    for at, outcome in enumerate(all_of_them, 1):
        page.wait_for_selector(f".pl-standing >> text=Question {at} of {count}")
        text = record.questions[outcome.question].text
        assert page.inner_text(".pl-review-query b") == page.evaluate("pagelens.state.query") == text
        page.wait_for_function(OPEN, arg=record.pipelines[BAD].answers[outcome.question].top[0].page)
        if outcome.failed:
            lost = next(fate.page for fate in outcome.page_outcomes if fate.state == LOST)
            pinned = page.wait_for_selector(".pl-pinned canvas[data-drawn]").bounding_box()
            stage = page.locator(".pl-stage").bounding_box()
            assert pinned["x"] >= stage["x"] + stage["width"]  # beside it
            assert page.get_attribute(".pl-pinned img", "alt") == lost.replace("#page=", ", page ")
            page.wait_for_selector(".pl-pinned .pl-why-lost")
        if at < count:
            page.keyboard.press("j")
    page.keyboard.press("k")
    page.wait_for_selector(f".pl-standing >> text=Question {count - 1} of {count}")
    page.click(".pl-review summary")
    page.fill(".pl-review .pl-noting input >> nth=0", "seen")
    page.click(".pl-review .pl-noting button")
    page.wait_for_selector(".pl-review summary >> text=seen")
    assert "seen" in (measured / "notes.json").read_text(encoding="utf-8")
    page.reload()  # the address has the evaluation, its pipeline, which questions are shown, and the one at hand
    page.wait_for_selector(f".pl-standing >> text=Question {count - 1} of {count}")
    page.click(".pl-to-results")
    page.wait_for_selector("#pl-failures li .pl-badge >> text=seen")
    (measured / "notes.json").unlink()


def test_a_question_is_unfolded_by_keys_and_has_an_address(page):
    page.select_option("[aria-label='Pipeline whose questions are shown']", "1")
    page.wait_for_selector("#pl-failures .pl-bad-text")
    page.keyboard.press("Escape")  # leaves the choice
    places = page.evaluate("history.length")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#pl-failures details[open] .pl-failure-pages")
    text = page.inner_text("#pl-failures details[open] .pl-failure-text")
    page.wait_for_function("location.search.includes('eq=')")
    assert page.evaluate("history.length") == places  # it is no place of its own, which Back would go through
    page.reload()
    page.wait_for_selector("#pl-failures details[open] .pl-failure-pages")
    assert page.inner_text("#pl-failures details[open] .pl-failure-text") == text


def test_the_expected_page_goes_along_to_the_search_and_to_the_page(page):
    page.locator(".pl-loss").nth(1).locator("[data-fate=bm25]").click()
    page.wait_for_selector("#pl-failures .pl-bad-text")
    page.locator("#pl-failures summary", has_text="songs").click()
    page.click("#pl-failures >> text=Open in Search")
    page.wait_for_selector(".pl-expected-said .pl-why-lost")  # without asking
    assert page.input_value("#pl-expected-document") == "whales.pdf"
    expected = page.evaluate("pagelens.state.expected")
    page.locator(".pl-hit-open").first.click()
    if page.evaluate("pagelens.state.open.page") != expected["page"]:
        page.wait_for_selector(".pl-pinned img")
    page.reload()
    page.wait_for_function("pagelens.state.expected")
    assert page.evaluate("pagelens.state.expected") == expected


def test_a_rectangle_in_the_plot_filters_by_hand_and_by_keys(page, measured):
    record = evaluation.load(measured)
    page.select_option("[aria-label='Pipeline whose questions are shown']", "1")
    page.wait_for_selector("#pl-failures .pl-bad-text")
    page.focus("[aria-label='What is plotted']")
    page.select_option("[aria-label='What is plotted']", "0")
    page.wait_for_selector("text=nDCG@5 of exact")
    label = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(label) == "What is plotted"  # a choice by keys does not throw one out
    a = dict(zip(record.questions, record.values("exact", "nDCG@5"), strict=True))
    b = dict(zip(record.questions, record.values(BAD, "nDCG@5"), strict=True))
    worse = [q for q in a if b[q] < a[q]]
    assert 0 < len(worse) < 3
    assert page.locator(".pl-scatter .pl-bubble-down").count() == len({(round(a[q], 2), round(b[q], 2)) for q in worse})
    bubble = page.locator(".pl-scatter .pl-bubble-down").first.bounding_box()
    x, y = bubble["x"] + bubble["width"] / 2, bubble["y"] + bubble["height"] / 2
    page.mouse.move(x - 15, y - 15)
    page.mouse.down()
    page.mouse.move(x + 15, y + 15, steps=4)
    page.mouse.up()
    page.wait_for_function(f"document.querySelectorAll('#pl-failures li').length === {len(worse)}")
    shown = page.locator("#pl-failures li").evaluate_all("(rows) => rows.map((row) => row.dataset.question)")
    assert set(shown) == set(worse)
    assert float(page.input_value("[data-end=y0]")) <= b[worse[0]] <= float(page.input_value("[data-end=y1]"))
    page.click(".pl-brush-form >> text=All")
    page.wait_for_function("document.querySelectorAll('#pl-failures li').length === 3")
    page.fill("[data-end=y1]", "0.9")
    page.press("[data-end=y1]", "Tab")
    page.wait_for_function(f"document.querySelectorAll('#pl-failures li').length === {len(worse)}")
    page.focus(".pl-scatter .pl-bubble[tabindex='0']")
    before = page.evaluate(label)
    page.keyboard.press("ArrowUp")
    after = page.evaluate(label)
    assert before != after
    page.keyboard.press("Enter")
    count = int(after.split()[0])
    page.wait_for_function(f"document.querySelectorAll('#pl-failures li').length === {count}")
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    page.keyboard.press("Escape")
    page.wait_for_function("document.querySelectorAll('#pl-failures li').length === 3")
    page.click(".pl-plot summary")
    cells = page.locator(".pl-plot .pl-twin tbody td:last-child").all_inner_texts()
    assert sum(map(int, cells)) == 3


def test_tags_and_notes_stay_beside_the_record(page, measured):
    page.click("#pl-failures summary")
    page.fill(".pl-noting input >> nth=0", "pooling, <b>look</b>")
    page.fill(".pl-noting input >> nth=1", "again")
    page.click(".pl-noting button")
    page.wait_for_selector("#pl-failures .pl-badge >> text=<b>look</b>")  # as text, not as markup
    question = page.locator("#pl-failures li").first.get_attribute("data-question")
    noted = json.loads((measured / "notes.json").read_text(encoding="utf-8"))
    assert noted == {question: {"tags": ["pooling", "<b>look</b>"], "text": "again"}}
    page.reload()
    page.wait_for_selector("#pl-failures .pl-badge >> text=pooling")
    page.select_option("[aria-label='Only questions with the tag']", "pooling")
    assert page.locator("#pl-failures > li").count() == 1


def test_a_page_is_judged_in_place_and_becomes_a_label(page, home):
    page.locator("#pl-failures summary").first.click()
    page.wait_for_selector(".pl-judge")
    row = page.locator(".pl-failure-pages > li").first
    ref = row.locator("b").get_attribute("title")
    row.locator(".pl-judge input[value='2']").focus()
    page.keyboard.press("Space")
    page.wait_for_function("document.activeElement.checked")
    labels = home / "judgements" / "documents"
    page.wait_for_timeout(50)
    page.click("#pl-eval-new")
    page.click("#pl-dataset-judged")
    page.fill("#pl-judged-name", "judged here")
    page.click("dialog .pl-primary")
    page.wait_for_selector("#pl-eval-about:has-text('1 question')")
    assert list(evaluation.read_qrels(labels / "qrels.trec").values()) == [{ref: 2}]
    assert page.input_value("#pl-eval-dataset") == "judged here"
    page.click("#pl-measuring >> text=Check it")
    page.wait_for_selector("dialog >> text=It is as it should be.")
    page.click("dialog button >> text=Close")


def test_what_people_search_for_is_kept_when_they_say_so_and_judged_into_a_dataset(page, browser, address):
    page.click("#pl-eval-new")
    page.click("#pl-dataset-asked")
    page.wait_for_selector("dialog >> text=Nothing is kept.")
    page.check("#pl-keep-asked")
    page.wait_for_selector("dialog >> text=Nothing was asked since.")
    page.click("dialog button >> text=Cancel")
    search(page, "who <b>sings</b> songs")
    show(page, "Evaluate")
    page.click("#pl-dataset-asked")
    page.wait_for_selector("#pl-asked tbody tr")
    cells = page.locator("#pl-asked tbody tr").first.locator("th, td").all_inner_texts()
    assert (cells[0], cells[1], cells[3]) == ("who <b>sings</b> songs", "1", "–")  # as text, not as markup
    page.click("#pl-asked [aria-label^='Judge: ']")
    page.locator(".pl-hit-open").first.click()
    page.wait_for_selector("#pl-ledger tbody tr")
    page.keyboard.press("g")
    page.wait_for_selector("#pl-viewer .pl-judge input[value='1']:checked", state="attached")
    show(page, "Evaluate")
    page.click("#pl-dataset-asked")
    page.wait_for_selector("#pl-asked tbody tr")
    assert page.locator("#pl-asked tbody td").nth(0).inner_text() == "1"  # judging it is no search of a person's
    assert page.locator("#pl-asked tbody td").nth(2).inner_text() == "1"
    page.click("dialog .pl-primary")
    page.fill("#pl-judged-name", "asked here")
    page.click("dialog .pl-primary")
    page.wait_for_function("document.querySelector('#pl-eval-dataset').value === 'asked here'")
    page.click("#pl-dataset-asked")
    page.wait_for_selector("#pl-asked tbody tr")
    held = []
    page.route("**/asked", lambda route: held.append(route))  # the server takes its time
    for turn in (page.uncheck, page.check, page.uncheck):
        turn("#pl-keep-asked")
    wait_for_held(page, held, 3)
    for _ in range(3):
        with page.expect_response("**/asked"):
            held.pop(0).continue_()
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        assert not page.is_checked("#pl-keep-asked")  # as the person left it
    reading = caught(page, held)  # it is kept, and what is kept is read anew
    assert not page.is_checked("#pl-keep-asked")
    reading.continue_()
    page.unroute("**/asked")
    page.click("text=Delete what was kept")
    page.wait_for_selector("dialog >> text=Nothing is kept.")
    page.click("dialog button >> text=Cancel")
    show(page, "Page")
    page.locator("#pl-viewer .pl-judge input[value='']").check(force=True)
    page.wait_for_selector("#pl-viewer .pl-judge input[value='']:checked", state="attached")


def test_a_view_is_kept_under_a_name_and_comes_back(page, browser, address):
    page.select_option("[aria-label='Pipeline whose questions are shown']", "1")
    page.fill("[aria-label='Only questions with these words']", "songs")
    page.wait_for_function("document.querySelectorAll('#pl-failures li').length === 1")
    page.click("[aria-label='Saved views']")
    page.fill("#pl-view-name", "songs <b>lost</b>")
    page.click("dialog .pl-form .pl-button")
    page.wait_for_selector("dialog >> text=songs <b>lost</b>")
    page.click("dialog button >> text=Close")
    other = opened(browser, address)
    other.click("[aria-label='Saved views']")
    other.click("dialog >> text=songs <b>lost</b>")
    other.wait_for_selector("#pl-failures li")
    assert other.locator("#pl-failures li").count() == 1
    assert other.input_value("[aria-label='Only questions with these words']") == "songs"
    assert other.input_value("[aria-label='Pipeline whose questions are shown']") == "1"
    other.keyboard.press("Backspace")  # it is a place of the history like others
    other.wait_for_function("pagelens.state.view === 'search'")
    other.click("[aria-label='Saved views']")
    other.click("[aria-label='Delete the view songs <b>lost</b>']")
    other.wait_for_selector("dialog >> text=No view is kept yet.")
    assert other.seen.problems == []
    other.close()


def test_exports_are_files_that_can_be_read_again(page, measured, tmp_path):
    for form, name in (("run.trec", "run.trec"), ("record.json", "record.json"), ("report.html", "report.html")):
        page.select_option("#pl-export-form", form)
        with page.expect_download() as download:
            page.click("#pl-export")
        assert download.value.suggested_filename == f"{measured.name}-{name}"
        download.value.save_as(tmp_path / name)
    record = evaluation.load(tmp_path / "record.json")
    assert record == evaluation.load(measured)
    assert evaluation.read_trec(tmp_path / "run.trec") == {
        query: [hit.page for hit in answer.top] for query, answer in record.pipelines["exact"].answers.items()
    }
    assert "<script" not in (tmp_path / "report.html").read_text(encoding="utf-8").lower()


def test_what_cannot_run_is_said_and_the_page_stays_narrow(browser, address, measured):
    page = opened(browser, address, f"?e={measured.name}", width=390, height=844)
    page.wait_for_selector("#pl-failures li")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    tabs = page.get_by_role("tab").all()
    assert len(tabs) >= 5  # none is folded away
    page.click("#pl-eval-new")
    page.fill("#pl-eval-own", "ful:3")
    page.click("#pl-eval-start")
    page.wait_for_selector("#pl-measuring .pl-error:visible")
    assert "Unknown stage 'ful'" in page.inner_text("#pl-measuring .pl-error:visible")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.seen.problems == []
    page.close()


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_figures_plot_and_questions_meet_wcag_aa(browser, address, measured, width, theme):
    page = opened(browser, address, f"?e={measured.name}&__theme={theme}", width=width, height=900)
    page.wait_for_selector("#pl-failures li")
    page.click("#pl-eval-new")
    page.locator("#pl-failures summary").first.click()
    page.wait_for_selector(".pl-failure-pages img")
    page.click(".pl-plot summary")
    page.focus(".pl-scatter .pl-bubble[tabindex='0']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".pl-bubble[aria-pressed=true]")
    page.wait_for_timeout(300)
    judge(page, "Evaluate")
    assert page.locator("#pl-measuring:visible, .pl-plot table:visible").count() == 2
    assert page.seen.problems == []
    page.close()
