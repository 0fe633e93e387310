package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.Permission;
import io.github.causewaysync.v1.PolicyKey;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/** What counts of each policy entry in a closed set of them: everything, its revocations alone, or nothing. */
final class Judge {
  /** How many grants the right of an admin rests on at most. */
  private static final int SUPPORTS = 8;

  private final Rights rights;
  private final BitSet closure;
  /** The levels of the entries that are effective. A lower one is more senior. */
  private final Map<Integer, Integer> levels = new HashMap<>();
  /** The entries of which everything counts. */
  private final BitSet full = new BitSet();

  /** Decides the standings in a closed set, level by level from the root down. */
  Judge(Rights rights, BitSet closure) {
    this.rights = rights;
    this.closure = closure;
    List<Integer> revocations = closure.stream().boxed().filter(number -> rights.entry(number).revokes()).toList();
    BitSet undecided = (BitSet) closure.clone();
    for (int next = 0; ; next++) {
      int level = next;
      List<Integer> candidates = undecided.stream().filter(number -> levelOf(number) == level).boxed().toList();
      // Entries of a level may only follow those of the level above.
      if (candidates.isEmpty()) break;
      candidates.forEach(undecided::clear);
      var effective = candidates.stream().filter(number -> !isHit(number, revocations, its -> its < level)).toList();
      effective.forEach(number -> levels.put(number, level));
      for (int number : effective) if (!isHit(number, revocations, its -> its == level)) full.set(number);
    }
  }

  /** Reports whether everything counts of an entry. */
  boolean isFull(int number) {
    return full.get(number);
  }

  /** Reports whether at least the revocations count of an entry. */
  boolean isEffective(int number) {
    return levels.containsKey(number);
  }

  /** Returns the level at which an entry is a candidate: one below the most senior of its full supports; -1 if none. */
  private int levelOf(int number) {
    var entry = rights.entry(number);
    if (entry.point() == null) return 0;
    return entry.supports().stream().filter(full::get).mapToInt(levels::get).min().orElse(-2) + 1;
  }

  /** Reports whether an effective revocation of such a level hits an entry. */
  private boolean isHit(int number, List<Integer> revocations, IntPredicate isLevel) {
    var entry = rights.entry(number);
    for (int by : revocations) {
      boolean stands = isEffective(by) && isLevel.test(levels.get(by));
      boolean isBelow = by == number || entry.point() != null && entry.point().closure.get(by);
      if (stands && !isBelow)
        for (PolicyKey key : rights.entry(by).change().getKeysList())
          if (key.getRevoked() && key.getPeer().equals(entry.author()) && !isAccepted(number, key)) return true;
    }
    return false;
  }

  /**
   * Reports whether an entry is one of the last that stay valid, or an ancestor of one. Ancestors that are policy entries
   * are found by the points alone.
   */
  private boolean isAccepted(int number, PolicyKey key) {
    return key.getLastAcceptedList().stream()
        .map(last -> rights.after(new Id(last)))
        .anyMatch(after -> after != null && after.closure.get(number));
  }

  /**
   * Returns the grants of admin to an author on which its next policy entry rests: those that are fully effective and not
   * taken back, the most senior ones.
   */
  List<Integer> supportsOf(ByteString author) {
    List<Integer> grants = new ArrayList<>();
    List<Integer> takers = new ArrayList<>();
    for (int number : rights.ordered(closure))
      for (PolicyKey key : rights.entry(number).change().getKeysList()) {
        if (!key.getPeer().equals(author) || !isEffective(number)) continue;
        boolean isAdmin = key.getPermission() == Permission.PERMISSION_ADMIN;
        if (key.getRevoked() || isFull(number) && !isAdmin) takers.add(number);
        else if (isFull(number)) grants.add(number);
      }
    // They are in the order of height and id already.
    return grants.stream()
        .filter(grant -> takers.stream().noneMatch(taker -> isAbove(taker, grant)))
        .sorted(Comparator.comparing(levels::get))
        .limit(SUPPORTS)
        .toList();
  }

  private boolean isAbove(int number, int other) {
    Rights.Point point = rights.entry(number).point();
    return point != null && point.closure.get(other);
  }
}
