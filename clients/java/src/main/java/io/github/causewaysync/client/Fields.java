package io.github.causewaysync.client;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A strict reader of the one Protobuf encoding that Causeway accepts for signed data: fields in ascending order, only
 * repeated ones more than once, no defaults, the shortest varints, no unknown fields. Protobuf's own reader takes more.
 */
final class Fields {
  private static final long MAX_NUMBER = (1L << 53) - 1;

  private final byte[] bytes;
  private final int end;
  private int at;
  private long field;
  private int wire;

  Fields(byte[] bytes) {
    this.bytes = bytes;
    end = bytes.length;
  }

  /** Moves to the next field and returns its number, or 0 at the end. {@code repeated} may occur more than once. */
  int next(int... repeated) {
    if (at == end) return 0;
    long tag = varint();
    long next = tag >>> 3;
    if (next == 0) throw malformed("A field number is at least 1, got 0.");
    if (next < field || next == field && Arrays.stream(repeated).noneMatch(one -> one == next))
      throw notCanonical("Fields are in ascending order, once each, got " + next + " after " + field + ".");
    field = next;
    wire = (int) tag & 7;
    return (int) Math.min(field, Integer.MAX_VALUE);
  }

  /** Returns the error of a field that the message does not have. */
  CausewayException unknown() {
    return malformed("A message has no fields beyond those of its version, got field " + field + ".");
  }

  private static CausewayException malformed(String message) {
    return new CausewayException("ENTRY_MALFORMED", message);
  }

  private static CausewayException notCanonical(String message) {
    return new CausewayException("ENTRY_NOT_CANONICAL", message);
  }

  private long varint() {
    long value = 0;
    // At most eight bytes, since a number is below 2^53.
    for (int length = 0; length < 8; length++) {
      if (at == end) throw malformed("The bytes end inside a number.");
      byte one = bytes[at++];
      value |= (one & 127L) << 7 * length;
      if (one < 0) continue;
      if (one == 0 && length > 0) throw notCanonical("A number is encoded in the fewest bytes, got more.");
      if (value <= MAX_NUMBER) return value;
      break;
    }
    throw malformed("A number is at most 2^53 - 1, got a greater one.");
  }

  long number() {
    if (wire != 0) throw malformed("Field " + field + " is a number, got wire type " + wire + ".");
    long value = varint();
    if (value == 0) throw notCanonical("Default values are left out, got field " + field + " as 0.");
    return value;
  }

  /** Reads a member of an enum that ends at {@code highest}. Other numbers mean something only to later versions. */
  long member(int highest, String code) {
    long value = number();
    if (value > highest)
      throw new CausewayException(code, "Field " + field + " is at most " + highest + ", got " + value + ".");
    return value;
  }

  /** Reads bytes that may be empty: those of a repeated field, or those whose length has a better code. */
  byte[] item() {
    if (wire != 2) throw malformed("Field " + field + " is length-delimited, got wire type " + wire + ".");
    long length = varint();
    if (length > end - at) throw malformed("Field " + field + " fits into its message, got " + length + " bytes.");
    at += (int) length;
    return Arrays.copyOfRange(bytes, at - (int) length, at);
  }

  byte[] bytes() {
    byte[] item = item();
    if (item.length == 0) throw notCanonical("Default values are left out, got field " + field + " empty.");
    return item;
  }

  /** Reads 32 bytes. Throws {@code code} for another length. */
  byte[] hash(String code) {
    byte[] item = item();
    if (item.length != 32)
      throw new CausewayException(code, "Field " + field + " has 32 bytes, got " + item.length + ".");
    return item;
  }

  /** Reads the next of at most {@code most} ids that ascend strictly, after {@code last}. Throws {@code code}. */
  byte[] ascending(byte[] last, int count, int most, String code) {
    byte[] id = hash(code);
    if (count >= most || last != null && Arrays.compareUnsigned(last, id) >= 0)
      throw new CausewayException(
          code, "Field " + field + " has at most " + most + " ids, in strictly ascending order.");
    return id;
  }

  /** Reads text of at most {@code most} bytes. Throws {@code code} for a longer one. */
  String text(int most, String code) {
    byte[] text = bytes();
    if (text.length > most)
      throw new CausewayException(code, "Field " + field + " has at most " + most + " bytes, got " + text.length + ".");
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
    } catch (CharacterCodingException other) {
      throw malformed("Field " + field + " is UTF-8, got other bytes.");
    }
  }
}
