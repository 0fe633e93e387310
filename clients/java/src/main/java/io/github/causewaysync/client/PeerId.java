package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import java.util.HexFormat;

/** The public key of a peer, 32 bytes. Its text is 64 lowercase hex digits. */
public record PeerId(ByteString bytes) {
  /** Takes 32 bytes. */
  public PeerId {
    if (bytes.size() != 32)
      throw new CausewayException("INVALID_ARGUMENT", "A PeerId has 32 bytes, got " + bytes.size() + ".");
  }

  /** Parses the text form. */
  public static PeerId parse(String text) {
    if (!text.matches("[0-9a-f]{64}"))
      throw new CausewayException(
          "INVALID_ARGUMENT",
          "A PeerId has 64 lowercase hex digits, got \"" + text.substring(0, Math.min(80, text.length())) + "\".");
    return new PeerId(ByteString.copyFrom(HexFormat.of().parseHex(text)));
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }
}
