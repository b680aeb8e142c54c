"""What crosses the socket: every message comes back as it went, and hostile words go nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from openets.kernel.batch import Receipt, TreeHead
from openets.kernel.refusal import Refusal
from openets.translog import messages
from openets.translog.messages import (
    Accepted,
    Append,
    Batches,
    BatchesAfter,
    BatchRefused,
    Broken,
    Fenced,
    Here,
    NewEpoch,
    RecordRefused,
    Where,
    WrongHead,
    WrongRulebook,
    answers,
    questions,
)

numbers = st.integers(0, 2**63 - 1)
some_bytes = st.binary(max_size=64)
texts = st.text(max_size=40)
refusals = st.builds(Refusal, texts, texts, texts, texts)
heads = st.builds(TreeHead, some_bytes, numbers, some_bytes, some_bytes, numbers, some_bytes)
receipts = st.builds(Receipt, heads, some_bytes)
QUESTIONS = {
    Append: st.builds(Append, some_bytes),
    NewEpoch: st.builds(NewEpoch, numbers, some_bytes),
    Where: st.builds(Where),
    BatchesAfter: st.builds(BatchesAfter, numbers, st.integers(1, 2**63 - 1)),
}
ANSWERS = {
    Accepted: st.builds(Accepted, receipts),
    RecordRefused: st.builds(RecordRefused, numbers, refusals),
    WrongHead: st.builds(WrongHead, numbers, some_bytes),
    Fenced: st.builds(Fenced, numbers),
    WrongRulebook: st.builds(WrongRulebook, some_bytes),
    BatchRefused: st.builds(BatchRefused, refusals),
    Here: st.builds(Here, numbers, some_bytes, numbers, some_bytes),
    Batches: st.builds(Batches, st.lists(st.tuples(some_bytes, receipts), max_size=2).map(tuple)),
    Broken: st.builds(Broken, texts),
}


@given(st.one_of(*QUESTIONS.values()))
def test_a_question_arrives_as_it_was_asked(question: messages.Question) -> None:
    assert questions.validate_json(questions.dump_json(question)) == question


@given(st.one_of(*ANSWERS.values()))
def test_an_answer_arrives_as_it_was_given(answer: messages.Answer) -> None:
    found = answers.validate_json(answers.dump_json(answer))
    assert found == answer
    assert type(found) is type(answer)


def test_every_message_is_among_those_above() -> None:
    written = {
        each
        for each in vars(messages).values()
        if isinstance(each, type) and each.__module__ == messages.__name__
    }
    assert written == {*QUESTIONS, *ANSWERS}


HOSTILE_QUESTIONS: dict[str, bytes] = {
    "nothing": b"",
    "a pickle": b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94.",
    "not text": b'{"ask": "\xff\xfe"}',
    "cut off": b'{"ask": "whe',
    "two at once": b'{"ask": "where"}{"ask": "where"}',
    "deep": b"[" * 100_000,
    "deep and closed": b'{"ask":' * 5_000 + b"1" + b"}" * 5_000,
    "null": b"null",
    "a list": b'["where"]',
    "no word": b"{}",
    "an unknown word": b'{"ask": "shutdown"}',
    "a word that is no word": b'{"ask": ["where"]}',
    "an answer": b'{"answer": "here", "sequence": 1, "head": "", "epoch": 1, "rulebook": ""}',
    "no batch": b'{"ask": "append"}',
    "a batch that is a number": b'{"ask": "append", "batch": 7}',
    "a batch that is null": b'{"ask": "append", "batch": null}',
    "a batch that is not base64": b'{"ask": "append", "batch": "!!!!"}',
    "a batch whose base64 is cut off": b'{"ask": "append", "batch": "QUJDR"}',
    "an epoch in words": b'{"ask": "epoch", "epoch": "two", "signature": ""}',
    "half an epoch": b'{"ask": "epoch", "epoch": 1.5, "signature": ""}',
    "no number at all": b'{"ask": "epoch", "epoch": NaN, "signature": ""}',
    "an endless number": b'{"ask": "batches", "sequence": 1e999, "limit": 1}',
    "a number of many digits": b'{"ask": "batches", "sequence": ' + b"9" * 5_000 + b', "limit": 1}',
    "a negative sequence": b'{"ask": "batches", "sequence": -1, "limit": 1}',
    "a sequence no book has": b'{"ask": "batches", "sequence": 9223372036854775808, "limit": 1}',
    "no batches at all": b'{"ask": "batches", "sequence": 0, "limit": 0}',
    "a negative epoch": b'{"ask": "epoch", "epoch": -1, "signature": ""}',
    "an epoch no book has": b'{"ask": "epoch", "epoch": 18446744073709551616, "signature": ""}',
    "a word more": b'{"ask": "where", "and": "shutdown"}',
}


@pytest.mark.parametrize("name", HOSTILE_QUESTIONS)
def test_hostile_questions_are_refused_before_anybody_looks_at_them(name: str) -> None:
    with pytest.raises(ValidationError):
        questions.validate_json(HOSTILE_QUESTIONS[name])


GOOD: dict[str, Any] = {
    "answer": "accepted",
    "receipt": [["AA==", 1, "AA==", "AA==", 5, "AA=="], "AA=="],
}
HOSTILE_ANSWERS: dict[str, dict[str, Any]] = {
    "no receipt": {"answer": "accepted"},
    "a receipt of half": {**GOOD, "receipt": GOOD["receipt"][:1]},
    "a tree head of half": {**GOOD, "receipt": [GOOD["receipt"][0][:3], ""]},
    "salts that are numbers": {**GOOD, "receipt": [GOOD["receipt"][0], 1]},
    "an unknown answer": {**GOOD, "answer": "accept"},
    "a question": {"ask": "where"},
    "a refusal without a code": {"answer": "batch refused", "refusal": [None, "x", "y"]},
    "a head that is a number": {"answer": "wrong head", "sequence": 1, "head": 1},
}


@pytest.mark.parametrize("name", HOSTILE_ANSWERS)
def test_a_hostile_answer_is_not_taken_for_one(name: str) -> None:
    with pytest.raises(ValidationError):
        answers.validate_json(json.dumps(HOSTILE_ANSWERS[name]))
    assert isinstance(answers.validate_json(json.dumps(GOOD)), Accepted)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_noise_is_no_question(noise: bytes) -> None:
    with pytest.raises(ValidationError):
        questions.validate_json(noise)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(
    word=st.sampled_from(["append", "epoch", "where", "batches"]),
    fields=st.dictionaries(
        st.sampled_from(["batch", "epoch", "signature", "sequence", "limit", "ask2"]), json_values
    ),
)
def test_whatever_stands_in_the_fields_the_answer_is_a_question_or_a_refusal(
    word: str, fields: dict[str, Any]
) -> None:
    try:
        found = questions.validate_json(json.dumps({**fields, "ask": word}))
    except ValidationError:
        return
    assert found.ask == word
    assert questions.validate_json(questions.dump_json(found)) == found


def test_no_pickle_is_ever_read_or_written() -> None:
    """`recv` and `send` of a connection would unpickle; only their plain halves are used."""
    folder = Path(messages.__file__).parent
    for path in folder.glob("*.py"):
        text = path.read_text()
        assert ".recv(" not in text, path.name
        assert ".send(" not in text, path.name
        assert "import pickle" not in text, path.name
