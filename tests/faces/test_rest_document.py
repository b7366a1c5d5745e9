"""The OpenAPI document and the API say the same: schemathesis makes up requests and holds the answers to it."""

import json
from pathlib import Path

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from bihuan.desk import feed
from bihuan.faces.rest import commands
from bihuan.faces.rest.words import DOOR
from bihuan.faces.rest.wsgi import ApiHandler
from bihuan.kernel import commands as c
from rest_site import Program, report, set_up, token

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    unsupported_method,
]  # fmt: skip


@pytest.fixture
def district(clean_db, settings):
    from bihuan.faces.rest import limits

    settings.REPORTS_PER_MINUTE = 1_000_000
    set_up()
    limits.forget()


schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", ApiHandler())


@schemathesis.serializer("application/x-ndjson")
def as_lines(_, value):
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture
def program(district):
    return Program(token("zhou", role="triage"))


@pytest.fixture
def known(program):
    """Ids and codes of a real case, proved by a signed head: what is not signed yet is 503, and rightly."""
    made = program.post("/cases", report()).json()
    feed.settle()
    return {"case_id": made["id"], "code": made["receipt"], "version": "city-2025"}


@schema.parametrize()
@hypothesis.settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[hypothesis.Phase.generate],
)
def test_the_api_answers_as_its_document_says(case, program, known):
    """With every scope, and with the ids and codes of a real case in place of made-up ones half of the time."""
    if len(str(case.path_parameters)) % 2:
        case.path_parameters.update({k: v for k, v in known.items() if k in case.path_parameters})
    case.call_and_validate(headers=program.headers, checks=CHECKS)


def test_every_command_is_either_for_people_or_not():
    every = set(c.Command.__args__)
    assert set(commands.SCOPES) | set(commands.NOT_FOR_PEOPLE) == every
    assert not set(commands.SCOPES) & set(commands.NOT_FOR_PEOPLE)


def test_every_command_has_an_address_a_body_and_words(district):
    found = json.loads(Program().get("/openapi.json").content)
    assert found["openapi"] == "3.1.0"
    for command in commands.SCOPES:
        operation = found["paths"][f"/api/v1/cases/{{case_id}}/commands/{commands.name_of(command)}"]["post"]
        body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        assert found["components"]["schemas"][body]["additionalProperties"] is False
        assert "409" in operation["responses"]


def test_every_command_body_becomes_the_kernels_own_value():
    for command in commands.SCOPES:
        model = commands.body_of(command)
        required = [name for name, field in model.model_fields.items() if field.is_required()]
        values = {name: EXAMPLES.get(name, "x") for name in required}
        if command is c.ReportByLaw:
            values["to"] = ["police"]
        made = commands.command_of(command, model.model_validate(values))
        assert isinstance(made, command)


def test_the_reference_names_every_address_command_and_problem(district):
    page = REFERENCE.read_text(encoding="utf-8")
    paths = json.loads(Program().get("/openapi.json").content)["paths"]
    addresses = {
        f"`{method.upper()} {path.removeprefix('/api/v1')}`"
        for path, operations in paths.items()
        for method in operations
        if "/commands/" not in path
    }
    codes = {f"| `{commands.name_of(command)}` |" for command in commands.SCOPES} | {f"| `{code}` |" for code in DOOR}
    assert {name for name in addresses | codes if name not in page} == set()


EXAMPLES = {
    "task": 1, "accept": True, "is_settled": True, "amount": 1, "request": 1, "seal": "L3",
    "until": "2026-01-01T00:00:00Z", "proof": {"kind": "photo_after", "ref": "r"},
}  # fmt: skip
