"""The two encodings in every C2SP text, decimal numbers and base64. Each value has exactly one accepted spelling."""

from __future__ import annotations

import codecs
from base64 import b64decode, b64encode
from typing import Final

from domain.seal.errors import Malformed
from domain.seal.merkle import HASH_SIZE, SIZE_MAX


def base64_of(content: bytes) -> str:
    """The content in standard base64 with padding."""
    return b64encode(content).decode()


def bytes_of(text: str, what: str, where: str) -> bytes:
    """The content of standard base64 with padding, in the spelling that `base64_of` writes. Raises Malformed."""
    try:
        content = b64decode(text, validate=True)
    except ValueError:
        content = None
    # Base64 of some lengths has unused bits, which decode to the same bytes whatever they are. Only zero bits are
    # accepted.
    if content is None or base64_of(content) != text:
        raise Malformed(f"the {what} is not standard base64", where)
    return content


def hash_of(text: str, what: str, where: str) -> bytes:
    """A hash in base64. Raises Malformed if it is not 32 bytes."""
    content = bytes_of(text, what, where)
    if len(content) != HASH_SIZE:
        raise Malformed(f"the {what} has {len(content)} bytes instead of the {HASH_SIZE} bytes of a hash", where)
    return content


def number_of(text: str, what: str, where: str) -> int:
    """A number from 0 to 2**63 - 1, in decimal without leading zeros or a sign. Raises Malformed."""
    # The length is checked first, because Python refuses to convert thousands of digits with an error of its own.
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(SIZE_MAX)) else -1
    if not 0 <= number <= SIZE_MAX or str(number) != text:
        raise Malformed(f"the {what} is not a decimal number without leading zeros, below 2**63", where)
    return number


BYTE_ORDER_MARKS: Final = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""What some programs put before a text when they save it. No signed text begins with it."""


def text_of(content: str | bytes, what: str) -> str:
    """UTF-8 text without control characters other than newlines, as signed notes must be. Raises Malformed."""
    if content.startswith("\ufeff") if isinstance(content, str) else content.startswith(BYTE_ORDER_MARKS):
        raise Malformed("it begins with a byte order mark, which a text editor added: copy the file itself", what)
    try:
        text = content.decode() if isinstance(content, bytes) else content
        text.encode()
    except UnicodeError:
        raise Malformed("it is not UTF-8", what) from None
    if any(character < " " and character != "\n" for character in set(text)):
        raise Malformed("it contains a control character", what)
    return text
