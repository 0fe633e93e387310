package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.Add;
import io.github.causewaysync.v1.Delete;
import io.github.causewaysync.v1.Expectation;
import io.github.causewaysync.v1.KeyChange;
import io.github.causewaysync.v1.PrepareWriteRequest;
import io.github.causewaysync.v1.Put;
import io.github.causewaysync.v1.Versions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One entry that changes keys. {@link #send} has the node prepare it, checks that it says what was asked for, signs it
 * and sends it: so neither the node nor anybody else can write in this program's name.
 */
public final class Write {
  private static final int MOST_NAMES = 64;

  private final Tree tree;
  private final List<KeyChange> changes = new ArrayList<>();
  private final List<Expectation> expect = new ArrayList<>();
  private boolean durable;

  Write(Tree tree) {
    this.tree = tree;
  }

  private static io.github.causewaysync.v1.Key keyOf(String store, String key) {
    return io.github.causewaysync.v1.Key.newBuilder().setStore(store).setKey(key).build();
  }

  /** Puts a text under a key of a store. */
  public Write put(String store, String key, String text) {
    return put(store, key, Value.of(text));
  }

  /** Puts a value under a key of a store. */
  public Write put(String store, String key, Value value) {
    var put = Put.newBuilder().setValue(value.bytes()).setType(value.mediaType());
    if (value.blob() != null) put.setBlob(value.blob());
    changes.add(KeyChange.newBuilder().setKey(keyOf(store, key)).setPut(put).build());
    return this;
  }

  /** Removes the versions of a key. */
  public Write delete(String store, String key) {
    changes.add(KeyChange.newBuilder().setKey(keyOf(store, key)).setDelete(Delete.getDefaultInstance()).build());
    return this;
  }

  /** Adds to the number under a key. */
  public Write add(String store, String key, long delta) {
    var add = Add.newBuilder().setDelta(delta);
    changes.add(KeyChange.newBuilder().setKey(keyOf(store, key)).setAdd(add).build());
    return this;
  }

  /**
   * Names the versions that the last change replaces, or adds to: those that the caller has seen. Otherwise these are
   * the ones that the node shows.
   */
  public Write replaces(Id... versions) {
    int last = lastChange();
    var named = Versions.newBuilder().addAllEntries(bytes(versions));
    changes.set(last, changes.get(last).toBuilder().setReplaces(named).build());
    return this;
  }

  /**
   * Writes only if the key of the last change has exactly these versions; none: if it is absent. Otherwise the write
   * fails with CONFLICT.
   */
  public Write expect(Id... versions) {
    var key = changes.get(lastChange()).getKey();
    return expect(key.getStore(), key.getKey(), versions);
  }

  /** Does the same for any key. */
  public Write expect(String store, String key, Id... versions) {
    expect.add(Expectation.newBuilder().setKey(keyOf(store, key)).addAllVersions(bytes(versions)).build());
    return this;
  }

  /** Returns only after the entry is flushed to the node's disk. */
  public Write durable() {
    durable = true;
    return this;
  }

  private int lastChange() {
    if (changes.isEmpty()) throw new IllegalStateException("Name a change first.");
    return changes.size() - 1;
  }

  private static List<ByteString> bytes(Id... ids) {
    return Arrays.stream(ids).map(Id::bytes).toList();
  }

  /** Writes the entry, and returns its id: what a read names as {@code at} to see the write. */
  public Id send() {
    Key key = tree.node().key();
    ByteString nonce = ByteString.copyFrom(Key.random(8));
    var request =
        PrepareWriteRequest.newBuilder()
            .setTree(tree.id().bytes())
            .addAllChanges(changes)
            .addAllExpect(expect)
            .setNonce(nonce)
            .build();
    ByteString body = Node.ask(() -> tree.node().storeCalls().prepareWrite(request)).getBody();
    // A write that expects versions of a key can only replace these.
    Map<io.github.causewaysync.v1.Key, List<ByteString>> seen = new HashMap<>();
    for (Expectation one : expect)
      if (one.getVersionsCount() <= MOST_NAMES) seen.put(one.getKey(), distinct(one.getVersionsList()));
    Prepared.check(
        body,
        new Prepared.Asked(tree.id(), key.peer(), nonce, System.currentTimeMillis()),
        found -> {
          if (found.size() != changes.size()) return false;
          for (int index = 0; index < found.size(); index++) {
            KeyChange asked = changes.get(index);
            var replaces =
                asked.hasReplaces() ? distinct(asked.getReplaces().getEntriesList()) : seen.get(asked.getKey());
            if (!Prepared.says(found.get(index), asked, replaces)) return false;
          }
          return true;
        });
    Entry entry = Entry.signBody(key, body);
    tree.send(List.of(entry), expect, durable);
    return entry.id();
  }

  private static List<ByteString> distinct(List<ByteString> names) {
    return Entry.sorted(names).stream().distinct().toList();
  }
}
