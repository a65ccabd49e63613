"""What tests of the service share."""

import pytest

from tests.encoders import fakes


@pytest.fixture(scope="module")
def fake_encoders():
    """Encoders by the names that the fakes go by, as long as a module's tests run."""
    with fakes.registered():
        yield
