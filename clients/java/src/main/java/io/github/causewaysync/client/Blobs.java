package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.Blob;
import io.github.causewaysync.v1.GetBlobRequest;
import io.github.causewaysync.v1.GetBlobResponse;
import io.github.causewaysync.v1.PutChunkRequest;
import io.grpc.stub.BlockingClientCall;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Values that are too large for an entry: their bytes are chunks at the node, and the entry has only the hash of the list
 * of their hashes. What is read is verified by that hash, chunk by chunk.
 */
final class Blobs {
  private static final int CHUNK_BYTES = 262_144;
  private static final int HASH_BYTES = 32;
  private static final long BLOB_BYTES = 1L << 31;
  /** How often a chunk is sent if the connection is lost on the way. */
  private static final int SENDS = 3;

  private Blobs() {}

  /** Sends content to the node, chunk by chunk, and returns the value to put. */
  static Value upload(Tree tree, InputStream content, String mediaType) {
    ByteString list = ByteString.EMPTY;
    long size = 0;
    // Ends: each turn reads a chunk, and the last one is shorter.
    for (int length = CHUNK_BYTES; length == CHUNK_BYTES; ) {
      byte[] chunk = read(content);
      length = chunk.length;
      size += length;
      if (size > BLOB_BYTES)
        throw new CausewayException("LIMIT_EXCEEDED", "A blob has at most " + BLOB_BYTES + " bytes.");
      if (length > 0) list = list.concat(putChunk(tree, ByteString.copyFrom(chunk)));
    }
    if (size == 0) return new Value(ByteString.EMPTY, mediaType);
    return new Value(ByteString.EMPTY, mediaType, Blob.newBuilder().setId(putChunk(tree, list)).setSize(size).build());
  }

  private static byte[] read(InputStream content) {
    try {
      return content.readNBytes(CHUNK_BYTES);
    } catch (IOException error) {
      throw new CausewayException("INVALID_ARGUMENT", "The content of the blob cannot be read.", error);
    }
  }

  /** Stores a chunk and returns its hash. To send it again changes nothing. */
  private static ByteString putChunk(Tree tree, ByteString chunk) {
    var request = PutChunkRequest.newBuilder().setTree(tree.id().bytes()).setData(chunk).build();
    Feed.Pace pace = new Feed.Pace();
    for (int sends = 1; ; sends++)
      try {
        Node.ask(() -> tree.node().storeCalls().putChunk(request));
        return Entry.sha256(chunk);
      } catch (CausewayException error) {
        if (sends == SENDS) throw error;
        pace.pause(error);
      }
  }

  /** Reads a blob from a node, and goes on where it was if the connection is lost. */
  static final class Reading implements Feed.Source<ByteString> {
    private static final int SILENCE_SECONDS = 60;

    private final Tree tree;
    private final Blob blob;
    private final Queue<ByteString> chunks = new ArrayDeque<>();
    private final Feed.Pace pace = new Feed.Pace();
    private BlockingClientCall<?, GetBlobResponse> answer;
    /** The hash of each chunk. */
    private ByteString list = ByteString.EMPTY;
    /** How many bytes the chunks had that are whole, and the bytes after them. */
    private long done;
    private ByteString pending = ByteString.EMPTY;

    Reading(Tree tree, Blob blob) {
      this.tree = tree;
      this.blob = blob;
    }

    @Override
    public ByteString next() {
      // Ends: each turn reads a part of the blob, or waits before it asks again.
      while (chunks.isEmpty() && done < blob.getSize())
        try {
          if (answer == null) answer = tree.node().storeStreams().getBlob(request());
          GetBlobResponse part = Feed.read(answer, SILENCE_SECONDS);
          if (part == null) throw new CausewayException("DISCONNECTED", "The blob ended after " + done + " bytes.");
          take(part);
          pace.reset();
        } catch (CausewayException error) {
          close();
          answer = null;
          pending = ByteString.EMPTY;
          pace.pause(error);
        }
      return chunks.poll();
    }

    private GetBlobRequest request() {
      var request = GetBlobRequest.newBuilder().setTree(tree.id().bytes()).setBlob(blob);
      return request.setOffset(done).setVerifiable(true).build();
    }

    /** Cuts a part of the answer into chunks, and verifies them. */
    void take(GetBlobResponse part) {
      if (!part.getList().isEmpty()) {
        long count = (blob.getSize() + CHUNK_BYTES - 1) / CHUNK_BYTES;
        list = part.getList();
        if (!Entry.sha256(list).equals(blob.getId()) || list.size() != count * HASH_BYTES)
          throw lied("another list than that of the blob");
      }
      pending = pending.concat(part.getData());
      // Ends: each turn takes a chunk away.
      while (!pending.isEmpty()) {
        int size = (int) Math.min(CHUNK_BYTES, blob.getSize() - done);
        int at = (int) (done / CHUNK_BYTES) * HASH_BYTES;
        if (size == 0 || list.size() < at + HASH_BYTES) throw lied("bytes beyond the blob, or before its list");
        if (pending.size() < size) return;
        ByteString chunk = pending.substring(0, size);
        if (!Entry.sha256(chunk).equals(list.substring(at, at + HASH_BYTES)))
          throw lied("other bytes than those of the blob");
        pending = pending.substring(size);
        done += size;
        chunks.add(chunk);
      }
    }

    private static CausewayException lied(String what) {
      return new CausewayException("PROTOCOL", "The node sent " + what + ".");
    }

    @Override
    public void close() {
      if (answer != null) answer.cancel("The blob is not read any further.", null);
    }
  }
}
