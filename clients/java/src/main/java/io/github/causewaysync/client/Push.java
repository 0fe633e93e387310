package io.github.causewaysync.client;

import io.github.causewaysync.v1.SendEntriesRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What became of entries that were pushed.
 *
 * @param added how many were new to the node
 * @param known how many it already had
 */
public record Push(int added, int known) {
  private static final int PAGE_ENTRIES = 1024;
  private static final int PAGE_BYTES = 256 * 1024;

  static Push of(Tree tree, List<Entry> entries) {
    Push pushed = new Push(0, 0);
    int from = 0;
    // Ends: a page has at least one entry.
    while (from < entries.size()) {
      int end = endOfPage(entries, from);
      var page = SendEntriesRequest.newBuilder().setTree(tree.id().bytes());
      entries.subList(from, end).forEach(entry -> page.addEntries(entry.signed()));
      var answer = Node.ask(() -> tree.node().syncCalls().sendEntries(page.build()));
      if (answer.getRefusedCount() > 0) {
        var refused = answer.getRefused(0);
        String id = refused.getId().isEmpty() ? "" : new Id(refused.getId()).toString();
        var data = Map.of("entry", id);
        throw new CausewayException(refused.getCode(), refused.getMessage(), data, Duration.ZERO, null);
      }
      pushed = new Push(pushed.added + answer.getAdded(), pushed.known + answer.getKnown());
      from = end;
    }
    return pushed;
  }

  private static int endOfPage(List<Entry> entries, int from) {
    int bytes = 0;
    int end = from;
    while (end < entries.size() && end - from < PAGE_ENTRIES) {
      var signed = entries.get(end).signed();
      bytes += signed.getBody().size() + signed.getSignature().size();
      if (bytes > PAGE_BYTES && end > from) break;
      end++;
    }
    return end;
  }
}
