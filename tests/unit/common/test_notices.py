"""Sentences that say their code and values, wherever they go."""

from __future__ import annotations

import copy
import json
import pickle
from urllib.parse import unquote

from common.errors import DataProblem, FieldViolation
from common.notice_messages import from_message, notice_message, notice_messages
from common.notices import Notice, from_record, notice, read_texts, to_record, within, write_texts
from gateway.notice_header import LONGEST_NOTICE, NOTICE_HEADER, notice_headers

SAID = notice("ROWS_LEFT", "{count} rows of {table} were left out", count=2345, table="plan")


def test_a_sentence_is_a_text_with_code_and_values() -> None:
    assert SAID == "2,345 rows of plan were left out"
    assert (SAID.code, SAID.parameters) == ("ROWS_LEFT", {"count": "2,345", "table": "plan"})
    assert notice("ENDED", "ended with {code}", code=3).parameters == {"code": "3"}


def test_code_and_values_survive_copies_documents_and_messages() -> None:
    for kept in (
        copy.deepcopy(SAID),
        pickle.loads(pickle.dumps(SAID)),
        from_record(str(SAID), json.loads(json.dumps(to_record(SAID)))),
        read_texts(json.loads(json.dumps(write_texts([SAID]))))[0],
        from_message(str(SAID), notice_message(SAID)),
    ):
        assert isinstance(kept, Notice)
        assert (kept, kept.code, kept.parameters) == (SAID, SAID.code, SAID.parameters)


def test_texts_without_a_code_stay_texts() -> None:
    assert to_record("plain") is None
    assert read_texts(write_texts(["plain"])) == ["plain"]
    assert [one.code for one in notice_messages(["plain", SAID])] == ["", "ROWS_LEFT"]
    for record in (None, 3, {}, {"code": 3, "parameters": {}}, {"code": "A"}):
        assert not isinstance(from_record("plain", record), Notice)


def test_a_longer_text_keeps_what_is_said_within_it() -> None:
    longer = within(f"Remark: {SAID}", SAID, where="here")
    assert isinstance(longer, Notice)
    assert longer.parameters["where"] == "here"
    assert within("Remark: plain", "plain") == "Remark: plain"
    said = FieldViolation("columns.0", SAID).sentence
    assert isinstance(said, Notice)
    assert (said, said.parameters["field"]) == (f"columns.0: {SAID}", "columns.0")


def test_errors_say_their_reason_and_details() -> None:
    message = DataProblem("plant.accdb is gone", reason="SOURCE_MISSING", details={"path": "plant.accdb"}).message
    assert (message.code, message.parameters) == ("SOURCE_MISSING", {"path": "plant.accdb"})


def test_the_header_holds_any_text_and_is_never_long() -> None:
    header = notice_headers("SOURCE_MISSING", {"path": "공장\r\n.accdb"})[NOTICE_HEADER]
    assert header.isascii()
    assert header.isprintable()
    assert json.loads(unquote(header)) == {"code": "SOURCE_MISSING", "parameters": {"path": "공장\r\n.accdb"}}
    long = notice_headers("SOURCE_MISSING", {"path": "x" * LONGEST_NOTICE})[NOTICE_HEADER]
    assert json.loads(unquote(long)) == {"code": "SOURCE_MISSING", "parameters": {}}
    assert notice_headers("", {}) == {}
