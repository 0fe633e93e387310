package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.EntryBody;
import io.github.causewaysync.v1.Permission;
import io.github.causewaysync.v1.PolicyChange;
import io.github.causewaysync.v1.PolicyKey;
import io.github.causewaysync.v1.PublicAccess;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who may write a tree: decides, for each entry in turn, whether it stands on the right policy entries and whether its
 * author may write it. The verdict depends on the entry's ancestors alone. docs/protocol.md, "Policy", defines the words.
 */
final class Rights {
  private static final int MEMBERS = 64;
  private static final int CLOSURE = 8192;
  private static final int REVOCATIONS = 512;
  private static final int NAMES = 65_536;
  private static final int LINKS = 32_768;
  /** The client's own bound: with revocations, judging takes time by the square of this, for each policy entry. */
  private static final int JUDGED = 1024;

  /** What is remembered of every entry. {@code after} is the point of a child that has no other parent. */
  private record Placed(long height, ByteString author, Point after) {}

  /** A policy entry. {@code point} is what it stands on, null for the root; {@code supports} are its grants of admin. */
  record PolicyEntry(
      Id id, long height, ByteString author, Point point, PolicyChange change, List<Integer> supports) {
    boolean revokes() {
      return change.getKeysList().stream().anyMatch(PolicyKey::getRevoked);
    }
  }

  /** A set of policy entries, by number, none below another. Equal points are one. */
  static final class Point {
    private final Set<Integer> members;
    final BitSet closure;
    /** What authors may do here, as far as it was asked. */
    private final Map<ByteString, Integer> permissions = new HashMap<>();

    private Point(Set<Integer> members, BitSet closure) {
      this.members = members;
      this.closure = closure;
    }
  }

  private final Id root;
  private final Map<Id, Placed> placed = new HashMap<>();
  /** The policy entries, by number, in the order in which they came. */
  private final List<PolicyEntry> entries = new ArrayList<>();
  private final Map<Set<Integer>, Point> points = new HashMap<>();

  Rights(Id root) {
    this.root = root;
  }

  int count() {
    return placed.size();
  }

  boolean has(Id id) {
    return placed.containsKey(id);
  }

  /** Returns where an entry is, or null. */
  Entry.Place place(Id id) {
    Placed found = placed.get(id);
    return found == null ? null : new Entry.Place(root, found.height);
  }

  PolicyEntry entry(int number) {
    return entries.get(number);
  }

  /** Returns what is after an entry: its point, and itself if it is a policy entry; null if it is not here. */
  Point after(Id id) {
    Placed found = placed.get(id);
    return found == null ? null : found.after;
  }

  /** Takes an entry whose parents are here. Throws ENTRY_POLICY or ENTRY_FORBIDDEN. */
  void take(Entry entry) {
    EntryBody body = entry.body();
    PolicyChange change =
        body.getChangesList().stream()
            .filter(one -> one.getStore().equals(Policies.STORE))
            .findFirst()
            .map(one -> Policies.read(one.getPayload().toByteArray()))
            .orElse(null);
    if (entry.id().equals(root)) {
      add(entry, null, change, List.of());
      return;
    }
    Point point = pointOf(body.getParentsList());
    List<ByteString> named = Entry.sorted(point.members.stream().map(member -> entries.get(member).id.bytes()).toList());
    if (named.equals(List.of(root.bytes()))) named = List.of();
    if (!named.equals(body.getPolicyList()))
      throw refuse(entry.id() + " does not name the policy entries that its parents imply.");
    int needed = change == null ? Permission.PERMISSION_WRITE_VALUE : Permission.PERMISSION_ADMIN_VALUE;
    int may = point.permissions.computeIfAbsent(body.getAuthor(), author -> permission(point.closure, author));
    if (may < needed)
      throw new CausewayException("ENTRY_FORBIDDEN", "The author of " + entry.id() + " had no right to write it.");
    if (change == null) {
      placed.put(entry.id(), new Placed(body.getHeight(), body.getAuthor(), point));
      return;
    }
    checkLastAccepted(body, change);
    add(entry, point, change, new Judge(this, point.closure).supportsOf(body.getAuthor()));
  }

  private static CausewayException refuse(String message) {
    return new CausewayException("ENTRY_POLICY", message);
  }

  private void checkLastAccepted(EntryBody body, PolicyChange change) {
    for (PolicyKey key : change.getKeysList())
      for (ByteString last : key.getLastAcceptedList()) {
        Placed found = placed.get(new Id(last));
        if (found == null || !found.author.equals(key.getPeer()) || !body.getParentsList().contains(last))
          throw refuse("The last entries of a revoked key are its own, and parents of the entry that revokes it.");
      }
  }

  private void add(Entry entry, Point point, PolicyChange change, List<Integer> supports) {
    EntryBody body = entry.body();
    entries.add(new PolicyEntry(entry.id(), body.getHeight(), body.getAuthor(), point, change, supports));
    try {
      placed.put(entry.id(), new Placed(body.getHeight(), body.getAuthor(), intern(Set.of(entries.size() - 1))));
    } catch (CausewayException tooLarge) {
      entries.remove(entries.size() - 1);
      throw tooLarge;
    }
  }

  /** Returns the point of an entry with these parents. */
  private Point pointOf(List<ByteString> parents) {
    Set<Point> afters = new HashSet<>();
    parents.forEach(parent -> afters.add(after(new Id(parent))));
    if (afters.size() == 1) return afters.iterator().next();
    Set<Integer> union = new HashSet<>();
    afters.forEach(after -> union.addAll(after.members));
    Set<Integer> tips = new HashSet<>(union);
    tips.removeIf(
        member ->
            union.stream()
                .anyMatch(other -> !other.equals(member) && after(entries.get(other).id).closure.get(member)));
    return intern(Set.copyOf(tips));
  }

  /** Returns the point of these policy entries. */
  private Point intern(Set<Integer> members) {
    Point known = points.get(members);
    if (known != null) return known;
    BitSet closure = new BitSet();
    for (int member : members) {
      Point point = entries.get(member).point;
      if (point != null) closure.or(point.closure);
      closure.set(member);
    }
    long revocations = 0;
    int names = 0;
    int links = 0;
    for (int number = closure.nextSetBit(0); number >= 0; number = closure.nextSetBit(number + 1)) {
      PolicyEntry entry = entries.get(number);
      names += entry.change.getKeysCount();
      revocations += entry.change.getKeysList().stream().filter(PolicyKey::getRevoked).count();
      if (entry.point != null) links += entry.point.members.size();
    }
    int count = closure.cardinality();
    boolean fits = members.size() <= MEMBERS && count <= CLOSURE && links <= LINKS;
    if (!fits || revocations > REVOCATIONS || names > NAMES)
      throw refuse("The policy that the entry stands on is larger than a policy may be.");
    if (revocations > 0 && count > JUDGED)
      throw new CausewayException(
          "LIMIT_EXCEEDED", "This client judges policies with revocations of " + JUDGED + " entries, got " + count + ".");
    Point point = new Point(members, closure);
    points.put(members, point);
    return point;
  }

  /** Returns what an author may do at a point with this closure, as the number of a Permission. */
  private int permission(BitSet closure, ByteString author) {
    Judge judge = new Judge(this, closure);
    int publicAccess = 0;
    PolicyKey own = null;
    for (int number : ordered(closure)) {
      boolean isFull = judge.isFull(number);
      PolicyChange change = entries.get(number).change;
      for (PolicyKey key : change.getKeysList())
        if (key.getPeer().equals(author) && (isFull || judge.isEffective(number) && key.getRevoked())) own = key;
      if (isFull && change.getPublicAccess() != PublicAccess.PUBLIC_ACCESS_UNSPECIFIED)
        publicAccess = change.getPublicAccessValue();
    }
    // What everybody may do counts one more than the same right of a key.
    int open = Math.max(publicAccess - 1, 0);
    if (own == null) return open;
    if (own.getRevoked()) return Math.min(open, Permission.PERMISSION_READ_VALUE);
    return Math.max(open, own.getPermissionValue());
  }

  /** Returns the members of a closure in (height, id) order. */
  List<Integer> ordered(BitSet closure) {
    Comparator<Integer> byHeight = Comparator.comparingLong(number -> entries.get(number).height);
    return closure.stream().boxed().sorted(byHeight.thenComparing(number -> entries.get(number).id)).toList();
  }
}
