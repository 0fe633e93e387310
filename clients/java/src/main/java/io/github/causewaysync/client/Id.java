package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import java.util.HexFormat;

/** The id of an entry, 32 bytes; the id of a tree is that of its root. Its text is a CIDv1 such as {@code bafkrei…}. */
public record Id(ByteString bytes) implements Comparable<Id> {
  /** 32 zero bytes, which name the version of a key that counts adds to no version. */
  public static final Id ZERO = new Id(ByteString.copyFrom(new byte[32]));

  private static final String BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
  /** CID version 1, raw codec, sha2-256, 32 bytes. */
  private static final byte[] PREFIX = HexFormat.of().parseHex("01551220");

  /** Takes 32 bytes. */
  public Id {
    if (bytes.size() != 32)
      throw new CausewayException("INVALID_ARGUMENT", "An id has 32 bytes, got " + bytes.size() + ".");
  }

  /** Parses the text form. */
  public static Id parse(String text) {
    if (text.length() == 59 && text.charAt(0) == 'b') {
      byte[] decoded = new byte[36];
      int bits = 0;
      int value = 0;
      int at = 0;
      for (int index = 1; index < text.length() && at < decoded.length; index++) {
        value = (value << 5 | BASE32.indexOf(text.charAt(index))) & 0xfff;
        bits += 5;
        if (bits >= 8) {
          bits -= 8;
          decoded[at++] = (byte) (value >> bits);
        }
      }
      Id id = new Id(ByteString.copyFrom(decoded, 4, 32));
      // An id has only one text, so this also finds other letters and another prefix.
      if (id.toString().equals(text)) return id;
    }
    throw new CausewayException(
        "INVALID_ARGUMENT",
        "An id is a CIDv1 such as bafkrei…, got \"" + text.substring(0, Math.min(80, text.length())) + "\".");
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("b");
    int bits = 0;
    int value = 0;
    for (byte one : ByteString.copyFrom(PREFIX).concat(bytes).toByteArray()) {
      value = (value << 8 | one & 0xff) & 0xfff;
      for (bits += 8; bits >= 5; bits -= 5) text.append(BASE32.charAt(value >> bits - 5 & 31));
    }
    return text.append(BASE32.charAt(value << 5 - bits & 31)).toString();
  }

  @Override
  public int compareTo(Id other) {
    return ByteString.unsignedLexicographicalComparator().compare(bytes, other.bytes);
  }
}
