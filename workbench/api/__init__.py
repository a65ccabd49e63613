"""The HTTP API: the service under ``/api/v1``, with typed requests and answers, and read-only tools for assistants.

`application.application` is a FastAPI application of its own, which the page's server mounts; every operation is one
call of the service. What this package does not do: search or explain, which is the service's work, or show anything.
"""

from workbench.api import addresses

addresses.with_line_breaks()  # before any route is made
