package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.RangeQuery;
import io.github.causewaysync.v1.SignedEntry;
import io.github.causewaysync.v1.SyncStatus;
import io.github.causewaysync.v1.SyncTreeHeader;
import io.github.causewaysync.v1.SyncTreeRequest;
import io.github.causewaysync.v1.SyncTreeResponse;
import io.grpc.stub.BlockingClientCall;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.TreeSet;

/** Takes a whole tree by the calls of peers, and trusts none of it. What it has is closed under ancestors all along. */
final class Fetch implements Feed.Source<Entry> {
  /** A caller that has more tips names only some of them. */
  private static final int TIPS = 32;
  /** How often it asks for what has come meanwhile, or was cut, without getting anything new. */
  private static final int IDLE_ROUNDS = 8;
  private static final int SILENCE_SECONDS = 60;

  private final Tree tree;
  private final Rights rights;
  private final TreeSet<Id> tips = new TreeSet<>();
  private final Queue<SignedEntry> page = new ArrayDeque<>();
  private final Feed.Pace pace = new Feed.Pace();

  /** The greatest entry in (height, id) order. */
  private Id last;
  private long lastHeight;
  /** The answer that is being read, and its header. */
  private BlockingClientCall<?, SyncTreeResponse> answer;
  private SyncTreeHeader header;
  /** Whether the last answer ended before the end of the order. */
  private boolean cut;
  private int countBefore;
  private int idle;

  Fetch(Tree tree) {
    this.tree = tree;
    rights = new Rights(tree.id());
  }

  @Override
  public Entry next() {
    // Ends: each turn takes an entry, reads a part of an answer, or asks again, which it does so often and no oftener.
    while (true) {
      while (!page.isEmpty()) {
        Entry entry = take(page.remove());
        if (entry != null) return entry;
      }
      try {
        if (answer == null) {
          countBefore = rights.count();
          header = null;
          answer = tree.node().syncStreams().syncTree(ask());
        }
        SyncTreeResponse part = Feed.read(answer, SILENCE_SECONDS);
        if (part != null) read(part);
        else if (isComplete()) return null;
      } catch (CausewayException error) {
        close();
        answer = null;
        cut = true;
        pace.pause(error);
      }
    }
  }

  private void read(SyncTreeResponse part) {
    if (part.hasHeader() && header == null) {
      header = part.getHeader();
      cut = header.getStatus() == SyncStatus.SYNC_STATUS_RANGE;
    } else if (part.hasPage() && header != null) {
      page.addAll(part.getPage().getEntriesList());
      cut = part.getPage().getMore();
    } else {
      throw new CausewayException("PROTOCOL", "An answer has one header, then pages.");
    }
  }

  /** Ends an answer. Returns whether everything is here that the node says it has. */
  private boolean isComplete() {
    answer = null;
    if (header != null && header.getCount() == rights.count() && header.getTipsDigest().equals(digest())) return true;
    idle = rights.count() > countBefore ? 0 : idle + 1;
    if (idle < IDLE_ROUNDS) return false;
    throw new CausewayException("PROTOCOL", "The node does not send all the entries that it says it has.");
  }

  /** Asks for the rest: if the last answer was cut, for all that lies beyond it; else for what is missing. */
  private SyncTreeRequest ask() {
    var request = SyncTreeRequest.newBuilder().setTree(tree.id().bytes()).setCount(rights.count());
    tips.stream().limit(TIPS).forEach(tip -> request.addTips(tip.bytes()));
    if (cut && last != null)
      request.setRange(RangeQuery.newBuilder().setAfterHeight(lastHeight).setAfterId(last.bytes()).setComplete(true));
    return request.setTipsDigest(digest()).build();
  }

  private ByteString digest() {
    if (tips.isEmpty()) return ByteString.EMPTY;
    return Entry.sha256(tips.stream().map(Id::bytes).toArray(ByteString[]::new));
  }

  /** Verifies an entry and takes it. Returns null for one that is already here. */
  private Entry take(SignedEntry signed) {
    Entry entry = Entry.verify(signed);
    if (!entry.tree().equals(tree.id()))
      throw new CausewayException("ENTRY_TREE", entry.id() + " is of another tree.");
    if (rights.has(entry.id())) return null;
    entry.checkPlace(rights::place);
    rights.take(entry);
    entry.body().getParentsList().forEach(parent -> tips.remove(new Id(parent)));
    tips.add(entry.id());
    long height = entry.body().getHeight();
    if (last == null || height > lastHeight || height == lastHeight && entry.id().compareTo(last) > 0) {
      last = entry.id();
      lastHeight = height;
    }
    return entry;
  }

  @Override
  public void close() {
    if (answer != null) answer.cancel("The fetch has ended.", null);
  }
}
