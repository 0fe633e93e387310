package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPublicKey;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;

/**
 * Signatures by the one rule that all peers share: RFC 8032 without the cofactor, S < L, and neither the key nor R of
 * small order or in a non-canonical form. The JDK has the first two; the points are checked here before it sees them.
 */
final class Ed25519 {
  private static final BigInteger PRIME = BigInteger.TWO.pow(255).subtract(BigInteger.valueOf(19));
  /** The y of the points of order 1, 2, 4 and 8. Their signatures hold for messages that nobody signed. */
  private static final Set<BigInteger> SMALL_ORDER =
      Set.of(
          BigInteger.ZERO,
          BigInteger.ONE,
          PRIME.subtract(BigInteger.ONE),
          littleEndian(HexFormat.of().parseHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")),
          littleEndian(HexFormat.of().parseHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")));

  private Ed25519() {}

  /** Returns the key pair of a seed of 32 bytes. */
  static KeyPair pairOf(byte[] seed) {
    // The JDK derives a public key only in its generator, which takes the seed as its random bytes.
    SecureRandom given =
        new SecureRandom() {
          @Override
          public void nextBytes(byte[] bytes) {
            System.arraycopy(seed, 0, bytes, 0, bytes.length);
          }
        };
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("Ed25519");
      generator.initialize(NamedParameterSpec.ED25519, given);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("Java 15 and later have Ed25519.", missing);
    }
  }

  /** Returns the 32 bytes of a public key. */
  static byte[] encode(PublicKey key) {
    EdECPoint point = ((EdECPublicKey) key).getPoint();
    byte[] big = point.getY().toByteArray();
    byte[] bytes = new byte[32];
    for (int index = 0; index < Math.min(32, big.length); index++) bytes[index] = big[big.length - 1 - index];
    if (point.isXOdd()) bytes[31] |= (byte) 0x80;
    return bytes;
  }

  /** Reports whether a signature over the parts of a message is by this key. */
  static boolean verify(ByteString peer, byte[] signature, byte[]... message) {
    byte[] key = peer.toByteArray();
    if (signature.length != 64 || !isSound(key) || !isSound(Arrays.copyOf(signature, 32))) return false;
    try {
      EdECPoint point = new EdECPoint((key[31] & 0x80) != 0, yOf(key));
      PublicKey author =
          KeyFactory.getInstance("Ed25519").generatePublic(new EdECPublicKeySpec(NamedParameterSpec.ED25519, point));
      Signature verifier = Signature.getInstance("Ed25519");
      verifier.initVerify(author);
      for (byte[] part : message) verifier.update(part);
      return verifier.verify(signature);
    } catch (GeneralSecurityException invalid) {
      // A key that is no point has signed nothing, and a signature of another form is none.
      return false;
    }
  }

  /** Reports whether a point is neither of small order nor past the prime. Only the curve tells whether it is one. */
  static boolean isSound(byte[] point) {
    if (point.length != 32) return false;
    BigInteger y = yOf(point);
    return y.compareTo(PRIME) < 0 && !SMALL_ORDER.contains(y);
  }

  private static BigInteger yOf(byte[] point) {
    byte[] unsigned = point.clone();
    unsigned[31] &= 0x7f;
    return littleEndian(unsigned);
  }

  private static BigInteger littleEndian(byte[] bytes) {
    byte[] big = new byte[bytes.length];
    for (int index = 0; index < bytes.length; index++) big[index] = bytes[bytes.length - 1 - index];
    return new BigInteger(1, big);
  }
}
