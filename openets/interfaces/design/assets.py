"""The files every page uses, and their addresses.

An address carries a digest of the file, so that a browser may keep it for long and still gets the
new one after a release. `{% asset "openets.css" %}` writes it in a template.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from django import template

STATIC = Path(__file__).parent / "static"
MEDIA_TYPES = {"openets.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
DIGITS = 12

register = template.Library()


class Asset(NamedTuple):
    """A file's bytes, its media type and the digest in its address."""

    content: bytes
    media_type: str
    version: str


def _load(name: str) -> Asset:
    content = (STATIC / name).read_bytes()
    return Asset(content, MEDIA_TYPES[name], sha256(content).hexdigest()[:DIGITS])


ASSETS = {name: _load(name) for name in MEDIA_TYPES}


@register.simple_tag
def asset(name: str) -> str:
    """The address of a file."""
    return f"/assets/{ASSETS[name].version}/{name}"


@register.filter
def unbroken(words: str) -> str:
    """Words whose hyphens hold together at the end of a line: spans of years, above all."""
    return words.replace("-", "\N{NON-BREAKING HYPHEN}")
