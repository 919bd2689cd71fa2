"""The specification as anybody gets it."""

from typing import Any

import pytest

from tests.api.caller import Caller, document


@pytest.fixture(scope="package")
def described() -> Any:
    """/openapi.json, asked for without a key."""
    return document(Caller().get("/openapi.json"))


@pytest.fixture(scope="package")
def operations(described: Any) -> dict[str, Any]:
    """Every operation by its id."""
    return {
        operation["operationId"]: operation
        for methods in described["paths"].values()
        for operation in methods.values()
    }
