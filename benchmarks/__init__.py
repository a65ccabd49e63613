"""Benchmarks anyone can run again from a checkout: adapters, memory, odd files, manuals, scale, methods, and peers.

They stand above the package and outside of what is installed; ``pagelens bench`` finds them beside it. What an
installed Pagelens can also measure (kernels, searches) is `workbench.bench`.
"""
