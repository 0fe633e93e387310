package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.Change;
import io.github.causewaysync.v1.EntryBody;
import io.github.causewaysync.v1.PublicAccess;
import io.github.causewaysync.v1.SignedEntry;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * An immutable, signed vertex of a tree, named by its hash. An Entry is always verified: its shape, its canonical
 * encoding and its signature hold. Its place in the tree is checked by {@link #checkPlace}, with its parents.
 */
public final class Entry {
  private static final byte[] DOMAIN = "causeway.entry.v1\0".getBytes(StandardCharsets.US_ASCII);

  private final Id id;
  private final EntryBody body;
  private final SignedEntry signed;

  private Entry(EntryBody body, SignedEntry signed) {
    this.id = new Id(sha256(signed.getSignature(), signed.getBody()));
    this.body = body;
    this.signed = signed;
  }

  /** Verifies an entry's shape, encoding and signature. */
  public static Entry verify(SignedEntry signed) {
    byte[] signature = signed.getSignature().toByteArray();
    if (signature.length != 64)
      throw new CausewayException("ENTRY_SIGNATURE", "A signature has 64 bytes, got " + signature.length + ".");
    byte[] bytes = signed.getBody().toByteArray();
    Entry entry = new Entry(Bodies.read(bytes), signed);
    if (!Ed25519.verify(entry.body.getAuthor(), signature, DOMAIN, bytes))
      throw new CausewayException(
          "ENTRY_SIGNATURE", "The signature of " + entry.id + " is not valid for its author " + entry.author() + ".");
    return entry;
  }

  /** Signs a new entry: fills in the version and the author, sorts parents and policy, and checks the result. */
  public static Entry sign(Key key, EntryBody draft) {
    EntryBody.Builder body = draft.toBuilder().setVersion(Bodies.VERSION).setAuthor(key.peer().bytes());
    body.clearParents().addAllParents(sorted(draft.getParentsList()));
    body.clearPolicy().addAllPolicy(sorted(draft.getPolicyList()));
    // Protobuf for Java writes the canonical encoding.
    return signBody(key, body.build().toByteString());
  }

  /** Signs the root of a new tree, whose policy names the key as admin. */
  public static Entry signRoot(Key key, String name, PublicAccess publicAccess) {
    var policy = Policies.ofRoot(name, publicAccess, key.peer());
    var change = Change.newBuilder().setStore(Policies.STORE).setPayload(policy);
    var nonce = ByteString.copyFrom(Key.random(16));
    return sign(
        key,
        EntryBody.newBuilder()
            .setCreatedAtMs(System.currentTimeMillis())
            .addChanges(change)
            .setNonce(nonce)
            .build());
  }

  /** Signs the bytes of a body, if they are a valid one of this key. */
  static Entry signBody(Key key, ByteString bytes) {
    EntryBody body = Bodies.read(bytes.toByteArray());
    if (!body.getAuthor().equals(key.peer().bytes()))
      throw new CausewayException("ENTRY_AUTHOR", "The author is " + key.peer() + ", got another one.");
    var signature = ByteString.copyFrom(key.sign(DOMAIN, bytes.toByteArray()));
    return new Entry(body, SignedEntry.newBuilder().setBody(bytes).setSignature(signature).build());
  }

  static List<ByteString> sorted(List<ByteString> ids) {
    return ids.stream().sorted(ByteString.unsignedLexicographicalComparator()).toList();
  }

  static ByteString sha256(ByteString... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (ByteString part : parts) digest.update(part.asReadOnlyByteBuffer());
      return ByteString.copyFrom(digest.digest());
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException("Every Java has SHA-256.", missing);
    }
  }

  /** Returns the entry's id. */
  public Id id() {
    return id;
  }

  /** Returns the entry's tree: for a root, its own id. */
  public Id tree() {
    return body.getTree().isEmpty() ? id : new Id(body.getTree());
  }

  /** Returns the author. */
  public PeerId author() {
    return new PeerId(body.getAuthor());
  }

  /** Returns what the author signed. */
  public EntryBody body() {
    return body;
  }

  /** Returns the bytes that are kept, sent and hashed. */
  public SignedEntry signed() {
    return signed;
  }

  /** Where an entry is: its tree and its height. */
  public record Place(Id tree, long height) {}

  /**
   * Checks the place in the tree: every parent is known and in the same tree, and the height is one above the highest.
   * {@code known} returns the place of an entry, or null.
   */
  public void checkPlace(Function<Id, Place> known) {
    long height = 0;
    for (ByteString bytes : body.getParentsList()) {
      Id parent = new Id(bytes);
      Place place = known.apply(parent);
      if (place == null)
        throw new CausewayException(
            "ENTRY_MISSING_PARENT",
            "The parent " + parent + " of " + id + " is not here.",
            Map.of("parent", parent.toString()),
            java.time.Duration.ZERO,
            null);
      if (!place.tree.equals(tree()))
        throw new CausewayException("ENTRY_TREE", "The parent " + parent + " of " + id + " is of another tree.");
      height = Math.max(height, place.height + 1);
    }
    if (body.getHeight() != height)
      throw new CausewayException(
          "ENTRY_HEIGHT", "The height of " + id + " is " + height + ", got " + body.getHeight() + ".");
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Entry entry && entry.signed.equals(signed);
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }

  @Override
  public String toString() {
    return "Entry(" + id + ")";
  }
}
