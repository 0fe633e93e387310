package io.github.causewaysync.client;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;

/** The token that proves the caller: a JWT, signed with its key, for one server and one channel. */
final class Tokens {
  /** How long a token lives: long enough for clocks that are minutes apart. */
  static final Duration LIFE = Duration.ofSeconds(120);

  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private Tokens() {}

  /**
   * Returns a new token for a server, over a channel with this binding. A reusable one may be shown on any connection
   * until it expires; any other holds for the connection of its first use, for as long as that lives.
   */
  static String sign(Key key, PeerId audience, String binding, boolean reusable) {
    long now = System.currentTimeMillis() / 1000;
    String jti = HexFormat.of().formatHex(Key.random(16));
    String rest = ",\"iat\":" + now + (reusable ? ",\"reusable\":true" : "");
    return signClaims(key, audience.toString(), now + LIFE.toSeconds(), jti, binding, rest);
  }

  /** Signs claims, whose texts need no escapes in JSON. */
  static String signClaims(Key key, String audience, long expires, String jti, String binding, String rest) {
    String claims =
        "{\"iss\":\"%s\",\"aud\":\"%s\",\"exp\":%d,\"jti\":\"%s\",\"binding\":\"%s\"%s}"
            .formatted(key.peer(), audience, expires, jti, binding, rest);
    String signed = encode("{\"alg\":\"EdDSA\",\"typ\":\"JWT\"}") + "." + encode(claims);
    byte[] signature = key.sign(signed.getBytes(StandardCharsets.US_ASCII));
    return signed + "." + BASE64.encodeToString(signature);
  }

  private static String encode(String json) {
    return BASE64.encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }
}
