package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.Blob;

/**
 * A value of a key.
 *
 * @param bytes at most 65,536 bytes; empty if there is a blob
 * @param mediaType such as {@code application/json}; empty: bytes
 * @param blob what {@link Tree#upload} has sent, in place of bytes; null if there is none
 */
public record Value(ByteString bytes, String mediaType, Blob blob) {
  /** Takes bytes of a media type. */
  public Value(ByteString bytes, String mediaType) {
    this(bytes, mediaType, null);
  }

  /** Returns a text, as {@code text/plain}. */
  public static Value of(String text) {
    return new Value(ByteString.copyFromUtf8(text), "text/plain");
  }

  /** Returns bytes without a media type. */
  public static Value of(byte[] bytes) {
    return new Value(ByteString.copyFrom(bytes), "");
  }
}
