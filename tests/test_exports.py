"""What `workbench` itself offers a program: exactly these names, each the thing that its module has."""

import inspect
import subprocess
import sys

import pytest

import workbench
from workbench import errors, retrieval, service, settings, types
from workbench.bootstrap import ROOT

NAMES = {
    "Workbench": service.Workbench,
    "Settings": settings.Settings,
    "CollectionSettings": settings.CollectionSettings,
    "Pipeline": retrieval.Pipeline,
    "PageRef": types.PageRef,
    "Query": types.Query,
    "TextPart": types.TextPart,
    "RegionPart": types.RegionPart,
    "MarkPart": types.MarkPart,
    "PicturePart": types.PicturePart,
    **{name: value for name, value in vars(errors).items() if inspect.isclass(value)},
    "__version__": settings.version(),
}


def test_these_names_and_no_others_are_offered() -> None:
    assert set(workbench.__all__) == set(NAMES)
    assert set(workbench.__all__) <= set(dir(workbench))
    assert {name: getattr(workbench, name) for name in NAMES} == NAMES


def test_names_are_listed_in_order() -> None:
    assert workbench.__all__ == sorted(workbench.__all__)


def test_any_other_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'workbench' has no attribute 'Werkbank'"):
        workbench.Werkbank  # noqa: B018


def test_importing_the_package_loads_nothing_until_a_name_is_used() -> None:
    code = (
        "import sys, workbench\n"
        "before = {name for name in sys.modules if name.startswith('workbench.')}\n"
        "from workbench import Query\n"
        "after = {name for name in sys.modules if name.startswith('workbench.')}\n"
        "print(sorted(before), 'workbench.types' in after, 'workbench.service' in after, Query.of('a').text)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.split("\n")[0] == "[] True False a"


def test_a_star_brings_all_of_them() -> None:
    code = "from workbench import *; print(Workbench.__name__, NoEncoderError.__mro__[1].__name__, __version__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.split() == ["Workbench", "EncoderError", settings.version()]
