"""What a linter would say of the page's modules: imports are there, nothing is there for nobody, lines are short."""

import re
from posixpath import dirname, join, normpath

import pytest

from workbench.resources import asset, assets

TEXTS = {name: asset(name).read_text(encoding="utf-8") for name in assets("js", ".js")}
EXPORT = re.compile(r"^export (?:async )?(?:function\*?|const|let|class) (\w+|\[[^]]*\])", re.M)
AGAIN = re.compile(r'^export \* from "([^"]+)"', re.M)
LISTED = re.compile(r"^export \{([^}]*)\}", re.M)
IMPORT = re.compile(r'^import (?:\{([^}]*)\} from |\* as (\w+) from )?"(\.[^"]+)";', re.M)
UNITS = "tests/browser/units"


def words(text):
    return [word.split(" as ")[0] for word in re.findall(r"[\w ]*\w", text)]


def exports(name):
    """Each name that a module exports, with the module that it comes from."""
    text = TEXTS[name]
    own = {word.strip() for found in (*EXPORT.findall(text), *LISTED.findall(text)) for word in words(found)}
    passed = [exports(normpath(join(dirname(name), other))) for other in AGAIN.findall(text)]
    return {word: origin for more in passed for word, origin in more.items()} | dict.fromkeys(own, name)


def imports(name):
    """What a module imports, as pairs of a module and a name in it."""
    for names, space, other in IMPORT.findall(TEXTS[name]):
        module = normpath(join(dirname(name), other))
        used = re.findall(rf"(?<!\w)(?<!\w\.){space}\.(\w+)", IMPORT.sub("", TEXTS[name])) if space else words(names)
        yield from ((module, word.strip()) for word in used)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_what_a_module_imports_is_there_and_used(name):
    body = IMPORT.sub("", TEXTS[name])
    for module, word in imports(name):
        assert module in TEXTS, module
        assert word in exports(module), f"{module} has no {word}"
    for names, space, _ in IMPORT.findall(TEXTS[name]):
        for word in [space] if space else re.findall(r"(\w+)(?=\s*(?:,|$))", names):
            assert re.search(rf"(?<![\w-])(?<!\w\.){word}\b", body), f"{word} is imported for nothing"


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_line_is_longer_than_those_of_the_package(name):
    assert [line for line in TEXTS[name].splitlines() if len(line) > 120] == []


def test_nothing_is_exported_for_nobody(pytestconfig):
    units = " ".join(path.read_text("utf-8") for path in (pytestconfig.rootpath / UNITS).glob("*.js"))
    used = {(exports(module)[word], word) for name in TEXTS for module, word in imports(name)}
    given = {(origin, word) for name in TEXTS for word, origin in exports(name).items()}
    assert [word for _, word in sorted(given - used) if not re.search(rf"\b{word}\b", units)] == []
