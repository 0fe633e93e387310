package io.github.causewaysync.client;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.StreamSupport;

/** Reads the golden vectors of conformance/vectors. */
final class Vectors {
  private Vectors() {}

  static JsonObject file(String name) {
    try {
      String text = Files.readString(Sandbox.CHECKOUT.resolve("conformance/vectors").resolve(name));
      return JsonParser.parseString(text).getAsJsonObject();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  static List<JsonObject> list(JsonObject object, String name) {
    JsonArray items = object.has(name) ? object.getAsJsonArray(name) : new JsonArray();
    return StreamSupport.stream(items.spliterator(), false).map(JsonElement::getAsJsonObject).toList();
  }

  static String text(JsonObject object, String name) {
    return object.get(name).getAsString();
  }

  static byte[] hex(JsonObject object, String name) {
    return HexFormat.of().parseHex(text(object, name));
  }

  /** Bytes are hex, or a list of pieces, each hex or a repeated run. */
  static ByteString expand(JsonElement bytes) {
    StringBuilder hex = new StringBuilder();
    if (!bytes.isJsonArray()) hex.append(bytes.getAsString());
    else
      for (JsonElement piece : bytes.getAsJsonArray())
        if (piece.isJsonObject()) {
          JsonObject run = piece.getAsJsonObject();
          hex.append(text(run, "repeat").repeat(run.get("times").getAsInt()));
        } else hex.append(piece.getAsString());
    return ByteString.copyFrom(HexFormat.of().parseHex(hex));
  }

  /** A text, or a list of pieces, each a text or a repeated run. */
  static String expandText(JsonElement text) {
    if (!text.isJsonArray()) return text.getAsString();
    StringBuilder expanded = new StringBuilder();
    for (JsonElement piece : text.getAsJsonArray())
      if (piece.isJsonObject()) {
        JsonObject run = piece.getAsJsonObject();
        expanded.append(text(run, "repeat").repeat(run.get("times").getAsInt()));
      } else expanded.append(piece.getAsString());
    return expanded.toString();
  }

  static Id id(JsonElement hex) {
    return new Id(ByteString.copyFrom(HexFormat.of().parseHex(hex.getAsString())));
  }
}
