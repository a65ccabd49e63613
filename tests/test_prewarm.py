"""Collections that a server makes ready at the start: what their first search would have waited for is there."""

import shutil

import pytest

from tests.documents.make import text_pdf
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings

pytestmark = pytest.mark.slow


def test_what_is_named_is_ready_and_what_is_not_there_is_told(tmp_path, caplog):
    home = tmp_path / "home"
    made = Workbench(Settings(home=home))
    for name in ("one", "two"):
        made.ingest([text_pdf(tmp_path / "a.pdf", 2)], name, CollectionSettings(dpi=48))
        shutil.rmtree(home / "collections" / name / "flat")
    made.close()
    bench = Workbench(Settings(home=home, prewarm="one, lost"))
    bench.searches.warm_up()
    assert list((home / "collections" / "one" / "flat").glob("full*.bin"))
    assert not (home / "collections" / "two" / "flat").exists()
    assert "'lost' could not be made ready: There is no collection 'lost'" in caplog.text
    assert bench.search("heading", "one").hits
    everything = Workbench(Settings(home=home, prewarm="*"))
    everything.searches.warm_up()
    assert list((home / "collections" / "two" / "flat").glob("full*.bin"))
    for one in (bench, everything):
        one.close()
