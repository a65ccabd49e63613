"""Runs all tests, somewhat more at once than there are cores: ``python3 -m tests [pytest arguments]``.

It sets up its own environment first.
"""

import os
import sys

if sys.version_info < (3, 11):
    sys.exit("Pagelens needs Python 3.11 or newer and this is Python %d.%d." % sys.version_info[:2])

from workbench.bootstrap import ROOT, ensure

if __name__ == "__main__":
    ensure(["-m", "tests", *sys.argv[1:]], extras=("test",))

    import pytest

    os.chdir(ROOT)
    # Hundreds of processes import the package; where the environment says to keep no bytecode, each would compile it.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    all_tests = ["-m", ""]  # whatever their marks
    # A file's tests stay together: they share what is dear to make, as an indexed collection or a browser.
    # Many wait, for a browser, a server or a process of their own: others run meanwhile.
    cores = os.cpu_count() or 1
    at_once = ["-n", str(cores + min(2, cores // 2)), "--dist", "loadfile"]
    sys.exit(pytest.main([*all_tests, *at_once, *sys.argv[1:]]))
