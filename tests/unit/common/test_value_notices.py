"""What is wrong with the values of a document, by codes: across processes, in answers over HTTP, and in fields that hold one text."""

from __future__ import annotations

import json
from urllib.parse import unquote

import grpc
import pytest

from common.errors import FieldViolation, InvalidInput
from common.notices import Notice, from_field, notice, to_field, to_record
from common.rpc.status import from_rpc_error, to_status
from gateway.failures import failure, validation_failure
from gateway.notice_header import LONGEST_NOTICE, NOTICES_HEADER, violation_headers
from plant.input_profile import InputProfile
from plant.settings import PlantSettings


def violations_of(text: str) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        InputProfile.parse(text)
    return {violation.field: violation.description for violation in caught.value.violations}


def changed(**changes: object) -> str:
    document = InputProfile.built_in().document()
    feature = document["schema"]["features"][7]
    feature.update(changes)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("changes", "field", "code", "values"),
    [
        ({"weight": "heavy"}, "schema.features.7.weight", "INPUT_FLOAT_PARSING", {"value": "heavy"}),
        ({"weight": True}, "schema.features.7.weight", "INPUT_FLOAT_TYPE", {}),
        ({"weight": -1}, "schema.features.7.weight", "INPUT_GREATER_THAN_EQUAL", {"ge": "0.0", "value": "-1"}),
        ({"kind": "colour"}, "schema.features.7.kind", "INPUT_ENUM", {"value": "colour"}),
        ({"label": ["x"]}, "schema.features.7.label", "INPUT_STRING_TYPE", {}),
        ({"surprise": 1}, "schema.features.7.surprise", "INPUT_EXTRA_FORBIDDEN", {"value": "1"}),
    ],
)
def test_a_wrong_value_of_a_profile_says_what_is_wrong_by_a_code(
    changes: dict[str, object], field: str, code: str, values: dict[str, str]
) -> None:
    found = violations_of(changed(**changes))
    record = to_record(found[field])
    assert record is not None
    assert record["code"] == code
    assert record["parameters"] | values == record["parameters"]


def test_settings_and_text_that_is_no_json_have_codes_too() -> None:
    with pytest.raises(InvalidInput) as caught:
        PlantSettings.of({"trainer": {"similarity_threshold": 2}, "predictor": {"max_routing_variants": "x"}})
    codes = [record["code"] for one in caught.value.violations if (record := to_record(one.description))]
    assert codes == ["INPUT_LESS_THAN_EQUAL", "INPUT_INT_PARSING"]
    assert to_record(violations_of("{")["profile"])["code"] == "INPUT_JSON_INVALID"  # type: ignore[index]


class Failed(grpc.aio.AioRpcError):
    """A call that failed with a status of ours."""

    def __init__(self, status: grpc.Status) -> None:
        super().__init__(status.code, grpc.aio.Metadata(), grpc.aio.Metadata(*status.trailing_metadata), status.details)


def test_violations_keep_their_codes_from_process_to_process() -> None:
    wrong = [
        FieldViolation("a", notice("IS_MISSING", "is missing")),
        FieldViolation("b", "just a text"),
        FieldViolation("c", notice("AT_MOST_CHARACTERS", "has {count} at most", count=5)),
    ]
    error = from_rpc_error(Failed(to_status(InvalidInput("wrong", violations=wrong), "id")))
    assert error.violations == tuple(wrong)
    assert [to_record(one.description) for one in error.violations] == [
        {"code": "IS_MISSING", "parameters": {}},
        None,
        {"code": "AT_MOST_CHARACTERS", "parameters": {"count": "5"}},
    ]


def test_an_answer_names_the_codes_in_a_header_and_its_body_stays_what_it_was() -> None:
    wrong = [FieldViolation("schema.features.0.kind", notice("IS_MISSING", "is missing")), FieldViolation("b", "text")]
    answer = failure(InvalidInput("wrong", violations=wrong))
    assert json.loads(bytes(answer.body)) == {
        "detail": [
            {"loc": ["body", "schema", "features", 0, "kind"], "msg": "is missing", "type": "value_error"},
            {"loc": ["body", "b"], "msg": "text", "type": "value_error"},
        ]
    }
    assert json.loads(unquote(answer.headers[NOTICES_HEADER])) == [
        {"field": "schema.features.0.kind", "code": "IS_MISSING", "parameters": {}},
        {"field": "b", "text": "text"},
    ]
    assert NOTICES_HEADER not in failure(InvalidInput("wrong", violations=wrong[1:])).headers


def test_what_a_request_holds_is_not_repeated() -> None:
    problem = {
        "type": "string_too_short",
        "loc": ("body", "password"),
        "msg": "too short",
        "input": "secret",
        "ctx": {"min_length": 8},
    }
    answer = validation_failure([problem])
    said = json.loads(unquote(answer.headers[NOTICES_HEADER]))
    assert said == [{"field": "password", "code": "INPUT_STRING_TOO_SHORT", "parameters": {"min_length": "8"}}]


def test_a_header_holds_as_many_as_fit() -> None:
    wrong = [FieldViolation(f"f{n}", notice("IS_MISSING", "값 {n}", n="x" * 20)) for n in range(500)]
    value = violation_headers(wrong)[NOTICES_HEADER]
    assert len(value) <= LONGEST_NOTICE + 10
    assert len(json.loads(unquote(value))) > 10


def test_a_field_of_one_text_keeps_what_the_text_says() -> None:
    said = notice("ERP_ANSWERED", "The ERP answered {status}", status="500")
    again = from_field(to_field(said))
    assert isinstance(again, Notice)
    assert (str(again), again.code, again.parameters) == ("The ERP answered 500", "ERP_ANSWERED", {"status": "500"})
    for old in ("", "an older text", "broken\x1f{", "\x1f"):
        assert str(from_field(old)) == old
