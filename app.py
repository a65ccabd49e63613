"""Opens Pagelens: ``python3 app.py [--demo] [--host ...] [--port ...]`` sets up its own environment, then serves."""

import sys

if sys.version_info < (3, 11):
    sys.exit("Pagelens needs Python 3.11 or newer and this is Python %d.%d." % sys.version_info[:2])

from workbench.bootstrap import ensure

if __name__ == "__main__":
    ensure([__file__, *sys.argv[1:]])

    from workbench.cli import main

    sys.exit(main(["serve", *sys.argv[1:]]))
