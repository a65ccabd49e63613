"""The tests of Pagelens; ``python3 -m tests`` sets up an environment and runs them."""
