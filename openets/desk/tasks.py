"""The tables behind the inbox: tasks, their comments, the documents asked for.

A task is opened by what makes it necessary, in the same durable write: a proposal that waits for
approval, a request for documents, a duty that falls due. Its origin tells it apart from every
other, so that it is opened once. All verbs here belong inside a durable write of the caller, which
also leaves the line of the audit trail and the notices.
"""

from __future__ import annotations

from typing import NamedTuple

from openets.desk import said as texts
from openets.desk.said import Said
from openets.storage.database import Database

APPROVAL, DOCUMENTS, DUTY = "approval", "documents", "duty"
REQUESTED, SUBMITTED, ACCEPTED, REFUSED = "requested", "submitted", "accepted", "refused"
APPROVED = "approved"  # how the task of a proposal ends that is carried out or waits for its time
NOBODY = 0
TABLES = (
    "CREATE TABLE task (number {id} PRIMARY KEY, origin TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,"
    " proposal {id} NOT NULL, registry TEXT NOT NULL, account {id} NOT NULL, person {id} NOT NULL,"
    " asked_by {id} NOT NULL, said TEXT NOT NULL, opened {id} NOT NULL, deadline {id} NOT NULL,"
    " claimant {id} NOT NULL, outcome TEXT NOT NULL, ended {id} NOT NULL, reminded {id} NOT NULL)",
    "CREATE INDEX task_ended ON task (ended)",
    "CREATE TABLE task_comment (number {id} PRIMARY KEY, task {id} NOT NULL, at {id} NOT NULL,"
    " person {id} NOT NULL, role TEXT NOT NULL, words TEXT NOT NULL)",
    "CREATE INDEX task_comment_task ON task_comment (task)",
    "CREATE TABLE task_document (task {id} NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL,"
    " file TEXT NOT NULL, size {id} NOT NULL, digest TEXT NOT NULL, person {id} NOT NULL,"
    " at {id} NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (task, name))",
)
_COLUMNS = (
    "number, origin, kind, proposal, registry, account, person, asked_by, said, opened, deadline,"
    " claimant, outcome, ended, reminded"
)


class Task(NamedTuple):
    """A task. Instants are microseconds, 0 where there is none.

    `person` is whom documents are asked of, 0 for all representatives of the account; `asked_by`
    who asked. `claimant` is 0 while nobody has claimed it, `ended` while it is open.
    """

    number: int
    origin: str
    kind: str
    proposal: int
    registry: str
    account: int
    person: int
    asked_by: int
    said: Said
    opened: int
    deadline: int
    claimant: int = 0
    outcome: str = ""
    ended: int = 0
    reminded: int = 0


class Comment(NamedTuple):
    """A comment, kept under the person's number and role of then."""

    number: int
    task: int
    at: int
    person: int
    role: str
    words: str


class Document(NamedTuple):
    """A document asked for; the file itself lies with the administrator, here is what tells it."""

    name: str
    state: str
    file: str = ""
    size: int = 0
    digest: str = ""
    person: int = 0
    at: int = 0
    reason: str = ""


def origin_of(proposal: int) -> str:
    """The origin of the task of a proposal."""
    return f"proposal {proposal}"


class Tasks:
    """The tables in the desk's database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        if not database.has_table("task"):
            with database.durable("desk.create-tasks"):
                for table in TABLES:
                    database.run(table)

    def open(self, task: Task, documents: tuple[str, ...] = ()) -> int:
        """Opens a task under the next number, unless its origin has one; answers with it, or 0."""
        number = self.database.next_number("task")
        stored = task._replace(number=number, origin=task.origin or f"task {number}")
        marks = ", ".join("?" * len(stored))
        opened = self.database.run(
            f"INSERT INTO task ({_COLUMNS}) VALUES ({marks}) ON CONFLICT (origin) DO NOTHING",
            [one.stored() if isinstance(one, Said) else one for one in stored],
        )
        if not opened:
            return 0
        for name in documents:
            self._put(number, Document(name, REQUESTED))
        return number

    def end(self, origin: str, outcome: str, at: int) -> None:
        """Ends the task of an origin, if it is open."""
        self.database.run(
            "UPDATE task SET ended = ?, outcome = ? WHERE origin = ? AND ended = 0",
            (at, outcome, origin),
        )

    def claim(self, number: int, claimant: int, before: int) -> bool:
        """Changes who has claimed an open task; False if that was changed meanwhile."""
        return bool(
            self.database.run(
                "UPDATE task SET claimant = ? WHERE number = ? AND claimant = ? AND ended = 0",
                (claimant, number, before),
            )
        )

    def remind(self, number: int) -> None:
        """Notes that the workers of a task were reminded of its deadline."""
        self.database.run("UPDATE task SET reminded = 1 WHERE number = ?", (number,))

    def comment(self, task: int, at: int, person: int, role: str, words: str) -> None:
        """Keeps a comment."""
        number = self.database.next_number("task_comment")
        self.database.run(
            "INSERT INTO task_comment VALUES (?, ?, ?, ?, ?, ?)",
            (number, task, at, person, role, words),
        )

    def change(self, task: int, document: Document, before: str) -> bool:
        """Puts a document in the place of its former state; False if that is no longer it."""
        gone = self.database.run(
            "DELETE FROM task_document WHERE task = ? AND name = ? AND state = ?",
            (task, document.name, before),
        )
        if gone:
            self._put(task, document)
        return bool(gone)

    def _put(self, task: int, document: Document) -> None:
        marks = ", ".join("?" * (len(document) + 1))
        self.database.run(f"INSERT INTO task_document VALUES ({marks})", (task, *document))

    # -- reads ----------------------------------------------------------------------------------

    def get(self, number: int) -> Task | None:
        """A task, or None."""
        return self._one("number", number)

    def of_origin(self, origin: str) -> Task | None:
        """The task of an origin, or None."""
        return self._one("origin", origin)

    def _one(self, column: str, value: object) -> Task | None:
        found = self.database.row(f"SELECT {_COLUMNS} FROM task WHERE {column} = ?", (value,))
        return _task(found) if found else None

    def every(self, *, ended: bool) -> list[Task]:
        """The open tasks by number, or all of them."""
        where = "" if ended else " WHERE ended = 0"
        rows = self.database.rows(f"SELECT {_COLUMNS} FROM task{where} ORDER BY number")
        return [_task(row) for row in rows]

    def comments(self, task: int) -> list[Comment]:
        """The comments on a task in their order."""
        rows = self.database.rows(
            "SELECT number, task, at, person, role, words FROM task_comment WHERE task = ?"
            " ORDER BY number",
            (task,),
        )
        return [Comment._make(row) for row in rows]

    def documents(self, task: int) -> list[Document]:
        """The documents of a task by name."""
        rows = self.database.rows(
            "SELECT name, state, file, size, digest, person, at, reason FROM task_document"
            " WHERE task = ? ORDER BY name",
            (task,),
        )
        return [Document._make(row) for row in rows]


def _task(row: tuple[object, ...]) -> Task:
    found = Task._make(row)
    return found._replace(said=texts.read(str(found.said)))
