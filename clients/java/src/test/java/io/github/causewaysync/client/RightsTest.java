package io.github.causewaysync.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.Change;
import io.github.causewaysync.v1.EntryBody;
import io.github.causewaysync.v1.Permission;
import io.github.causewaysync.v1.PolicyChange;
import io.github.causewaysync.v1.PolicyKey;
import io.github.causewaysync.v1.PublicAccess;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bounds of a policy. */
class RightsTest {
  private static final Change LINE = Change.newBuilder().setStore("log").build();

  private final Key key = Key.generate();
  private final Entry root = Entry.signRoot(key, "tree", PublicAccess.PUBLIC_ACCESS_NONE);
  private final Rights rights = new Rights(root.id());

  RightsTest() {
    rights.take(root);
  }

  /** Signs an entry on these parents, which stands on these policy entries, and takes it. */
  private Entry add(List<Entry> on, List<Entry> policy, Change change) {
    var body = EntryBody.newBuilder().setTree(root.id().bytes()).addChanges(change);
    on.forEach(parent -> body.addParents(parent.id().bytes()));
    policy.forEach(one -> body.addPolicy(one.id().bytes()));
    body.setHeight(1 + on.stream().mapToLong(parent -> parent.body().getHeight()).max().orElseThrow());
    Entry entry = Entry.sign(key, body.build());
    rights.take(entry);
    return entry;
  }

  private Entry after(Entry last, Change change) {
    return add(List.of(last), last == root ? List.of() : List.of(last), change);
  }

  /** Returns a change that says something of so many keys, beginning with this number. */
  private static Change policy(int from, int count, boolean revoked) {
    var change = PolicyChange.newBuilder();
    for (int number = from; number < from + count; number++) {
      byte[] peer = ByteBuffer.allocate(32).putInt(number).array();
      var permission = revoked ? Permission.PERMISSION_UNSPECIFIED : Permission.PERMISSION_READ;
      change.addKeys(
          PolicyKey.newBuilder().setPeer(ByteString.copyFrom(peer)).setPermission(permission).setRevoked(revoked));
    }
    return Change.newBuilder().setStore(Policies.STORE).setPayload(change.build().toByteString()).build();
  }

  private static String code(org.junit.jupiter.api.function.Executable add) {
    return assertThrows(CausewayException.class, add).code();
  }

  @Test
  void aPolicyHasBounds() {
    Entry many = after(root, policy(0, 512, true));
    assertEquals("ENTRY_POLICY", code(() -> after(many, policy(512, 1, true))), "513 revocations");

    // The root names a key, too.
    Entry last = after(root, policy(0, 1023, false));
    for (int number = 1; number < 64; number++) last = after(last, policy(number * 1024, 1024, false));
    Entry full = last;
    assertEquals("ENTRY_POLICY", code(() -> after(full, policy(0, 1, false))), "65,537 names");

    List<Entry> beside = new ArrayList<>();
    for (int number = 0; number < 65; number++) beside.add(after(root, policy(number, 1, false)));
    add(beside.subList(0, 64), beside.subList(0, 64), LINE);
    // An entry cannot even name 65, so it names one too few.
    assertEquals("ENTRY_POLICY", code(() -> add(beside, beside.subList(1, 65), LINE)), "65 members");
  }

  @Test
  void aPolicyWithRevocationsIsJudgedUpToABound() {
    Entry last = after(root, policy(0, 1, true));
    for (int number = 2; number < 1024; number++) last = after(last, policy(number, 1, false));
    Entry full = last;
    assertEquals("LIMIT_EXCEEDED", code(() -> after(full, policy(0, 1, false))));
  }
}
