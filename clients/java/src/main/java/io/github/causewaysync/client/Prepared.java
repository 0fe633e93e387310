package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.github.causewaysync.v1.Change;
import io.github.causewaysync.v1.CounterAdd;
import io.github.causewaysync.v1.EntryBody;
import io.github.causewaysync.v1.KeyChange;
import io.github.causewaysync.v1.MapDelete;
import io.github.causewaysync.v1.MapPut;
import java.util.List;
import java.util.function.Predicate;

/**
 * Checks of a body that a node has prepared for this program's key. Whoever signs it states all that is in it, so it must
 * say what was asked for, and no more. Its place in the tree stays the node's word.
 */
final class Prepared {
  /** How far the clocks of the node and of this program may be apart. */
  static final long CLOCK_OFF_MS = 86_400_000;

  private static final int MOST_NAMES = 64;

  private Prepared() {}

  /** What a node was asked to prepare, beside the changes. */
  record Asked(Id tree, PeerId author, ByteString nonce, long nowMs) {}

  /** Checks that a prepared body says what was asked for. Throws PROTOCOL. */
  static void check(ByteString bytes, Asked asked, Predicate<List<Change>> says) {
    EntryBody body;
    try {
      body = Bodies.read(bytes.toByteArray());
    } catch (CausewayException error) {
      throw lied("is not valid (" + error.getMessage() + ")");
    }
    if (!body.getTree().equals(asked.tree.bytes())) throw lied("is for another tree");
    if (!body.getAuthor().equals(asked.author.bytes())) throw lied("is for another key");
    if (body.getChangesList().stream().anyMatch(change -> change.getStore().equals(Policies.STORE)))
      throw lied("changes the policy");
    if (!says.test(body.getChangesList())) throw lied("has other changes than were asked for");
    if (!body.getNonce().equals(asked.nonce)) throw lied("has another nonce than was asked for");
    if (Math.abs(body.getCreatedAtMs() - asked.nowMs) > CLOCK_OFF_MS)
      throw lied("is dated " + body.getCreatedAtMs() + ", too far from the time here, " + asked.nowMs);
  }

  private static CausewayException lied(String how) {
    return new CausewayException("PROTOCOL", "The body that the node prepared " + how + ": it is not signed.");
  }

  /**
   * Reports whether a change does to a key what was asked for. {@code replaces} are the versions that it may replace or
   * add to, ascending; null leaves them to the node. All payloads have one encoding, so equal bytes say the same.
   */
  static boolean says(Change change, KeyChange asked, List<ByteString> replaces) {
    if (!change.getStore().equals(asked.getKey().getStore())) return false;
    try {
      ByteString payload = expected(change, asked, replaces);
      return payload != null && payload.equals(change.getPayload());
    } catch (InvalidProtocolBufferException unreadable) {
      return false;
    }
  }

  /** Returns the payload that the change must have, or null if it is of another kind than was asked for. */
  private static ByteString expected(Change change, KeyChange asked, List<ByteString> replaces)
      throws InvalidProtocolBufferException {
    String key = asked.getKey().getKey();
    ByteString payload = change.getPayload();
    return switch (asked.getWhatCase() + " " + change.getKind()) {
      case "PUT cw.put" -> {
        var names = namesOr(replaces, MapPut.parseFrom(payload).getReplacesList());
        var put = asked.getPut();
        yield put(key, new Value(put.getValue(), put.getType(), put.hasBlob() ? put.getBlob() : null), names);
      }
      case "DELETE cw.delete" -> {
        var names = namesOr(replaces, MapDelete.parseFrom(payload).getReplacesList());
        yield MapDelete.newBuilder().setKey(key).addAllReplaces(names).build().toByteString();
      }
      case "ADD cw.add" -> {
        var given = CounterAdd.parseFrom(payload).getOnList();
        // An add to no version names none.
        boolean isToNone = given.isEmpty() && List.of(Id.ZERO.bytes()).equals(replaces);
        var names = isToNone ? given : namesOr(replaces, given);
        long delta = asked.getAdd().getDelta();
        yield CounterAdd.newBuilder().setKey(key).addAllOn(names).setDelta(delta).build().toByteString();
      }
      // An add to a key of which nothing is left is put as the number.
      case "ADD cw.put" ->
          put(key, Value.of(Long.toString(asked.getAdd().getDelta())), replaces == null ? List.of() : replaces);
      default -> null;
    };
  }

  private static ByteString put(String key, Value value, List<ByteString> replaces) {
    var put = MapPut.newBuilder().setKey(key).setValue(value.bytes()).setType(value.mediaType());
    if (value.blob() != null) put.setBlob(value.blob());
    return put.addAllReplaces(replaces).build().toByteString();
  }

  /** Returns the names that were asked for, or those that the node chose if they can be names at all. */
  private static List<ByteString> namesOr(List<ByteString> asked, List<ByteString> given)
      throws InvalidProtocolBufferException {
    if (asked != null) return asked;
    boolean ascends = Entry.sorted(given).stream().distinct().toList().equals(given);
    if (given.size() > MOST_NAMES || !ascends || given.stream().anyMatch(name -> name.size() != 32))
      throw new InvalidProtocolBufferException("Names are ids in ascending order.");
    return given;
  }
}
