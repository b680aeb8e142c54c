"""A line between two processes: strangers, silence, endless frames, ends in the middle."""

from __future__ import annotations

import os
import socket
import stat
import struct
import threading
import time
from collections.abc import Iterator
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from openets.channel import line
from openets.channel.line import Line, Listening, NoAnswer, address_of

SECRET = b"known to both"
LIMIT = 1_000
SECONDS = 30


class Echo:
    """Answers with the question; a question may hold it up until it is let go."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.go_on = threading.Event()

    def answer(self, question: bytes) -> bytes:
        self.asked.set()
        if question == b"wait":
            assert self.go_on.wait(SECONDS)
        return b"heard " + question

    def refuse(self, sentence: str) -> bytes:
        return b"refused"


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def address(tmp_path: Path, echo: Echo) -> Iterator[str]:
    address = address_of(tmp_path, "test")
    listening = Listening(address, SECRET, LIMIT)
    thread = threading.Thread(target=listening.run, args=(echo,), daemon=True)
    thread.start()
    yield address
    echo.go_on.set()
    listening.stop()
    assert not Path(address).exists()


def ask(address: str, question: bytes = b"you", secret: bytes = SECRET) -> bytes:
    one = Line(address, secret, LIMIT)
    try:
        return one.ask(question, seconds=SECONDS)
    finally:
        one.hang_up()


def test_a_question_and_its_answer_on_a_socket_of_this_user_alone(address: str) -> None:
    assert ask(address) == b"heard you"
    assert stat.S_IMODE(Path(address).stat().st_mode) == 0o600


def test_who_does_not_know_the_secret_is_sent_away(address: str) -> None:
    with pytest.raises(NoAnswer, match="digest") as refused:
        ask(address, secret=b"guessed")
    assert not refused.value.asked
    with pytest.raises(AuthenticationError):
        Client(address, authkey=b"")
    assert ask(address) == b"heard you"


def test_a_stranger_who_says_nothing_holds_nobody_up(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "GREETING_SECONDS", 1)
    with socket.socket(socket.AF_UNIX) as silent, socket.socket(socket.AF_UNIX) as rubbish:
        silent.connect(address)
        rubbish.connect(address)
        rubbish.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert ask(address) == b"heard you"
        silent.settimeout(SECONDS)
        while silent.recv(1_000):  # the challenge, then the end: it was hung up on
            pass


@pytest.mark.parametrize("length", [LIMIT + 1, 2**31 - 1])
def test_too_long_a_frame_is_refused_and_the_line_closed(address: str, length: int) -> None:
    with Client(address, authkey=SECRET) as connection:
        os.write(connection.fileno(), struct.pack("!i", length))
        assert connection.recv_bytes() == b"refused"
        with pytest.raises(EOFError):
            connection.recv_bytes()
    assert ask(address) == b"heard you"


def test_a_line_that_breaks_in_the_middle_of_a_frame(address: str) -> None:
    with Client(address, authkey=SECRET) as connection:
        os.write(connection.fileno(), struct.pack("!i", 100) + b"half")
    assert ask(address) == b"heard you"


def test_more_lines_than_there_may_be_are_hung_up_on(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "LINES", 2)
    first, second = Line(address, SECRET, LIMIT), Line(address, SECRET, LIMIT)
    assert first.ask(b"a") == second.ask(b"a") == b"heard a"
    with pytest.raises(NoAnswer):
        ask(address)
    assert first.ask(b"b") == b"heard b"
    second.hang_up()
    end = time.monotonic() + SECONDS
    while True:  # the place is free once the other end has noticed
        try:
            assert ask(address) == b"heard you"
            break
        except NoAnswer:
            assert time.monotonic() < end
    first.hang_up()


def test_nobody_answers_at_a_socket_that_was_left_behind(tmp_path: Path) -> None:
    address = address_of(tmp_path, "test")
    with pytest.raises(NoAnswer, match="No such file"):
        ask(address)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(address)
    with pytest.raises(NoAnswer, match="refused") as nobody:
        ask(address)
    assert not nobody.value.asked
    listening = Listening(address, SECRET, LIMIT)  # whose right it is takes its place
    threading.Thread(target=listening.run, args=(Echo(),), daemon=True).start()
    assert ask(address) == b"heard you"
    listening.stop()


def test_what_is_in_hand_is_answered_before_the_end(tmp_path: Path, echo: Echo) -> None:
    address = address_of(tmp_path, "test")
    listening = Listening(address, SECRET, LIMIT)
    threading.Thread(target=listening.run, args=(echo,), daemon=True).start()
    heard: list[bytes] = []
    asking = threading.Thread(target=lambda: heard.append(ask(address, b"wait")))
    asking.start()
    assert echo.asked.wait(SECONDS)
    threading.Timer(0.3, echo.go_on.set).start()
    listening.stop()
    asking.join(SECONDS)
    assert heard == [b"heard wait"]
    with pytest.raises(NoAnswer):
        ask(address)


def test_an_answer_that_does_not_come_in_time(address: str) -> None:
    one = Line(address, SECRET, LIMIT)
    with pytest.raises(NoAnswer, match="nothing was said in") as late:
        one.ask(b"wait", seconds=0.1)
    assert late.value.asked
    assert one.ask(b"you", seconds=SECONDS) == b"heard you"  # on a new line
    one.hang_up()
