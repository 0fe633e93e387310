package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.AccessStatus;
import io.github.causewaysync.v1.Blob;
import io.github.causewaysync.v1.Change;
import io.github.causewaysync.v1.EntryView;
import io.github.causewaysync.v1.Expectation;
import io.github.causewaysync.v1.GetEntriesRequest;
import io.github.causewaysync.v1.GetTreeRequest;
import io.github.causewaysync.v1.GetTreeResponse;
import io.github.causewaysync.v1.ListEntriesRequest;
import io.github.causewaysync.v1.ListStoresRequest;
import io.github.causewaysync.v1.Permission;
import io.github.causewaysync.v1.PrepareCommitRequest;
import io.github.causewaysync.v1.RequestAccessRequest;
import io.github.causewaysync.v1.SignedEntry;
import io.github.causewaysync.v1.SubmitEntriesRequest;
import io.github.causewaysync.v1.SubmitEntriesResponse;
import io.github.causewaysync.v1.WatchTreeRequest;
import io.github.causewaysync.v1.WatchTreeResponse;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Queue;

/** A handle of a tree at a node: its entries, as they are and as they come, and entries to write. */
public final class Tree {
  /** How often an entry is sent if the connection is lost on the way. It counts once, however often it arrives. */
  private static final int SENDS = 3;

  private final Node node;
  private final Id id;

  Tree(Node node, Id id) {
    this.node = node;
    this.id = id;
  }

  /** Returns the tree's id. */
  public Id id() {
    return id;
  }

  /** Returns the node where this tree is. */
  public Node node() {
    return node;
  }

  /** Returns the tree as the node has it, with its tips. */
  public GetTreeResponse get() {
    var request = GetTreeRequest.newBuilder().setTree(id.bytes()).build();
    return Node.ask(() -> node.treeCalls().getTree(request));
  }

  /** Returns one entry, verified. Throws UNKNOWN_ENTRY. */
  public Entry entry(Id wanted) {
    var request = GetEntriesRequest.newBuilder().addIds(wanted.bytes()).setView(EntryView.ENTRY_VIEW_SIGNED).build();
    var answer = Node.ask(() -> node.treeCalls().getEntries(request));
    if (answer.getEntriesCount() == 0)
      throw new CausewayException("UNKNOWN_ENTRY", "The node does not have the entry " + wanted + ".");
    Entry entry = verified(answer.getEntries(0).getSigned());
    if (entry.id().equals(wanted)) return entry;
    throw new CausewayException("PROTOCOL", "The node sent " + entry.id() + " for " + wanted + ".");
  }

  /** Lists the entries that are not void, parents first, verified. That none is missing is what fetch proves. */
  public Feed<Entry> entries() {
    return entries(false);
  }

  /** Does the same, perhaps newest first, and if stores are named, only for entries that change one of them. */
  public Feed<Entry> entries(boolean newestFirst, String... stores) {
    var request =
        ListEntriesRequest.newBuilder()
            .setTree(id.bytes())
            .setNewestFirst(newestFirst)
            .addAllStores(List.of(stores))
            .setView(EntryView.ENTRY_VIEW_SIGNED);
    return Feed.pages(
        token -> {
          var asked = request.setPageToken(token).build();
          var page = Node.ask(() -> node.treeCalls().listEntries(asked));
          var entries = page.getEntriesList().stream().map(entry -> verified(entry.getSigned())).toList();
          return new Feed.Page<>(entries, page.getNextPageToken());
        });
  }

  /** An entry with the number of its arrival at the node. */
  public record Arrival(Entry entry, long sequence) {}

  /**
   * Follows the tree: its entries in the order in which they came to the node, after the arrival of this number, then
   * each new one; if stores are named, only those that change one of them. Goes on by itself if the connection is lost.
   */
  public Feed<Arrival> watch(long after, String... stores) {
    var request =
        WatchTreeRequest.newBuilder()
            .setTree(id.bytes())
            .addAllStores(List.of(stores))
            .setView(EntryView.ENTRY_VIEW_SIGNED);
    Feed.Source<WatchTreeResponse> messages =
        Feed.follow(
            after,
            covered -> node.treeStreams().watchTree(request.setAfterSequence(covered).build()),
            WatchTreeResponse::getSequence);
    return new Feed<>(
        new Feed.Source<>() {
          private final Queue<Arrival> arrivals = new ArrayDeque<>();

          @Override
          public Arrival next() {
            // Ends: a message without entries is a sign of life.
            while (arrivals.isEmpty()) {
              WatchTreeResponse message = messages.next();
              if (message == null) return null;
              Iterator<Long> sequences = message.getSequencesList().iterator();
              for (var entry : message.getEntriesList())
                if (sequences.hasNext()) arrivals.add(new Arrival(verified(entry.getSigned()), sequences.next()));
            }
            return arrivals.remove();
          }

          @Override
          public void close() {
            messages.close();
          }
        });
  }

  private Entry verified(SignedEntry signed) {
    Entry entry = Entry.verify(signed);
    if (entry.tree().equals(id)) return entry;
    throw new CausewayException("PROTOCOL", "The node sent " + entry.id() + ", of another tree.");
  }

  /** Stores signed entries at the node, parents first. Sends them again if the connection is lost on the way. */
  public SubmitEntriesResponse submit(List<Entry> entries) {
    return send(entries, List.of(), false);
  }

  SubmitEntriesResponse send(List<Entry> entries, List<Expectation> expect, boolean durable) {
    var request =
        SubmitEntriesRequest.newBuilder()
            .setTree(id.bytes())
            .addAllEntries(entries.stream().map(Entry::signed).toList())
            .addAllExpect(expect)
            .setDurable(durable)
            .build();
    Feed.Pace pace = new Feed.Pace();
    for (int sends = 1; ; sends++)
      try {
        return Node.ask(() -> node.treeCalls().submitEntries(request));
      } catch (CausewayException error) {
        // It may be our own first sending that has changed what was expected.
        if (error.code().equals("CONFLICT") && sends > 1 && isThere(entries.get(entries.size() - 1).id()))
          return SubmitEntriesResponse.newBuilder().setKnown(entries.size()).build();
        if (sends == SENDS) throw error;
        pace.pause(error);
      }
  }

  private boolean isThere(Id entry) {
    try {
      return entry(entry).id().equals(entry);
    } catch (CausewayException error) {
      return false;
    }
  }

  /** Writes one entry with opaque changes: the node prepares it, this program checks and signs it. Returns its id. */
  public Id commit(Change... changes) {
    Key key = node.key();
    List<Change> asked = List.of(changes);
    ByteString nonce = ByteString.copyFrom(Key.random(8));
    var request =
        PrepareCommitRequest.newBuilder().setTree(id.bytes()).addAllChanges(asked).setNonce(nonce).build();
    ByteString body = Node.ask(() -> node.treeCalls().prepareCommit(request)).getBody();
    Prepared.check(body, new Prepared.Asked(id, key.peer(), nonce, System.currentTimeMillis()), asked::equals);
    Entry entry = Entry.signBody(key, body);
    send(List.of(entry), List.of(), false);
    return entry.id();
  }

  /** Begins one entry that changes keys of the tree's stores. */
  public Write write() {
    return new Write(this);
  }

  /** Returns a handle of a store. It makes no call. */
  public Store store(String name) {
    return new Store(this, name, List.of());
  }

  /** Lists the names of the stores that have keys. */
  public Feed<String> stores() {
    return Feed.pages(
        token -> {
          var request = ListStoresRequest.newBuilder().setTree(id.bytes()).setPageToken(token).build();
          var page = Node.ask(() -> node.storeCalls().listStores(request));
          return new Feed.Page<>(page.getStoresList(), page.getNextPageToken());
        });
  }

  /**
   * Sends content to the node, at most 2 GiB, chunk by chunk. Returns the value to put under a key; the node keeps chunks
   * that no entry names for a day.
   */
  public Value upload(InputStream content, String mediaType) {
    return Blobs.upload(this, content, mediaType);
  }

  /**
   * Returns the bytes of a blob that a version of the tree has, chunk by chunk, each verified. Goes on where it was if
   * the connection is lost.
   */
  public Feed<ByteString> blob(Blob blob) {
    return new Feed<>(new Blobs.Reading(this, blob));
  }

  /**
   * Takes the whole tree, parents first, and verifies it: every signature, every entry's place under its parents and in
   * the policy, its author's right to write it, and at the end that nothing is missing of what the node says it has.
   * Entries that a later policy made void come too. Keeps some 200 bytes of each entry; goes on by itself if the
   * connection is lost. A node may send a tree without end: close the feed when there is enough.
   */
  public Feed<Entry> fetch() {
    return new Feed<>(new Fetch(this));
  }

  /**
   * Gives signed entries to the node, parents first. Throws the code of the first entry that it refuses; the others are
   * stored.
   */
  public Push push(List<Entry> entries) {
    return Push.of(this, entries);
  }

  /** Asks the admins for access. Returns what the caller may do now, or nothing while the request waits. */
  public Optional<Permission> requestAccess(Permission permission, String message) {
    return requestAccess(permission, message, null);
  }

  /** Does the same with the invitation of a ticket, which may be null. Throws ACCESS_REJECTED. */
  public Optional<Permission> requestAccess(Permission permission, String message, Ticket ticket) {
    var request = RequestAccessRequest.newBuilder().setTree(id.bytes()).setPermission(permission).setMessage(message);
    if (ticket != null) request.setInvitation(ByteString.copyFrom(ticket.secret()));
    var answer = Node.ask(() -> node.syncCalls().requestAccess(request.build()));
    if (answer.getStatus() == AccessStatus.ACCESS_STATUS_REJECTED)
      throw new CausewayException("ACCESS_REJECTED", "An admin rejected the request: " + answer.getReason());
    boolean granted = answer.getStatus() == AccessStatus.ACCESS_STATUS_GRANTED;
    return granted ? Optional.of(answer.getPermission()) : Optional.empty();
  }
}
