"""Ed25519 keys: how registry, log and officers sign, and how anyone checks it.

The cryptography comes from a library; this module only fixes the form: raw 32-byte public keys,
64-byte signatures, private keys as PEM files that only their owner can read.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64


class SigningKey:
    """A private key with its public half as raw bytes."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public: bytes = private.public_key().public_bytes_raw()

    @classmethod
    def create(cls, path: Path) -> SigningKey:
        """A new key, written to a file that must not exist yet (mode 0600)."""
        key = cls(Ed25519PrivateKey.generate())
        pem = key._private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        return key

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """The key in a PEM file; raises `ValueError` if it is locked or another kind of key."""
        try:
            private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except TypeError:
            raise ValueError(f"{path} is locked with a password.") from None
        if not isinstance(private, Ed25519PrivateKey):
            raise ValueError(f"{path} does not hold an Ed25519 key.")
        return cls(private)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of a message."""
        return self._private.sign(message)


def is_signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    """True if the signature is the key's signature of exactly this message."""
    if len(public) != PUBLIC_KEY_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True
