"""How the data of `workbench.sight` is made, and how what it sees is measured."""
