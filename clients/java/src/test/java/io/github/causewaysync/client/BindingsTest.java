package io.github.causewaysync.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.HandshakeResponse;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The golden vectors of bindings, handshakes and tokens. */
class BindingsTest {
  private static final JsonObject VECTORS = Vectors.file("bindings.json");

  @Test
  void certificatesHaveTheirBindings() throws Exception {
    List<JsonObject> certificates = Vectors.list(VECTORS, "certificates");
    assertTrue(certificates.size() >= 13);
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    for (JsonObject vector : certificates) {
      var der = new ByteArrayInputStream(Vectors.hex(vector, "der"));
      var certificate = (X509Certificate) factory.generateCertificate(der);
      assertEquals(Vectors.text(vector, "binding"), Bindings.of(certificate), Vectors.text(vector, "name"));
    }
  }

  private static String code(ByteString nonce, String binding, HandshakeResponse answer) {
    return assertThrows(CausewayException.class, () -> Credentials.check(nonce, binding, answer)).code();
  }

  @Test
  void handshakesProveTheServerForTheirBindingAlone() {
    List<JsonObject> handshakes = Vectors.list(VECTORS, "handshakes");
    assertTrue(handshakes.size() >= 4);
    for (JsonObject vector : handshakes) {
      ByteString nonce = ByteString.copyFrom(Vectors.hex(vector, "callerNonce"));
      HandshakeResponse answer =
          HandshakeResponse.newBuilder()
              .setVersion(2)
              .setPeer(ByteString.copyFrom(Vectors.hex(vector, "peer")))
              .setNonce(ByteString.copyFrom(Vectors.hex(vector, "serverNonce")))
              .setSignature(ByteString.copyFrom(Vectors.hex(vector, "signature")))
              .build();
      String binding = Vectors.text(vector, "binding");
      assertEquals(Vectors.text(vector, "peer"), Credentials.check(nonce, binding, answer).toString());
      assertEquals("WRONG_PEER", code(nonce, "host:other", answer));
      assertEquals("WRONG_PEER", code(Id.ZERO.bytes(), binding, answer));
      var longer = answer.toBuilder().setNonce(answer.getNonce().concat(ByteString.copyFromUtf8("x"))).build();
      assertEquals("WRONG_PEER", code(nonce, binding, longer));
      assertEquals("INCOMPATIBLE", code(nonce, binding, answer.toBuilder().setVersion(3).build()));
    }
  }

  @Test
  void handshakesThatProveNobodyAreRefused() {
    List<JsonObject> refused = Vectors.list(VECTORS, "refusedHandshakes");
    assertTrue(refused.size() >= 10);
    for (JsonObject vector : refused) {
      HandshakeResponse answer =
          HandshakeResponse.newBuilder()
              .setVersion(2)
              .setPeer(ByteString.copyFrom(Vectors.hex(vector, "peer")))
              .setNonce(ByteString.copyFrom(Vectors.hex(vector, "serverNonce")))
              .setSignature(ByteString.copyFrom(Vectors.hex(vector, "signature")))
              .build();
      ByteString nonce = ByteString.copyFrom(Vectors.hex(vector, "callerNonce"));
      String name = Vectors.text(vector, "name");
      var error =
          assertThrows(
              CausewayException.class, () -> Credentials.check(nonce, Vectors.text(vector, "binding"), answer), name);
      assertEquals("WRONG_PEER", error.code(), name);
    }
  }

  private static boolean isText(JsonObject claims, String name) {
    return claims.get(name) instanceof JsonPrimitive value && value.isString();
  }

  @Test
  void tokensAreSignedToTheSameBytes() {
    int signed = 0;
    for (JsonObject vector : Vectors.list(VECTORS, "tokens")) {
      JsonObject claims = vector.getAsJsonObject("claims");
      Key key = Key.fromSeed(Vectors.hex(vector, "seed"));
      boolean isWhole =
          isText(claims, "iss")
              && isText(claims, "aud")
              && isText(claims, "binding")
              && claims.get("exp").getAsJsonPrimitive().isNumber()
              && Vectors.text(claims, "iss").equals(key.peer().toString());
      if (!isWhole || claims.has("origin")) continue;
      String rest = claims.has("reusable") ? ",\"reusable\":" + claims.get("reusable") : "";
      String token =
          Tokens.signClaims(
              key,
              Vectors.text(claims, "aud"),
              claims.get("exp").getAsLong(),
              Vectors.text(claims, "jti"),
              Vectors.text(claims, "binding"),
              rest);
      assertEquals(Vectors.text(vector, "token"), token, Vectors.text(vector, "name"));
      signed++;
    }
    assertTrue(signed >= 15, "" + signed);
  }
}
