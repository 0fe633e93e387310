"""The one encoding of what is signed.

Protobuf keeps fields that it does not know, takes the last of several, and reads numbers in any length. What is signed
has its fields in ascending order, only repeated ones more than once, none with its default value, varints in the
fewest bytes, no number above 2^53 - 1, and nothing unknown at any level.
"""

from __future__ import annotations

from typing import TypeVar, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

from ._errors import CausewayError
from ._limits import MAX_NUMBER

_Message = TypeVar("_Message", bound=Message)

_LENGTH_DELIMITED = {FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_MESSAGE}


def encode(message: Message) -> bytes:
    """Returns the canonical encoding of a message."""
    return message.SerializeToString(deterministic=True)


def decode(kind: type[_Message], encoded: bytes) -> _Message:
    """Reads a message from its canonical encoding. Raises ENTRY_MALFORMED or ENTRY_NOT_CANONICAL."""
    _check(encoded, cast(Descriptor, kind.DESCRIPTOR))
    try:
        return kind.FromString(encoded)
    except DecodeError as error:
        raise CausewayError("ENTRY_MALFORMED", f"The message cannot be read: {error}.") from error


def read_varint(encoded: bytes, at: int) -> tuple[int, int]:
    """Returns a number in the fewest bytes, and where it ends. It has at most eight, since it is below 2^53."""
    value = 0
    for length in range(8):
        if at + length >= len(encoded):
            raise _malformed("The bytes end inside a number.")
        byte = encoded[at + length]
        value |= (byte & 127) << (7 * length)
        if byte < 128:
            if byte == 0 and length > 0:
                raise CausewayError("ENTRY_NOT_CANONICAL", "A number is encoded in the fewest bytes.")
            if value > MAX_NUMBER:
                break
            return value, at + length + 1
    raise _malformed("A number is at most 2^53 - 1.")


def _check(encoded: bytes, message: Descriptor) -> None:
    at, last = 0, 0
    while at < len(encoded):
        tag, at = read_varint(encoded, at)
        number, wire_type = tag >> 3, tag & 7
        field = message.fields_by_number.get(number)
        if field is None:
            raise _malformed(f"A {message.name} has no field {number}.")
        if number < last or (number == last and not field.is_repeated):
            raise CausewayError(
                "ENTRY_NOT_CANONICAL", f"Fields are in ascending order, once each: field {number} follows {last}."
            )
        last = number
        at = _check_field(encoded, at, wire_type, field)


def _check_field(encoded: bytes, at: int, wire_type: int, field: FieldDescriptor) -> int:
    """Checks the value of a field, and returns where it ends."""
    is_number = field.type not in _LENGTH_DELIMITED
    value, at = read_varint(encoded, at)  # A number, or a length.
    if wire_type != (0 if is_number else 2):
        raise _malformed(f"The field {field.name} has wire type {wire_type}.")
    is_default = value == 0 and not field.is_repeated and field.type != FieldDescriptor.TYPE_MESSAGE
    if is_default or (field.type == FieldDescriptor.TYPE_BOOL and value > 1):
        raise CausewayError("ENTRY_NOT_CANONICAL", f"Default values are left out: the field {field.name} has one.")
    if is_number:
        return at
    end = at + value
    if end > len(encoded):
        raise _malformed(f"The bytes end inside the field {field.name}.")
    if field.type == FieldDescriptor.TYPE_STRING:
        try:
            encoded[at:end].decode()
        except UnicodeDecodeError as error:
            raise _malformed(f"The field {field.name} is not in UTF-8.") from error
    if field.type == FieldDescriptor.TYPE_MESSAGE and field.message_type is not None:
        _check(encoded[at:end], field.message_type)
    return end


def _malformed(message: str) -> CausewayError:
    return CausewayError("ENTRY_MALFORMED", message)
