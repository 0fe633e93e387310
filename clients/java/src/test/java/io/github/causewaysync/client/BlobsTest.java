package io.github.causewaysync.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.Blob;
import io.github.causewaysync.v1.GetBlobResponse;
import org.junit.jupiter.api.Test;

/** Only the bytes of the blob are taken. */
class BlobsTest {
  private static final ByteString FIRST = ByteString.copyFrom(new byte[262_144]);
  private static final ByteString LAST = ByteString.copyFromUtf8("0123456789");
  private static final ByteString LIST = Entry.sha256(FIRST).concat(Entry.sha256(LAST));

  private final Blobs.Reading reading =
      new Blobs.Reading(
          null, Blob.newBuilder().setId(Entry.sha256(LIST)).setSize(FIRST.size() + LAST.size()).build());

  private static GetBlobResponse part(ByteString list, ByteString data) {
    return GetBlobResponse.newBuilder().setList(list).setData(data).build();
  }

  private void refuses(ByteString list, ByteString data) {
    assertEquals("PROTOCOL", assertThrows(CausewayException.class, () -> reading.take(part(list, data))).code());
  }

  @Test
  void theBytesComeInChunksAndNoneBeyond() {
    reading.take(part(LIST, FIRST.substring(0, 7)));
    reading.take(part(ByteString.EMPTY, FIRST.substring(7).concat(LAST)));
    assertEquals(FIRST, reading.next());
    assertEquals(LAST, reading.next());
    assertEquals(null, reading.next());
    refuses(ByteString.EMPTY, LAST);
  }

  @Test
  void bytesBeforeTheListAreRefused() {
    refuses(ByteString.EMPTY, FIRST);
  }

  @Test
  void anotherListIsRefused() {
    refuses(LIST.substring(0, 32), ByteString.EMPTY);
  }

  @Test
  void otherBytesAreRefused() {
    refuses(LIST, FIRST.substring(1).concat(LAST));
  }
}
