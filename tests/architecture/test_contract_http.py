"""The HTTP contract does not change: operations, schemas, URLs and problem types."""

from __future__ import annotations

from tests.architecture.contract import check


def test_the_operations_of_the_openapi_document_are_the_published_ones() -> None:
    """Paths, methods, operationIds, parameters, bodies, responses and security. Texts may be improved."""
    check("openapi-operations")


def test_the_schemas_of_the_openapi_document_are_the_published_ones() -> None:
    """All names and all schemas. A moved class must not get the name of its module in front."""
    check("openapi-components")


def test_every_address_is_answered_by_the_same_route() -> None:
    """The URLs of the pages too. The order of overlapping routes is part of it."""
    check("addresses")


def test_every_problem_has_its_published_type_and_status() -> None:
    """The type of a problem is made of the class name of the error."""
    check("problems")
