package io.github.causewaysync.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.github.causewaysync.v1.Add;
import io.github.causewaysync.v1.Blob;
import io.github.causewaysync.v1.Change;
import io.github.causewaysync.v1.CounterAdd;
import io.github.causewaysync.v1.Delete;
import io.github.causewaysync.v1.EntryBody;
import io.github.causewaysync.v1.KeyChange;
import io.github.causewaysync.v1.MapDelete;
import io.github.causewaysync.v1.MapPut;
import io.github.causewaysync.v1.Put;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A body that says anything else than was asked for is not signed. */
class PreparedTest {
  private static final ByteString UNKNOWN_FIELD = ByteString.copyFrom(new byte[] {(byte) 0xf8, 1, 1});

  private static ByteString id(int value) {
    return ByteString.copyFrom(new byte[31]).concat(ByteString.copyFrom(new byte[] {(byte) value}));
  }

  private static Change change(String kind, MessageLite payload) {
    return Change.newBuilder().setStore("notes").setKind(kind).setPayload(payload.toByteString()).build();
  }

  private static KeyChange.Builder asked() {
    return KeyChange.newBuilder().setKey(io.github.causewaysync.v1.Key.newBuilder().setStore("notes").setKey("title"));
  }

  private static MapPut.Builder put(String value, String type, ByteString... replaces) {
    var put = MapPut.newBuilder().setKey("title").setValue(ByteString.copyFromUtf8(value)).setType(type);
    return put.addAllReplaces(List.of(replaces));
  }

  @Test
  void aPutIsTheValueAndTheVersionsThatWereAskedFor() {
    var ask = asked().setPut(Put.newBuilder().setValue(ByteString.copyFromUtf8("Hi")).setType("text/plain")).build();
    Change given = change("cw.put", put("Hi", "text/plain", id(1), id(2)).build());
    assertTrue(Prepared.says(given, ask, null));
    assertTrue(Prepared.says(given, ask, List.of(id(1), id(2))));
    assertFalse(Prepared.says(given, ask, List.of(id(1))));
    assertFalse(Prepared.says(given, ask, List.of()));
    for (MapPut.Builder lie :
        List.of(
            put("Hi", "text/plain", id(1)).setKey("other"),
            put("Hi", "text/plain", id(1)).setBlob(Blob.newBuilder().setId(id(1)).setSize(1)),
            put("Ho", "text/plain", id(1)),
            put("Hi", "", id(1)),
            put("Hi", "text/plain", id(2), id(1)),
            put("Hi", "text/plain", ByteString.EMPTY)))
      assertFalse(Prepared.says(change("cw.put", lie.build()), ask, null), lie.toString());
    assertFalse(Prepared.says(given.toBuilder().setStore("other").build(), ask, null));
    assertFalse(Prepared.says(given.toBuilder().setKind("cw.delete").build(), ask, null));
    assertFalse(Prepared.says(given.toBuilder().setPayload(given.getPayload().concat(UNKNOWN_FIELD)).build(), ask, null));
  }

  @Test
  void aDeleteAndAnAddNameTheVersionsThatWereAskedFor() {
    var delete = asked().setDelete(Delete.getDefaultInstance()).build();
    Change given = change("cw.delete", MapDelete.newBuilder().setKey("title").addReplaces(id(1)).build());
    assertTrue(Prepared.says(given, delete, null));
    assertFalse(Prepared.says(given, delete, List.of(id(2))));

    var ask = asked().setAdd(Add.newBuilder().setDelta(-3)).build();
    var add = CounterAdd.newBuilder().setKey("title").setDelta(-3);
    assertTrue(Prepared.says(change("cw.add", add.build()), ask, List.of(Id.ZERO.bytes())));
    assertFalse(Prepared.says(change("cw.add", add.build()), ask, List.of(id(1))));
    assertTrue(Prepared.says(change("cw.add", add.addOn(id(1)).build()), ask, null));
    assertFalse(Prepared.says(change("cw.add", add.setDelta(-4).build()), ask, null));
    // An add may come as a put of the number.
    assertTrue(Prepared.says(change("cw.put", put("-3", "text/plain").build()), ask, null));
    assertFalse(Prepared.says(change("cw.put", put("-3", "text/plain", id(1)).build()), ask, null));
    assertFalse(Prepared.says(change("cw.put", put("-4", "text/plain").build()), ask, null));
  }

  @Test
  void aBodyIsForThisTreeKeyNonceAndDay() {
    Id tree = new Id(id(1));
    PeerId author = Key.generate().peer();
    var asked = new Prepared.Asked(tree, author, ByteString.copyFrom(new byte[8]), 1_800_000_000_000L);
    Change line = Change.newBuilder().setStore("log").setKind("line").build();
    EntryBody honest =
        EntryBody.newBuilder()
            .setVersion(1)
            .setTree(tree.bytes())
            .addParents(tree.bytes())
            .setHeight(1)
            .setAuthor(author.bytes())
            .setCreatedAtMs(asked.nowMs())
            .addChanges(line)
            .setNonce(asked.nonce())
            .build();
    List<Change> changes = List.of(line);
    Prepared.check(honest.toByteString(), asked, changes::equals);
    for (ByteString lie :
        List.of(
            honest.toBuilder().setTree(id(2)).build().toByteString(),
            honest.toBuilder().setAuthor(Key.generate().peer().bytes()).build().toByteString(),
            honest.toBuilder().addChanges(line).build().toByteString(),
            honest.toBuilder().setNonce(id(3)).build().toByteString(),
            honest.toBuilder().setCreatedAtMs(asked.nowMs() - Prepared.CLOCK_OFF_MS - 1).build().toByteString(),
            honest.toBuilder().setHeight(0).build().toByteString(),
            honest.toByteString().concat(UNKNOWN_FIELD))) {
      var error = assertThrows(CausewayException.class, () -> Prepared.check(lie, asked, changes::equals));
      assertEquals("PROTOCOL", error.code());
    }
  }
}
