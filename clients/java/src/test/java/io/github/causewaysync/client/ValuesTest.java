package io.github.causewaysync.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.ErrorDetail;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys, ids, tickets and errors. */
class ValuesTest {
  private static Id id(int value) {
    return new Id(ByteString.copyFrom(new byte[] {(byte) value}).concat(ByteString.copyFrom(new byte[31])));
  }

  @Test
  void anIdHasOneText() {
    String text = id(7).toString();
    assertTrue(text.startsWith("bafkrei"), text);
    assertEquals(id(7), Id.parse(text));
    for (String wrong : List.of(text.toUpperCase(), "z" + text.substring(1), text + "a", text.substring(1), ""))
      assertEquals("INVALID_ARGUMENT", assertThrows(CausewayException.class, () -> Id.parse(wrong)).code());
    assertTrue(id(200).compareTo(id(100)) > 0);
  }

  @Test
  void aKeyReadsWhatItWritesAndShowsNoSecret(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("app.key");
    Key made = Key.open(path);
    assertEquals(made.peer(), Key.open(path).peer());
    assertFalse(made.toString().contains(Files.readString(path)));
    assertEquals("rw-------", java.nio.file.attribute.PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
    Files.writeString(path, "damaged");
    assertThrows(CausewayException.class, () -> Key.open(path));
  }

  @Test
  void aSignatureHoldsForItsMessageAndKeyAlone() {
    Key key = Key.generate();
    byte[] message = {1, 2, 3};
    byte[] signature = key.sign(message);
    assertTrue(Ed25519.verify(key.peer().bytes(), signature, message));
    assertFalse(Ed25519.verify(key.peer().bytes(), signature, new byte[] {1, 2}));
    assertFalse(Ed25519.verify(Key.generate().peer().bytes(), signature, message));
    assertFalse(Ed25519.verify(key.peer().bytes(), java.util.Arrays.copyOf(signature, 63), message));
  }

  @Test
  void aTicketReadsWhatItWrites() {
    PeerId peer = new PeerId(id(2).bytes());
    var other = new Ticket.Other(new PeerId(id(4).bytes()), List.of("https://node.example"));
    List<String> addresses = List.of("http://127.0.0.1:4100", "iroh:endpointü&+ %");
    var full = new Ticket(id(1), Optional.of(peer), addresses, Optional.of("03".repeat(32)), List.of(other));
    var byHand = new Ticket(id(1), Optional.empty(), addresses, Optional.empty(), List.of());
    for (Ticket ticket : List.of(full, byHand)) assertEquals(ticket, Ticket.parse(ticket.toString()));
    assertTrue(full.toString().contains("&pr=http://127.0.0.1:4100&pr=iroh:endpoint%C3%BC%26%2B%20%25&by="));
    String base = "causeway:?db=" + id(1);
    for (String wrong :
        List.of(
            "causeway:",
            "causeway:?pr=http://a",
            base,
            base + "&db=" + id(1) + "&pr=http://a",
            base + "&in=00&pr=http://a",
            base + "&by=" + peer + "&pr=http://a&by=" + peer + "&pr=http://b",
            base + "&pr=http://a".repeat(17),
            base + "&pr=" + "a".repeat(32_768)))
      assertEquals("INVALID_ARGUMENT", assertThrows(CausewayException.class, () -> Ticket.parse(wrong), wrong).code());
    assertEquals(List.of("http://a"), Ticket.parse(base + "&new=1&pr=http://a").addresses());
  }

  @Test
  void textsOfTheVectorsAreReadAndRefused() {
    JsonObject vectors = Vectors.file("texts.json");
    for (JsonObject vector : Vectors.list(vectors, "ids")) {
      String text = Vectors.text(vector, "text");
      assertEquals(Vectors.id(vector.get("id")), Id.parse(text));
      assertEquals(text, Id.parse(text).toString());
    }
    List<JsonObject> refused = Vectors.list(vectors, "refusedIds");
    for (JsonObject vector : refused) refuses(vector, Id::parse);
    List<JsonObject> peers = Vectors.list(vectors, "refusedPeers");
    for (JsonObject vector : peers) refuses(vector, PeerId::parse);
    assertTrue(refused.size() >= 20 && peers.size() >= 8);
  }

  private static void refuses(JsonObject vector, Consumer<String> parse) {
    String text = Vectors.expandText(vector.get("text"));
    var error = assertThrows(CausewayException.class, () -> parse.accept(text), Vectors.text(vector, "name"));
    assertEquals("INVALID_ARGUMENT", error.code());
  }

  @Test
  void ticketsOfTheVectorsAreReadPrintedAndRefused() {
    JsonObject vectors = Vectors.file("tickets.json");
    List<JsonObject> tickets = Vectors.list(vectors, "tickets");
    for (JsonObject vector : tickets) {
      Ticket ticket = Ticket.parse(Vectors.expandText(vector.get("text")));
      JsonObject wanted = vector.getAsJsonObject("ticket");
      List<JsonObject> peers = Vectors.list(wanted, "peers");
      String name = Vectors.text(vector, "name");
      assertEquals(Vectors.id(wanted.get("tree")), ticket.tree(), name);
      assertEquals(optional(wanted.get("invitation")), ticket.invitation(), name);
      assertEquals(optional(peers.get(0).get("peer")), ticket.peer().map(PeerId::toString), name);
      assertEquals(addresses(peers.get(0)), ticket.addresses(), name);
      assertEquals(peers.size() - 1, ticket.others().size(), name);
      for (int index = 1; index < peers.size(); index++) {
        assertEquals(Vectors.text(peers.get(index), "peer"), ticket.others().get(index - 1).peer().toString());
        assertEquals(addresses(peers.get(index)), ticket.others().get(index - 1).addresses());
      }
      assertEquals(Vectors.expandText(vector.get("printed")), ticket.toString(), name);
    }
    List<JsonObject> refused = Vectors.list(vectors, "refused");
    for (JsonObject vector : refused) refuses(vector, Ticket::parse);
    assertTrue(tickets.size() >= 14 && refused.size() >= 30);
  }

  private static Optional<String> optional(JsonElement text) {
    return text.isJsonNull() ? Optional.empty() : Optional.of(text.getAsString());
  }

  private static List<String> addresses(JsonObject peer) {
    return peer.getAsJsonArray("addresses").asList().stream().map(Vectors::expandText).toList();
  }

  @Test
  void anErrorCarriesCodeDataAndWait() {
    var detail = ErrorDetail.newBuilder().setCode("CONFLICT").putData("version", "x").setRetryAfterMs(250).build();
    var status = com.google.rpc.Status.newBuilder().setCode(10).setMessage("no").addDetails(Any.pack(detail)).build();
    var error = CausewayException.from(StatusProto.toStatusException(status));
    assertEquals("CONFLICT", error.code());
    assertEquals("no", error.getMessage());
    assertEquals("x", error.data().get("version"));
    assertEquals(Optional.of(Duration.ofMillis(250)), error.retryAfter());
    var own = new CausewayException("WRONG_PEER", "another");
    assertEquals("WRONG_PEER", CausewayException.from(Status.UNAVAILABLE.withCause(own).asException()).code());
    assertEquals("DISCONNECTED", CausewayException.from(Status.UNAVAILABLE.asException()).code());
  }
}
