package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.github.causewaysync.v1.EntryBody;
import java.nio.charset.StandardCharsets;

/** Reads the body of an entry: only its canonical encoding, and only if everything holds that its bytes alone decide. */
final class Bodies {
  static final int VERSION = 1;

  private static final int BODY_BYTES = 1 << 20;
  private static final int PARENTS = 256;
  private static final int POLICIES = 64;
  private static final int CHANGES = 1024;
  private static final int NAME_BYTES = 64;
  private static final int NONCE_BYTES = 32;
  private static final int ROOT_NONCE_BYTES = 16;

  private Bodies() {}

  /** Decodes a body. Throws the code of the fault that it finds. */
  static EntryBody read(byte[] bytes) {
    if (bytes.length > BODY_BYTES)
      throw refuse("ENTRY_TOO_LARGE", "A body has at most " + BODY_BYTES + " bytes, got " + bytes.length + ".");
    checkEncoding(bytes);
    try {
      EntryBody body = EntryBody.parseFrom(bytes);
      check(body);
      return body;
    } catch (InvalidProtocolBufferException unreadable) {
      throw new CausewayException("ENTRY_MALFORMED", "The body cannot be read.", unreadable);
    }
  }

  private static CausewayException refuse(String code, String message) {
    return new CausewayException(code, message);
  }

  private static void checkEncoding(byte[] bytes) {
    Fields fields = new Fields(bytes);
    boolean hasVersion = false;
    byte[] last = null;
    int count = 0;
    int before = 0;
    for (int field; (field = fields.next(3, 7, 8)) != 0; before = field) {
      if (field != before) {
        last = null;
        count = 0;
      }
      switch (field) {
        // Checked before the rest, which another version may lay out differently.
        case 1 -> hasVersion = checkVersion(fields.number());
        case 2 -> fields.hash("ENTRY_TREE");
        case 3 -> last = fields.ascending(last, count, PARENTS, "ENTRY_PARENTS");
        case 4, 6 -> fields.number();
        case 5 -> fields.hash("ENTRY_AUTHOR");
        case 7 -> last = fields.ascending(last, count, POLICIES, "ENTRY_POLICY");
        case 8 -> {
          if (count == CHANGES) throw refuse("ENTRY_CHANGES", "An entry has at most " + CHANGES + " changes.");
          checkChangeEncoding(fields.item());
        }
        case 9 -> fields.bytes();
        default -> throw fields.unknown();
      }
      count++;
    }
    if (!hasVersion) checkVersion(0);
  }

  private static boolean checkVersion(long version) {
    if (version == VERSION) return true;
    throw refuse("ENTRY_VERSION", "This version reads entries of version " + VERSION + ", got " + version + ".");
  }

  private static void checkChangeEncoding(byte[] bytes) {
    Fields fields = new Fields(bytes);
    for (int field; (field = fields.next()) != 0; )
      switch (field) {
        case 1, 2 -> fields.text(NAME_BYTES, "ENTRY_CHANGES");
        case 3 -> fields.bytes();
        default -> throw fields.unknown();
      }
  }

  private static void check(EntryBody body) {
    if (!Ed25519.isSound(body.getAuthor().toByteArray()))
      throw refuse("ENTRY_AUTHOR", "An author is a sound Ed25519 point of 32 bytes.");
    if (body.getNonce().size() > NONCE_BYTES)
      throw refuse("ENTRY_NONCE", "A nonce has at most " + NONCE_BYTES + " bytes, got " + body.getNonce().size() + ".");
    boolean isRoot = body.getTree().isEmpty();
    int policies = 0;
    for (var change : body.getChangesList()) {
      checkName(change.getStore(), 1);
      checkName(change.getKind(), 0);
      if (!change.getStore().startsWith("_")) continue;
      if (!change.getStore().equals(Policies.STORE))
        throw refuse("ENTRY_CHANGES", "Stores whose names begin with \"_\" are reserved, got " + change.getStore());
      var policy = Policies.read(change.getPayload().toByteArray());
      if (!isRoot && !policy.getTreeName().isEmpty()) throw refuse("ENTRY_POLICY", "Only the root names the tree.");
      if (++policies > 1) throw refuse("ENTRY_POLICY", "An entry has at most one change of the policy.");
    }
    if (isRoot) checkRoot(body);
    else if (body.getParentsCount() == 0) throw refuse("ENTRY_PARENTS", "Every entry but the root has a parent.");
    else if (body.getHeight() == 0) throw refuse("ENTRY_HEIGHT", "Only the root has height 0.");
  }

  private static void checkName(String name, int least) {
    int length = name.getBytes(StandardCharsets.UTF_8).length;
    if (length < least || length > NAME_BYTES || name.codePoints().anyMatch(Character::isISOControl))
      throw refuse(
          "ENTRY_CHANGES",
          "A store or kind has " + least + " to " + NAME_BYTES + " bytes without control characters.");
  }

  private static void checkRoot(EntryBody body) {
    if (body.getParentsCount() > 0) throw refuse("ENTRY_TREE", "An entry with parents names its tree.");
    if (body.getHeight() != 0) throw refuse("ENTRY_HEIGHT", "The root has height 0, got " + body.getHeight() + ".");
    if (body.getPolicyCount() > 0)
      throw refuse("ENTRY_POLICY", "A root has the first policy and names no policy entries.");
    ByteString nonce = body.getNonce();
    if (nonce.size() < ROOT_NONCE_BYTES)
      throw refuse("ENTRY_NONCE", "A root's nonce has at least 16 bytes, got " + nonce.size() + ".");
    if (body.getChangesCount() != 1 || !body.getChanges(0).getStore().equals(Policies.STORE))
      throw refuse("ENTRY_ROOT", "A root has exactly one change, to the store " + Policies.STORE + ".");
    Policies.checkRoot(Policies.read(body.getChanges(0).getPayload().toByteArray()), body.getAuthor());
  }
}
