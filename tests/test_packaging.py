"""What is shipped: a wheel with all its files, pins that fit, declared imports, and no trace of a machine."""

import ast
import json
import re
import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from workbench.bootstrap import ROOT, Requirement, requirements
from workbench.resources import asset, sample_data

# Spelled in pieces, so that this file does not trip over itself.
UNWANTED = (
    *(
        "pypi" + ".org",
        "python" + "hosted.org",
        "registry" + ".npmjs",
        "deb." + "debian.org",
        "download." + "pytorch.org",
    ),
    *("/tmp" + "/w/", "/work" + "/main", "/work" + "/shared", "/root" + "/"),
)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def committed() -> list[Path]:
    """The files git knows here; a source archive has no list of them."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return next(folder.glob("pagelens-*.whl"))


def test_the_wheel_holds_everything_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry = next(name for name in names if name.endswith("entry_points.txt"))
        assert "pagelens = workbench.cli:main" in archive.read(entry).decode()
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "workbench/py.typed" in names
    for path in committed():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("workbench/"):
            assert name in names
        elif name.startswith(("assets/", "sample_data/")):
            assert f"workbench/_{name}" in names
    assert not any(name.startswith(("tests/", "benchmarks/", "assets/", "sample_data/", "app.py")) for name in names)


def test_an_installed_wheel_finds_its_files(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    (tmp_path / "site" / "sample_data").mkdir()  # a stranger's folder beside the package is not ours
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
    code += "from workbench.resources import sample_data; print(sample_data())"
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert Path(done.stdout.strip()) == (tmp_path / "site" / "workbench" / "_sample_data").resolve()


def test_an_installed_wheel_says_where_the_benchmarks_are(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    (tmp_path / "site" / "benchmarks" / "commands").mkdir(parents=True)  # a stranger's
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
    code += "from workbench.cli import main; sys.exit(main(sys.argv[1:]))"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-c", code, "bench", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")

    ended = run("peers", "sample")
    assert ended.returncode == 1
    assert "the other benchmarks are in the checkout" in ended.stderr
    listed = run("--help")
    assert listed.returncode == 0
    assert "latency" in listed.stdout
    assert "peers" not in listed.stdout


def test_a_checkout_finds_its_files() -> None:
    assert sample_data() == ROOT / "sample_data"
    first = next(path for path in sorted((ROOT / "assets").rglob("*")) if path.is_file())
    assert asset(first.relative_to(ROOT / "assets").as_posix()) == first
    with pytest.raises(FileNotFoundError, match=r"no-such\.css"):
        asset("no-such.css")


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = {}
    for line in lines:
        if not line.startswith("#"):
            name, version = line.split("==")
            assert re.fullmatch(r"[a-z0-9-]+", name), line
            assert re.fullmatch(r"[0-9]+(\.[0-9]+)*(\.post[0-9]+)?", version), f"{line}: only public versions"
            found[name] = version
    return found


def test_the_pins_are_public_versions_for_every_platform() -> None:
    found = pins()
    assert list(found) == sorted(found)
    assert not any(name.startswith(("nvidia-", "triton", "pywin", "pyobjc")) for name in found)


@pytest.mark.parametrize("extra", ["", "test", "peers", "figures", "cloud", "desktop", "gpu", "scale"])
def test_every_requirement_is_pinned_within_its_bounds(extra: str) -> None:
    found = pins()
    for requirement in requirements(extra):
        assert requirement.clauses, f"{requirement.name} needs a lower bound"
        assert requirement.admits(found[canonical(requirement.name)]), str(requirement)


ORACLES = {"ranx"}
"""What scripts that make golden numbers import; they run in an environment of their own, as their docstrings say."""


def imported(folder: Path) -> set[str]:
    """The top-level names of all absolute imports below ``folder``, wherever they stand."""
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"workbench", "benchmarks", "tests"} - ORACLES


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("workbench", ("", "cloud", "desktop", "gpu", "scale")),
        ("benchmarks", ("", "peers", "figures", "test")),
        ("tests", ("", "test")),
    ],
)
def test_every_import_is_declared(folder: str, extras: tuple[str, ...]) -> None:
    declared = {canonical(requirement.name) for extra in extras for requirement in requirements(extra)}
    owners = {"webview": ["pywebview"], "lance": ["pylance"], **packages_distributions()}
    undeclared = {
        name
        for name in imported(ROOT / folder)
        if not declared & {canonical(owner) for owner in owners.get(name, [name])}  # not installed: as its package
    }
    assert undeclared == set()


def test_requirements_parse_as_pip_reads_them() -> None:
    import tomllib

    from packaging.requirements import Requirement as Official

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for text in (*project["dependencies"], *project["optional-dependencies"]["test"]):
        ours, official = Requirement.parse(text), Official(text)
        assert ours.name == official.name
        assert {operator + version for operator, version in ours.clauses} == {
            str(clause) for clause in official.specifier
        }


def test_nothing_committed_names_a_registry_or_a_machine() -> None:
    for path in committed():
        data = path.read_bytes()
        if b"\0" in data:
            continue
        text = data.decode("utf-8", "replace")
        for word in UNWANTED:
            assert word not in text, f"{path.relative_to(ROOT)} names {word}"


def test_the_sample_dataset_is_whole() -> None:
    import pypdfium2

    folder = sample_data()
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 10_000_000
    pages = {}
    for path in (folder / "documents").iterdir():
        pages[path.name] = 1
        if path.suffix == ".pdf":
            with pypdfium2.PdfDocument(path) as document:
                pages[path.name] = len(document)

    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (
        len({query["query_id"] for query in queries}) == len({query["text"] for query in queries}) == len(queries) >= 25
    )
    assert 3 <= sum(query.get("example", False) for query in queries) <= 6

    header, *rows = (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()
    assert header == "query-id\tcorpus-id\tscore"
    labelled = set()
    for row in rows:
        query_id, page, score = row.split("\t")
        document, _, number = page.partition("#page=")
        assert 1 <= int(number) <= pages[document]
        assert score == "1"
        labelled.add(query_id)
    assert labelled == {query["query_id"] for query in queries}

    told = (folder / "README.md").read_text(encoding="utf-8")
    for name, count in pages.items():
        row = next(line for line in told.splitlines() if line.startswith(f"| `{name}` | {count} |"))
        licence = re.search(r"`(licences/[\w.-]+)`", row)
        assert licence
        assert (folder / licence[1]).stat().st_size > 1000
    assert told.startswith("# The sample dataset\n\n" + str(sum(pages.values())) + " pages")
