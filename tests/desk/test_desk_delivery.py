"""Messages leave: as files that are the same when written again, and by SMTP to a real server."""

from __future__ import annotations

import email
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from openets.desk.delivery import (
    PASSWORD,
    SETTINGS,
    DeliveryFailed,
    Files,
    Letter,
    Mail,
    Smtp,
    delivery_of,
    is_address,
    message_of,
)
from openets.kernel.clock import instant
from openets.storage.database import StorageError

AT = datetime(2030, 3, 4, 9, tzinfo=UTC)
LETTER = Letter(
    number=7,
    identity="abc",
    to="person-5@example.org",
    language="sl",
    written=instant(AT),
    subject="Predlog 3 čaka na vašo odobritev",
    body="Šumniki: č, š, ž.\n",
)


def parsed(content: bytes) -> email.message.EmailMessage:
    found = email.message_from_bytes(content, policy=policy.default)
    assert isinstance(found, email.message.EmailMessage)
    return found


def test_a_message_has_the_headers_a_notice_needs() -> None:
    found = parsed(bytes(message_of(LETTER, "registry@example.org")))
    assert found["Message-ID"] == "<notice-7.abc@example.org>"
    assert (found["To"], found["Subject"]) == (LETTER.to, LETTER.subject)
    assert (found["Content-Language"], found["Auto-Submitted"]) == ("sl", "auto-generated")
    assert found["Date"].datetime == AT
    assert found.get_content().splitlines() == LETTER.body.splitlines()


@pytest.mark.parametrize(
    "break_", ["\r\nBcc: thief@example.org", "\nBcc: a@b", "\r", "\u2028x", "\x00"]
)
def test_nothing_that_was_entered_adds_a_header(break_: str) -> None:
    found = parsed(bytes(message_of(LETTER._replace(subject=f"Freeze{break_}"), "r@example.org")))
    assert found["Bcc"] is None
    assert found["Subject"].startswith("Freeze ")
    assert set(found.keys()) >= {"From", "To", "Subject", "Date", "Message-ID"}


@pytest.mark.parametrize(
    "address",
    [
        "",
        "x",
        "a@b\r\nBcc: c@d",
        "a b@c.d",
        "<a@b.c>",
        "a@b.c, d@e.f",
        "a@b.c;d@e.f",
        "ž@b.c",
        "a@",
    ],
)
def test_what_is_no_address_gets_no_message(address: str) -> None:
    assert not is_address(address)
    with pytest.raises(DeliveryFailed, match="not of the form"):
        message_of(LETTER._replace(to=address), "r@example.org")


def test_a_file_for_each_message_and_the_same_when_written_again(tmp_path: Path) -> None:
    files = delivery_of(tmp_path)
    assert isinstance(files, Files)
    for _ in range(2):
        files.deliver(LETTER)
    (path,) = (tmp_path / "outbox").iterdir()
    assert path.name == "notice-7.abc.eml"
    assert parsed(path.read_bytes())["To"] == LETTER.to


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(DeliveryFailed, match="cannot be written"):
        delivery_of(tmp_path).deliver(LETTER)


# -- SMTP ----------------------------------------------------------------------------------------


class Received:
    """What the server took; it refuses one recipient for good and one for now."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 OK"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of its own for this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / "cert.pem", tmp_path / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def serve(received: Received, **options: Any) -> Iterator[Controller]:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    controller = Controller(received, hostname="localhost", port=port, **options)
    controller.start()
    try:
        yield controller
    finally:
        controller.stop()


@pytest.fixture
def received() -> Received:
    return Received()


@pytest.fixture
def plain(received: Received) -> Iterator[Controller]:
    yield from serve(received)


@pytest.fixture
def secure(received: Received, certificate: tuple[Path, Path]) -> Iterator[Controller]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def authenticate(*given: Any) -> AuthResult:
        data = given[-1]
        known = (data.login, data.password) == (b"registry", b"secret")
        return AuthResult(success=known, handled=False)  # the server still has to say so

    yield from serve(
        received,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )


def mail(controller: Controller, **more: Any) -> Mail:
    fields = {"from": "registry@example.org", "host": "localhost", "port": controller.port}
    return Mail.model_validate({**fields, "timeout_seconds": 5, **more})


def test_a_message_reaches_a_server(plain: Controller, received: Received) -> None:
    Smtp(mail(plain, security="none")).deliver(LETTER)
    (envelope,) = received.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("registry@example.org", [LETTER.to])
    assert isinstance(envelope.content, bytes)
    assert parsed(envelope.content).get_content().rstrip() == LETTER.body.rstrip()


def test_by_starttls_with_a_password_from_the_environment(
    secure: Controller,
    received: Received,
    certificate: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = (
        'from = "registry@example.org"',
        'host = "localhost"',
        f"port = {secure.port}",
        'user = "registry"',
        f'authority = "{certificate[0]}"',
    )
    (tmp_path / SETTINGS).write_text("\n".join(lines))
    monkeypatch.setenv(PASSWORD, "secret")
    delivery_of(tmp_path).deliver(LETTER)
    assert len(received.envelopes) == 1
    monkeypatch.setenv(PASSWORD, "wrong")
    with pytest.raises(DeliveryFailed, match="did not take it"):
        delivery_of(tmp_path).deliver(LETTER)
    assert len(received.envelopes) == 1


def test_never_in_the_clear_where_starttls_is_asked_for(
    plain: Controller, received: Received
) -> None:
    with pytest.raises(DeliveryFailed, match="STARTTLS"):
        Smtp(mail(plain)).deliver(LETTER)
    assert not received.envelopes


def test_a_certificate_nobody_vouches_for_is_not_trusted(
    secure: Controller, received: Received
) -> None:
    with pytest.raises(DeliveryFailed, match="certificate"):
        Smtp(mail(secure)).deliver(LETTER)
    assert not received.envelopes


def test_a_recipient_the_server_refuses_and_a_server_that_is_away(
    plain: Controller, received: Received
) -> None:
    with pytest.raises(DeliveryFailed, match="no such person"):
        Smtp(mail(plain, security="none")).deliver(LETTER._replace(to="nobody@example.org"))
    with socket.socket() as free:
        free.bind(("localhost", 0))
        nobody_listens = free.getsockname()[1]
        with pytest.raises(DeliveryFailed, match="did not take it"):
            Smtp(mail(plain, security="none", port=nobody_listens)).deliver(LETTER)
    assert not received.envelopes


def test_a_server_that_does_not_answer_holds_nobody_up() -> None:
    with socket.socket() as silent:
        silent.bind(("localhost", 0))
        silent.listen(1)
        fields = {"from": "r@example.org", "host": "localhost", "security": "none"}
        port = silent.getsockname()[1]
        setting = Mail.model_validate({**fields, "port": port, "timeout_seconds": 1})
        with pytest.raises(DeliveryFailed, match="timed out"):
            Smtp(setting).deliver(LETTER)


@pytest.mark.parametrize(
    "text", ["port = 25", "nonsense", 'from = "x"\nhost = "h"\nport = 1', 'from = "a@b"\nhost = ""']
)
def test_settings_that_are_malformed_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / SETTINGS).write_text(text)
    with pytest.raises(StorageError, match=r"mail\.toml cannot be read"):
        delivery_of(tmp_path)
