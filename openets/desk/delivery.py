"""How a notice leaves the house: as a file in the store's folder, or by SMTP if that is set.

Without a setting each message is one `.eml` file in `outbox/`, named by its message id: written
again it is the same file. With a `mail.toml` in the store's folder messages go to the server it
names (RFC 5321; STARTTLS, RFC 3207); the password comes from the environment and lies in no file.
Headers are made by the library from text without control characters, so that nothing anybody
entered can add a header or a recipient.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
import tomllib
from collections.abc import Callable
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openets.kernel.clock import moment
from openets.storage.database import StorageError
from openets.storage.whole import write_whole

SETTINGS = "mail.toml"
PASSWORD = "OPENETS_SMTP_PASSWORD"
SENDER = "registry@openets.invalid"  # of messages that stay files
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class DeliveryFailed(Exception):
    """A message that did not leave; a sentence says why."""


class Letter(NamedTuple):
    """A notice in words, for an address. `identity` is the desk's, `written` an instant."""

    number: int
    identity: str
    to: str
    language: str
    written: int
    subject: str
    body: str


class Delivery(Protocol):
    """Whatever takes messages away."""

    def deliver(self, letter: Letter) -> None:
        """Takes a message, for good; raises `DeliveryFailed`."""


def is_address(text: str) -> bool:
    """True for an address of the plain form name@host."""
    return bool(ADDRESS.fullmatch(text))


def message_of(letter: Letter, sender: str) -> EmailMessage:
    """The message of a letter; raises `DeliveryFailed` if the address is none."""
    if not is_address(letter.to):
        raise DeliveryFailed("The person's address is not of the form name@host.")
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(addr_spec=sender)
        message["To"] = Address(addr_spec=letter.to)
    except (MessageError, ValueError) as error:
        raise DeliveryFailed(f"The message has a header that is not one: {error}.") from error
    message["Subject"] = CONTROL.sub(" ", letter.subject)
    message["Date"] = moment(letter.written)
    message["Message-ID"] = f"<notice-{letter.number}.{letter.identity}@{sender.split('@')[1]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
    message.set_content(letter.body)
    message["Content-Language"] = letter.language  # setting content takes its headers away
    return message


class Files:
    """Messages as files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, letter: Letter) -> None:
        """Writes the message, whole or not at all."""
        path = self._folder / f"notice-{letter.number}.{letter.identity}.eml"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            write_whole(path, bytes(message_of(letter, SENDER)))
        except OSError as error:
            raise DeliveryFailed(f"The message cannot be written: {error}.") from error


class Mail(BaseModel):
    """The settings of `mail.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    sender: Annotated[str, Field(alias="from", pattern=f"^{ADDRESS.pattern}$")]
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(gt=0, lt=2**16)]
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    authority: str = ""  # file of the certificates to trust, if not the machine's
    timeout_seconds: Annotated[int, Field(gt=0)] = 30


class Smtp:
    """Messages by SMTP, a connection each: there are few of them, and one failing fails alone."""

    def __init__(self, mail: Mail, password: str = "") -> None:
        self._mail = mail
        self._password = password

    def deliver(self, letter: Letter) -> None:
        """Hands the message to the server."""
        message = message_of(letter, self._mail.sender)
        try:
            with self._connected() as server:
                server.send_message(message)
        except (smtplib.SMTPException, OSError) as error:
            where = f"{self._mail.host}:{self._mail.port}"
            raise DeliveryFailed(f"The mail server {where} did not take it: {error}.") from error

    def _connected(self) -> smtplib.SMTP:
        mail = self._mail
        trusted = ssl.create_default_context(cafile=mail.authority or None)
        where = (mail.host, mail.port)
        if mail.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                *where, timeout=mail.timeout_seconds, context=trusted
            )
        else:
            server = smtplib.SMTP(*where, timeout=mail.timeout_seconds)
        return _closing_on_failure(server, lambda: self._begin(server, trusted))

    def _begin(self, server: smtplib.SMTP, trusted: ssl.SSLContext) -> None:
        if self._mail.security == "starttls":
            server.starttls(context=trusted)  # raises if the server has none: never in the clear
        if self._mail.user:
            server.login(self._mail.user, self._password)


def _closing_on_failure(server: smtplib.SMTP, begin: Callable[[], None]) -> smtplib.SMTP:
    try:
        begin()
    except BaseException:
        server.close()
        raise
    return server


def delivery_of(directory: Path) -> Delivery:
    """The delivery a store's folder is set up for; raises `StorageError` if that is malformed."""
    path = directory / SETTINGS
    if not path.exists():
        return Files(directory / "outbox")
    try:
        mail = Mail.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (ValidationError, ValueError, OSError) as error:
        raise StorageError(f"The settings at {path} cannot be read: {error}") from error
    return Smtp(mail, os.environ.get(PASSWORD, ""))
