package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.github.causewaysync.v1.Permission;
import io.github.causewaysync.v1.PolicyChange;
import io.github.causewaysync.v1.PolicyKey;
import io.github.causewaysync.v1.PublicAccess;
import java.util.HashSet;
import java.util.Set;

/**
 * Reads the payload of a change in the store {@code _policy} as strictly as a body. What the policy entries of a tree add
 * up to is the work of {@link Rights}.
 */
final class Policies {
  static final String STORE = "_policy";

  private static final String CODE = "ENTRY_POLICY";
  private static final int KEYS = 1024;
  private static final int NAME_BYTES = 128;
  private static final int LAST_ACCEPTED = 64;

  private Policies() {}

  /** Decodes the payload of a change in the policy store. Throws ENTRY_POLICY for anything else. */
  static PolicyChange read(byte[] payload) {
    try {
      checkEncoding(payload);
      return PolicyChange.parseFrom(payload);
    } catch (CausewayException | InvalidProtocolBufferException unreadable) {
      throw new CausewayException(CODE, "A policy change cannot be read. " + unreadable.getMessage(), unreadable);
    }
  }

  private static CausewayException refuse(String message) {
    return new CausewayException(CODE, message);
  }

  private static void checkEncoding(byte[] payload) {
    Fields fields = new Fields(payload);
    Set<ByteString> peers = new HashSet<>();
    for (int field; (field = fields.next(3)) != 0; )
      switch (field) {
        case 1 -> fields.text(payload.length, CODE);
        case 2 -> fields.member(PublicAccess.PUBLIC_ACCESS_WRITE_VALUE, CODE);
        case 3 -> {
          if (peers.size() == KEYS) throw refuse("A policy change has at most " + KEYS + " keys.");
          if (!peers.add(checkKey(fields.item())))
            throw refuse("A policy change names each key once, got one twice.");
        }
        default -> throw fields.unknown();
      }
  }

  /** Checks what is said of one key, and returns the key. */
  private static ByteString checkKey(byte[] bytes) {
    Fields fields = new Fields(bytes);
    ByteString peer = null;
    boolean revoked = false;
    byte[] last = null;
    int accepted = 0;
    for (int field; (field = fields.next(5)) != 0; )
      switch (field) {
        case 1 -> peer = ByteString.copyFrom(fields.hash(CODE));
        case 2 -> fields.member(Permission.PERMISSION_ADMIN_VALUE, CODE);
        case 3 -> fields.text(NAME_BYTES, CODE);
        case 4 -> revoked = fields.member(1, CODE) == 1;
        case 5 -> last = fields.ascending(last, accepted++, LAST_ACCEPTED, CODE);
        default -> throw fields.unknown();
      }
    if (peer == null) throw refuse("A key in the policy has 32 bytes, got none.");
    if (!revoked && accepted > 0) throw refuse("Only a revocation has last accepted entries, got some without one.");
    return peer;
  }

  /** Returns the payload of the policy of a new tree. */
  static ByteString ofRoot(String name, PublicAccess access, PeerId admin) {
    var key = PolicyKey.newBuilder().setPeer(admin.bytes()).setPermission(Permission.PERMISSION_ADMIN);
    return PolicyChange.newBuilder().setTreeName(name).setPublicAccess(access).addKeys(key).build().toByteString();
  }

  /** Checks that a root's policy names the tree, and its author as admin and nobody else. */
  static void checkRoot(PolicyChange policy, ByteString author) {
    int length = policy.getTreeNameBytes().size();
    if (length < 1 || length > NAME_BYTES)
      throw new CausewayException("ENTRY_ROOT", "A tree's name has 1 to " + NAME_BYTES + " bytes, got " + length + ".");
    var keys = policy.getKeysList();
    boolean sound =
        keys.size() == 1
            && keys.get(0).getPeer().equals(author)
            && keys.get(0).getPermission() == Permission.PERMISSION_ADMIN
            && !keys.get(0).getRevoked();
    if (!sound) throw new CausewayException("ENTRY_ROOT", "A root's policy names its author as admin, and no other key.");
  }
}
