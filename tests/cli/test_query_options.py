"""Pictures, regions, several texts and marked pages on the command line."""

import json
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.cli.conftest import Run

WHALE, SONG, OVEN = "whales.pdf#page=1", "whales.pdf#page=2", "bread & [b]butter.pdf#page=2"
BASIS = ("-c", "notes", "-p", "exact", "--json")


def first(run: Run, *arguments: str | Path) -> str:
    ended = run("search", *arguments, *BASIS)
    assert ended.code == 0, ended.err
    return str(json.loads(ended.out)["hits"][0]["page"])


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of words that one page has, upside down."""
    image = Image.new("RGB", (900, 200), "white")
    ImageDraw.Draw(image).text((40, 80), "Bake the loaf in a hot oven", "black", ImageFont.load_default(48))
    file = tmp_path_factory.mktemp("photo") / "photo.png"
    image.rotate(180).save(file)
    return file


def test_a_search_may_go_without_words(run: Run, photo: Path) -> None:
    assert first(run, "--region", f"{OVEN}@0,0,1,0.5") == OVEN
    assert first(run, "--more", SONG) == SONG
    assert first(run, "--image", photo, "--repair", "rotate:180") == OVEN
    assert first(run, "--image", photo, "--region", "0,0,1,1", "--repair", "rotate:180") == OVEN


def test_parts_add_up_to_one_query(run: Run) -> None:
    ended = run("search", "whale", "--and", "song", "--not", "animal", "--less", OVEN, *BASIS)
    assert json.loads(ended.out)["query"] == f"“whale” and “song”, not “animal”, less like {OVEN}"
    assert json.loads(ended.out)["hits"][0]["page"] == SONG
    parts = [(part["kind"], part["weight"]) for part in json.loads(ended.out)["parts"]]
    assert parts == [("text", 1.0), ("text", 1.0), ("text", -0.5), ("mark", -0.15)]
    (only,) = json.loads(run("search", "whale", *BASIS).out)["parts"]
    assert (only["kind"], only["text"]) == ("text", "whale")


def test_a_part_of_a_picture_is_a_crop_of_it_before_other_repairs(run: Run, photo: Path) -> None:
    asked = ("--image", photo, "--region", "0.5,0,1,1", "--repair", "rotate:180", *BASIS)
    (part,) = json.loads(run("search", *asked).out)["parts"]
    assert part["repairs"] == ["crop:0.5,0,1,1", "rotate:180"]
    tokens = json.loads(run("explain", OVEN, *asked).out)["tokens"]
    assert "oven" not in [token["label"] for token in tokens]


def test_explain_and_why_take_the_same(run: Run) -> None:
    asked = ("--region", f"{WHALE}@0,0,1,1", "-c", "notes", "--json")
    told = json.loads(run("explain", WHALE, *asked).out)
    assert [row["text"] for row in told["ledger"]] == [row["label"] for row in told["tokens"]]
    both = json.loads(run("explain", "song", WHALE, *asked).out)
    assert both["tokens"][0]["label"] == "song"
    assert len(both["tokens"]) == len(told["tokens"]) + 1
    assert json.loads(run("why", WHALE, *asked).out)["verdict"] == "found"


def test_repair_says_what_would_help_and_shows_it(run: Run, photo: Path, tmp_path: Path) -> None:
    found = json.loads(run("repair", photo, "--json").out)
    assert found["repairs"][0]["step"] == "rotate:180"
    words = run("repair", photo, "--out", tmp_path / "mended.webp").out
    assert "rotate:180" in words
    assert "Turned by 180 degrees" in words
    with Image.open(tmp_path / "mended.webp") as image:
        assert image.format == "WEBP"
    assert run("repair", photo, "--repair", "mend").code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("search",), 2, "say what to look for"),
        (("search", "--repair", "sharpen"), 2, "--repair mends a picture"),
        (("search", "--region", WHALE), 2, "is not a part of a page"),
        (("search", "--region", f"{WHALE}@0,0,1"), 2, "is not a part of a page"),
        (("search", "--region", f"{WHALE}@0,0,0,1"), 2, "four numbers from 0 to 1"),
        (("search", "--region", "whales@0,0,1,1"), 2, "is not a page reference"),
        (("search", "--region", "whales.pdf#page=9@0,0,1,1"), 1, "no indexed page 9"),
        (("search", "--region", "0,0,1,1"), 2, "give one --image"),
        (("search", "--image", "a.png", "--image", "b.png", "--region", "0,0,1,1"), 2, "give one --image"),
        (("search", "--more", "fish.pdf#page=1"), 1, "no document 'fish.pdf'"),
        (("search", "--not", "whale"), 1, "only what is not wanted"),
        (("search", "--image", "none.png"), 1, "none.png cannot be read (no such file or directory)"),
        (("explain",), 2, "PAGEREF"),
        (("explain", "a", "b", WHALE), 2, "put quotes around"),
        (("why", "whale"), 2, "is not a page reference"),
        (("explain", WHALE), 2, "say what to look for"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(run: Run, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    ended = run(*arguments, "-c", "notes")
    assert ended.code == code
    assert sentence in " ".join(ended.err.replace("│", " ").split())
