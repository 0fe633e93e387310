package io.github.causewaysync.client;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.security.spec.PSSParameterSpec;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Channel bindings: the text by which handshakes and tokens name the channel that they are for, so that nobody in between
 * can pass them on. docs/protocol.md specifies them.
 */
final class Bindings {
  /** The binding of plain HTTP that leaves this machine. */
  static final String INSECURE = "insecure";

  private static final String RSA = "1.2.840.113549.1.1.";
  private static final String ECDSA_SHA2 = "1.2.840.10045.4.3.";
  private static final String NIST = "2.16.840.1.101.3.4.3.";
  private static final List<String> SHA2 = List.of("SHA-224", "SHA-256", "SHA-384", "SHA-512");
  private static final List<String> SHA3 = List.of("SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512");
  private static final Map<String, String> RSA_HASHES =
      Map.of(
          "11", "SHA-256", "12", "SHA-384", "13", "SHA-512", "14", "SHA-224", "15", "SHA-512/224", "16", "SHA-512/256");

  private Bindings() {}

  /** Returns the binding of a TLS channel: {@code tls:} and the certificate's tls-server-end-point of RFC 5929. */
  static String of(X509Certificate certificate) {
    try {
      byte[] hash = MessageDigest.getInstance(hashOf(certificate)).digest(certificate.getEncoded());
      return "tls:" + HexFormat.of().formatHex(hash);
    } catch (GeneralSecurityException missing) {
      throw new CausewayException("UNREACHABLE", "The node's certificate cannot be read.", missing);
    }
  }

  /** Returns the hash function of the certificate's signature; SHA-256 for MD5, SHA-1, and those that name none. */
  private static String hashOf(X509Certificate certificate) {
    String algorithm = certificate.getSigAlgOID();
    if (algorithm.equals(RSA + "10")) return hashOfPss(certificate.getSigAlgParams());
    String last = algorithm.substring(algorithm.lastIndexOf('.') + 1);
    int number = Integer.parseInt(last);
    String family = algorithm.substring(0, algorithm.length() - last.length());
    return switch (family) {
      case RSA -> RSA_HASHES.getOrDefault(last, "SHA-256");
      case ECDSA_SHA2 -> number >= 1 && number <= 4 ? SHA2.get(number - 1) : "SHA-256";
      case NIST -> {
        if (number >= 1 && number <= 4) yield SHA2.get(number - 1);
        yield number >= 9 && number <= 16 ? SHA3.get((number - 9) % 4) : "SHA-256";
      }
      default -> "SHA-256";
    };
  }

  private static String hashOfPss(byte[] parameters) {
    try {
      AlgorithmParameters read = AlgorithmParameters.getInstance("RSASSA-PSS");
      read.init(parameters);
      String hash = read.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm();
      return hash.equals("SHA-1") || hash.equals("MD5") ? "SHA-256" : hash;
    } catch (GeneralSecurityException | IOException | NullPointerException unnamed) {
      return "SHA-256";
    }
  }
}
