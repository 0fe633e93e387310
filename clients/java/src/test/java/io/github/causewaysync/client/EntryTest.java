package io.github.causewaysync.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.EntryBody;
import io.github.causewaysync.v1.PublicAccess;
import io.github.causewaysync.v1.SignedEntry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** The golden vectors of entries: each valid one signs again to the same bytes, each invalid one gets its code. */
class EntryTest {
  private static final JsonObject VECTORS = Vectors.file("entries.json");

  private static SignedEntry signed(JsonObject vector) {
    return SignedEntry.newBuilder()
        .setBody(Vectors.expand(vector.get("body")))
        .setSignature(Vectors.expand(vector.get("signature")))
        .build();
  }

  private static List<String> hex(List<ByteString> ids) {
    return ids.stream().map(id -> HexFormat.of().formatHex(id.toByteArray())).toList();
  }

  private static List<String> texts(JsonElement list) {
    return StreamSupport.stream(list.getAsJsonArray().spliterator(), false).map(JsonElement::getAsString).toList();
  }

  private static void checkFields(EntryBody body, JsonObject fields, String name) {
    String tree = fields.get("tree").isJsonNull() ? "" : Vectors.text(fields, "tree");
    assertEquals(List.of(tree), hex(List.of(body.getTree())), name);
    assertEquals(texts(fields.get("parents")), hex(body.getParentsList()), name);
    assertEquals(fields.get("height").getAsLong(), body.getHeight(), name);
    assertEquals(Vectors.text(fields, "author"), new PeerId(body.getAuthor()).toString(), name);
    assertEquals(fields.get("createdAtMs").getAsLong(), body.getCreatedAtMs(), name);
    assertEquals(texts(fields.get("policy")), hex(body.getPolicyList()), name);
    assertEquals(List.of(Vectors.text(fields, "nonce")), hex(List.of(body.getNonce())), name);
    List<JsonObject> changes = new ArrayList<>();
    for (JsonObject change : Vectors.list(fields, "changes"))
      if (change.has("repeat"))
        changes.addAll(Collections.nCopies(change.get("times").getAsInt(), change.getAsJsonObject("repeat")));
      else changes.add(change);
    assertEquals(changes.size(), body.getChangesCount(), name);
    for (int index = 0; index < changes.size(); index++) {
      assertEquals(Vectors.text(changes.get(index), "store"), body.getChanges(index).getStore(), name);
      assertEquals(Vectors.text(changes.get(index), "kind"), body.getChanges(index).getKind(), name);
      assertEquals(Vectors.expand(changes.get(index).get("payload")), body.getChanges(index).getPayload(), name);
    }
  }

  @Test
  void validEntriesVerifyAndSignAgainToTheSameBytes() {
    Map<Id, Entry.Place> known = new HashMap<>();
    List<JsonObject> valid = Vectors.list(VECTORS, "valid");
    assertTrue(valid.size() >= 40);
    for (JsonObject vector : valid) {
      String name = Vectors.text(vector, "name");
      Entry entry = Entry.verify(signed(vector));
      assertEquals(Vectors.id(vector.get("id")), entry.id(), name);
      assertEquals(Vectors.text(vector, "cid"), entry.id().toString(), name);
      assertEquals(entry.id(), Id.parse(Vectors.text(vector, "cid")), name);
      checkFields(entry.body(), vector.getAsJsonObject("fields"), name);
      if (!vector.get("seed").isJsonNull()) {
        // A draft may have its ids in any order.
        List<ByteString> parents = new ArrayList<>(entry.body().getParentsList());
        Collections.reverse(parents);
        var draft = entry.body().toBuilder().clearParents().addAllParents(parents).build();
        assertEquals(entry, Entry.sign(Key.fromSeed(Vectors.hex(vector, "seed")), draft), name);
      }
      if (!vector.has("alone")) entry.checkPlace(known::get);
      known.put(entry.id(), new Entry.Place(entry.tree(), entry.body().getHeight()));
    }
  }

  @Test
  void invalidEntriesAreRefusedWithTheirCode() {
    int checked = 0;
    for (JsonObject vector : Vectors.list(VECTORS, "invalid")) {
      String name = Vectors.text(vector, "name");
      SignedEntry signed = signed(vector);
      switch (Vectors.text(vector, "decidedBy")) {
        // The bytes of these entries hold; the next test is about their authors.
        case "policy" -> Entry.verify(signed);
        case "parents" -> {
          Map<Id, Entry.Place> known = new HashMap<>();
          for (JsonObject one : Vectors.list(vector, "known"))
            known.put(
                Vectors.id(one.get("id")), new Entry.Place(Vectors.id(one.get("tree")), one.get("height").getAsLong()));
          Entry entry = Entry.verify(signed);
          refused(vector, () -> entry.checkPlace(known::get));
          checked++;
        }
        default -> {
          if (Vectors.text(vector, "decidedBy").equals("signature")) Bodies.read(signed.getBody().toByteArray());
          refused(vector, () -> Entry.verify(signed));
          checked++;
        }
      }
    }
    assertTrue(checked >= 128, "" + checked);
  }

  private static void take(List<Rights> trees, Entry entry) {
    if (entry.body().getTree().isEmpty()) trees.add(0, new Rights(entry.id()));
    var parents = entry.body().getParentsList();
    trees.stream()
        .filter(tree -> parents.stream().allMatch(parent -> tree.has(new Id(parent))))
        .findFirst()
        .orElseThrow()
        .take(entry);
  }

  @Test
  void entriesStandOnTheirPolicyAndTheirAuthorsMayWriteThem() {
    List<Rights> trees = new ArrayList<>();
    for (JsonObject vector : Vectors.list(VECTORS, "valid"))
      if (!vector.has("alone")) take(trees, Entry.verify(signed(vector)));
    int checked = 0;
    for (JsonObject vector : Vectors.list(VECTORS, "invalid"))
      if (Vectors.text(vector, "decidedBy").equals("policy")) {
        Entry entry = Entry.verify(signed(vector));
        refused(vector, () -> take(trees, entry));
        checked++;
      }
    assertTrue(checked >= 13, "" + checked);
  }

  private static void refused(JsonObject vector, org.junit.jupiter.api.function.Executable check) {
    String name = Vectors.text(vector, "name");
    assertEquals(Vectors.text(vector, "code"), assertThrows(CausewayException.class, check, name).code(), name);
  }

  /** Returns the bytes with one of them changed, left out or doubled, at a place. */
  private static List<ByteString> mutants(ByteString bytes, int at) {
    ByteString before = bytes.substring(0, at);
    ByteString one = bytes.substring(at, at + 1);
    ByteString after = bytes.substring(at + 1);
    List<ByteString> mutants = new ArrayList<>(List.of(before.concat(after), before.concat(one).concat(one).concat(after)));
    for (int bit : List.of(1, 4, 8, 0x80))
      mutants.add(before.concat(ByteString.copyFrom(new byte[] {(byte) (one.byteAt(0) ^ bit)})).concat(after));
    return mutants;
  }

  @Test
  void whateverIsReadHasOneEncoding() {
    int read = 0;
    int refused = 0;
    for (JsonObject vector : Vectors.list(VECTORS, "valid")) {
      ByteString body = Vectors.expand(vector.get("body"));
      ByteString bytes = body.substring(0, Math.min(600, body.size()));
      for (int at = 0; at < bytes.size(); at++)
        for (ByteString mutant : mutants(bytes, at))
          try {
            assertEquals(mutant, Bodies.read(mutant.toByteArray()).toByteString());
            read++;
          } catch (CausewayException error) {
            assertTrue(error.code().startsWith("ENTRY_"), error.toString());
            refused++;
          }
    }
    assertTrue(read > 1000 && refused > 1000, read + " " + refused);
  }

  @Test
  void aRootIsSignedAndADraftThatIsNotValidIsNot() {
    Key key = Key.generate();
    Entry root = Entry.signRoot(key, "notes", PublicAccess.PUBLIC_ACCESS_READ);
    assertEquals(root.id(), root.tree());
    assertEquals(key.peer(), root.author());
    assertEquals(root, Entry.verify(root.signed()));
    var long129 = "a".repeat(129);
    var error =
        assertThrows(
            CausewayException.class, () -> Entry.signRoot(key, long129, PublicAccess.PUBLIC_ACCESS_NONE));
    assertEquals("ENTRY_ROOT", error.code());
  }
}
