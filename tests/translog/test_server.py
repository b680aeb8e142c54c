"""The log as a process of its own: started, found, killed, spoken to by strangers."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
from contextlib import closing
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from openets.ledger.store import Store, open_writer
from openets.translog import server
from openets.translog.client import LogAway, RemoteLog, connect_log, start_log
from openets.translog.messages import Broken, Where, answers, questions
from openets.translog.store import load
from tests.busy_world import SCENE
from tests.small_world import make_store

NONSENSE = (
    b"",
    b"{}",
    b"\x80\x04.",
    b"[" * 10_000,
    b'{"ask": "shutdown"}',
    b'{"ask": "batches", "sequence": 9223372036854775808, "limit": 1}',
    b'{"ask": "epoch", "epoch": -1, "signature": ""}',
    b'{"ask": "epoch", "epoch": 18446744073709551616, "signature": ""}',
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return make_store(tmp_path / "store")


def process_of(log: RemoteLog) -> subprocess.Popen[str]:
    assert log._child is not None
    return log._child.process


def test_it_is_started_spoken_to_and_stopped(store: Store) -> None:
    with pytest.raises(LogAway, match="does not answer"):
        connect_log(store.log_directory)
    log = start_log(store.log_directory)
    with closing(open_writer(store, log)) as writer:
        assert all(outcome.completed for outcome in writer.post(SCENE))
        other = start_log(store.log_directory)  # the one that runs
        assert other._child is None
        assert other.where().sequence == writer.book.sequence
        other.stop()
        assert log.where().sequence == writer.book.sequence
    process = process_of(log)
    log.stop()
    assert process.returncode == 0
    with pytest.raises(LogAway):
        connect_log(store.log_directory)


def test_it_is_killed_and_nothing_is_lost(store: Store) -> None:
    log = start_log(store.log_directory)
    writer = open_writer(store, log)
    assert all(outcome.completed for outcome in writer.post(SCENE[:9]))
    process_of(log).kill()
    process_of(log).wait()
    with pytest.raises(LogAway):
        writer.post(SCENE)
    log.stop()
    again = start_log(store.log_directory)
    outcomes = writer.post(SCENE)  # the client knocks at the same address
    assert [outcome.repeated for outcome in outcomes] == [True] * 9 + [False] * (len(SCENE) - 9)
    writer.close()
    log.stop()
    again.stop()


def test_a_second_log_of_the_same_rows_is_turned_away(store: Store) -> None:
    log = start_log(store.log_directory)
    command = [sys.executable, "-m", "openets.translog.server", str(store.log_directory)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    assert "already the log" in second.stderr
    assert log.where().sequence == 0
    log.stop()


def test_strangers_and_nonsense_do_no_harm(store: Store) -> None:
    log = start_log(store.log_directory)
    address, secret = server.address_of(store.log_directory), load(store.log_directory).authkey()
    with pytest.raises(AuthenticationError):
        Client(address, authkey=b"guessed")
    with Client(address, authkey=secret) as connection:
        for nonsense in NONSENSE:
            connection.send_bytes(nonsense)
            assert isinstance(answers.validate_json(connection.recv_bytes()), Broken)
        connection.send_bytes(questions.dump_json(Where()))
        assert answers.validate_json(connection.recv_bytes()) == log.where()
    log.stop()


def test_a_message_that_claims_to_be_endless_is_hung_up_on(store: Store) -> None:
    """The length comes first; nobody reserves memory for two gigabytes that may never come."""
    log = start_log(store.log_directory)
    address, secret = server.address_of(store.log_directory), load(store.log_directory).authkey()
    with Client(address, authkey=secret) as connection:
        os.write(connection.fileno(), struct.pack("!i", 2**31 - 1))
        assert isinstance(answers.validate_json(connection.recv_bytes()), Broken)
        with pytest.raises(EOFError):
            connection.recv_bytes()
    assert log.where().sequence == 0
    log.stop()


def test_it_ends_with_the_process_that_started_it(store: Store) -> None:
    code = (
        "import sys, os; from pathlib import Path; from openets.translog.client import start_log;"
        "log = start_log(Path(sys.argv[1])); print(log._child.process.pid, flush=True); os._exit(9)"
    )
    command = [sys.executable, "-c", code, str(store.log_directory)]
    pid = int(subprocess.run(command, capture_output=True, text=True, timeout=60).stdout)
    for _ in range(100):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                break  # ended, and nobody has collected it
        except (ProcessLookupError, FileNotFoundError):
            break
        time.sleep(0.1)
    else:
        os.kill(pid, signal.SIGKILL)
        raise AssertionError("The log outlived the process that started it.")


def test_a_folder_too_deep_for_a_socket_gets_one_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / "a-folder-with-a-long-name" / ("x" * 90)
    store = make_store(deep / "store")
    assert len(server.address_of(store.log_directory)) <= 100
    log = start_log(store.log_directory)
    assert log.where().sequence == 0
    log.stop()


def test_a_folder_without_a_log_is_told_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "openets.translog.server", str(tmp_path)]
    failed = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (failed.returncode, "There is no log at" in failed.stderr) == (1, True)
