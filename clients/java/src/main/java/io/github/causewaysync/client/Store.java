package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.GetRequest;
import io.github.causewaysync.v1.HistoryRequest;
import io.github.causewaysync.v1.Item;
import io.github.causewaysync.v1.ListConflictsRequest;
import io.github.causewaysync.v1.ListRequest;
import io.github.causewaysync.v1.PastVersion;
import io.github.causewaysync.v1.ReadOptions;
import io.github.causewaysync.v1.WatchStoreRequest;
import io.github.causewaysync.v1.WatchStoreResponse;
import java.util.ArrayList;
import java.util.List;

/** A handle of a store of a tree: keys with values, as the node computes them from the tree's entries. */
public final class Store {
  private static final int KEYS_A_CALL = 100;
  private static final int WAIT_MS = 30_000;

  private final Tree tree;
  private final String name;
  private final List<Id> at;

  Store(Tree tree, String name, List<Id> at) {
    this.tree = tree;
    this.name = name;
    this.at = at;
  }

  /**
   * Returns the same store, whose reads wait until the node counts these entries: those of the writes that they must
   * see. They fail with NOT_HERE_YET if the entries do not come.
   */
  public Store at(Id... entries) {
    return new Store(tree, name, List.of(entries));
  }

  private ReadOptions read() {
    var options = ReadOptions.newBuilder().setWaitMs(at.isEmpty() ? 0 : WAIT_MS);
    return options.addAllAt(at.stream().map(Id::bytes).toList()).build();
  }

  private io.github.causewaysync.v1.Key keyOf(String key) {
    return io.github.causewaysync.v1.Key.newBuilder().setStore(name).setKey(key).build();
  }

  private ByteString treeBytes() {
    return tree.id().bytes();
  }

  /** Returns a key with its value and its conflicts. {@code hasValue()} is false if the key is absent. */
  public Item get(String key) {
    return getMany(List.of(key)).get(0);
  }

  /** Returns keys in this order. */
  public List<Item> getMany(List<String> keys) {
    List<Item> items = new ArrayList<>();
    // Ends: each turn takes at least one item.
    while (items.size() < keys.size()) {
      int end = Math.min(keys.size(), items.size() + KEYS_A_CALL);
      var ask = keys.subList(items.size(), end).stream().map(this::keyOf).toList();
      var request = GetRequest.newBuilder().setTree(treeBytes()).addAllKeys(ask).setRead(read()).build();
      var got = Node.ask(() -> tree.node().storeCalls().get(request)).getItemsList();
      // The node sends as many as fit into an answer: the first ones.
      var keysGot = got.stream().map(Item::getKey).toList();
      if (got.isEmpty() || got.size() > ask.size() || !keysGot.equals(ask.subList(0, got.size())))
        throw new CausewayException("PROTOCOL", "The node did not return the keys that were asked for.");
      items.addAll(got);
    }
    return items;
  }

  /** Lists the keys that begin with a prefix, in ascending order of their bytes. */
  public Feed<Item> list(String prefix) {
    var request = ListRequest.newBuilder().setTree(treeBytes()).setStore(name).setPrefix(prefix).setRead(read());
    return Feed.pages(
        token -> {
          var asked = request.setPageToken(token).build();
          var page = Node.ask(() -> tree.node().storeCalls().list(asked));
          return new Feed.Page<>(page.getItemsList(), page.getNextPageToken());
        });
  }

  /** Lists the keys that begin with a prefix and have conflicts, with all their versions. */
  public Feed<Item> conflicts(String prefix) {
    var request =
        ListConflictsRequest.newBuilder().setTree(treeBytes()).setStore(name).setPrefix(prefix).setRead(read());
    return Feed.pages(
        token -> {
          var asked = request.setPageToken(token).build();
          var page = Node.ask(() -> tree.node().storeCalls().listConflicts(asked));
          return new Feed.Page<>(page.getItemsList(), page.getNextPageToken());
        });
  }

  /** Lists what entries did to a key, newest first. */
  public Feed<PastVersion> history(String key) {
    var request = HistoryRequest.newBuilder().setTree(treeBytes()).setKey(keyOf(key)).setRead(read());
    return Feed.pages(
        token -> {
          var asked = request.setPageToken(token).build();
          var page = Node.ask(() -> tree.node().storeCalls().history(asked));
          return new Feed.Page<>(page.getVersionsList(), page.getNextPageToken());
        });
  }

  /** Puts a text under a key. Returns the entry's id. For conditions and several keys there is {@link Tree#write}. */
  public Id put(String key, String text) {
    return tree.write().put(name, key, text).send();
  }

  /** Puts a value under a key. Returns the entry's id. */
  public Id put(String key, Value value) {
    return tree.write().put(name, key, value).send();
  }

  /** Removes the versions of a key. Returns the entry's id. */
  public Id delete(String key) {
    return tree.write().delete(name, key).send();
  }

  /** Adds to the number under a key. Returns the entry's id. */
  public Id add(String key, long delta) {
    return tree.write().add(name, key, delta).send();
  }

  /** Follows the keys that begin with a prefix: all of them as they are, then each that changes. */
  public Feed<WatchStoreResponse> watch(String prefix) {
    return watch(prefix, 0);
  }

  /**
   * Does the same after an earlier watch: {@code after} is the sequence of a message that was received after {@code
   * synced}. Goes on by itself if the connection is lost.
   */
  public Feed<WatchStoreResponse> watch(String prefix, long after) {
    var request = WatchStoreRequest.newBuilder().setTree(treeBytes()).setStore(name).setPrefix(prefix);
    Feed.Source<WatchStoreResponse> messages =
        Feed.follow(
            after,
            covered -> tree.node().storeStreams().watchStore(request.setAfterSequence(covered).build()),
            WatchStoreResponse::getSequence);
    return new Feed<>(
        new Feed.Source<>() {
          private boolean synced;

          @Override
          public WatchStoreResponse next() {
            // Ends: a message that says nothing new is a sign of life.
            for (WatchStoreResponse message; (message = messages.next()) != null; )
              if (message.getItemsCount() > 0 || message.getSynced() && !synced) {
                synced |= message.getSynced();
                return message;
              }
            return null;
          }

          @Override
          public void close() {
            messages.close();
          }
        });
  }
}
