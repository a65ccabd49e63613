"""Runs all tests: ``python3 -m tests [pytest arguments]`` sets up its own environment first."""

import os
import sys

if sys.version_info < (3, 11):
    sys.exit("Pagelens needs Python 3.11 or newer and this is Python %d.%d." % sys.version_info[:2])

from workbench.bootstrap import ROOT, ensure

if __name__ == "__main__":
    ensure(["-m", "tests", *sys.argv[1:]], extras=("test",))

    import pytest

    os.chdir(ROOT)
    sys.exit(pytest.main(["-m", "", *sys.argv[1:]]))  # all tests, whatever their marks
