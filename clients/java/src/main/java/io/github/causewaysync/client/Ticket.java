package io.github.causewaysync.client;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A tree with addresses, to hand to somebody: {@code causeway:?db=<tree>&by=<peer>&pr=http://…&in=<secret>}.
 *
 * @param tree the tree
 * @param peer the peer that issued it; none in tickets made by hand
 * @param addresses the issuer's addresses, at least one
 * @param invitation the secret of a one-time invitation, in 64 hex digits
 * @param others other peers that have the tree
 */
public record Ticket(
    Id tree, Optional<PeerId> peer, List<String> addresses, Optional<String> invitation, List<Other> others) {
  private static final String SCHEME = "causeway:?";
  private static final Pattern ESCAPED = Pattern.compile("([^%]|%[0-9A-Fa-f]{2})*+", Pattern.DOTALL);
  private static final int LENGTH = 32_768;
  private static final int PEERS = 8;
  private static final int ADDRESSES = 16;

  /** A further peer that has the tree, with its addresses. */
  public record Other(PeerId peer, List<String> addresses) {}

  /** Parses a ticket. Throws INVALID_ARGUMENT. Parameters of newer versions are ignored. */
  public static Ticket parse(String text) {
    if (text.length() > LENGTH) throw bad("has at most " + LENGTH + " characters, got " + text.length());
    if (!text.startsWith(SCHEME)) throw bad("begins with " + SCHEME);
    List<Id> trees = new ArrayList<>();
    List<String> invitations = new ArrayList<>();
    List<PeerId> peers = new ArrayList<>();
    List<List<String>> addresses = new ArrayList<>(List.of(new ArrayList<>()));
    for (String parameter : text.substring(SCHEME.length()).split("&")) {
      int equals = parameter.indexOf('=');
      String value = equals < 0 ? "" : decode(parameter.substring(equals + 1));
      switch (equals < 0 ? parameter : parameter.substring(0, equals)) {
        case "db" -> trees.add(Id.parse(value));
        case "in" -> invitations.add(value);
        case "pr" -> addresses.get(addresses.size() - 1).add(value);
        case "by" -> {
          PeerId peer = PeerId.parse(value);
          if (peers.contains(peer)) throw bad("names each peer once (by=…)");
          // The first peer may follow its addresses, or be absent.
          if (!peers.isEmpty()) addresses.add(new ArrayList<>());
          peers.add(peer);
        }
        default -> {}
      }
    }
    if (trees.size() != 1) throw bad("names exactly one tree (db=…)");
    if (invitations.size() > 1) throw bad("has at most one invitation (in=…)");
    if (invitations.stream().anyMatch(secret -> !secret.matches("[0-9a-f]{64}")))
      throw bad("has an invitation (in=…) of 64 hex digits");
    if (peers.size() > PEERS) throw bad("names at most " + PEERS + " peers, got " + peers.size());
    if (addresses.stream().anyMatch(list -> list.isEmpty() || list.size() > ADDRESSES))
      throw bad("has 1 to " + ADDRESSES + " addresses a peer (pr=…)");
    List<Other> others = new ArrayList<>();
    for (int index = 1; index < peers.size(); index++)
      others.add(new Other(peers.get(index), List.copyOf(addresses.get(index))));
    return new Ticket(
        trees.get(0),
        peers.stream().findFirst(),
        List.copyOf(addresses.get(0)),
        invitations.stream().findFirst(),
        List.copyOf(others));
  }

  /** Returns the bytes of the invitation's secret, or none. */
  byte[] secret() {
    return invitation.map(HexFormat.of()::parseHex).orElse(new byte[0]);
  }

  private static CausewayException bad(String expected) {
    return new CausewayException("INVALID_ARGUMENT", "A ticket " + expected + ".");
  }

  private static String decode(String text) {
    // The decoder takes a sign before the digit, and puts U+FFFD for what is not UTF-8.
    if (!ESCAPED.matcher(text).matches()) throw bad("has values that are escaped as in URLs");
    String decoded = URLDecoder.decode(text, StandardCharsets.UTF_8);
    if (decoded.indexOf(0xfffd) >= 0) throw bad("has values in UTF-8");
    return decoded;
  }

  private static String encode(String address) {
    String text = URLEncoder.encode(address, StandardCharsets.UTF_8);
    return text.replace("+", "%20")
        .replace("*", "%2A")
        .replace("%7E", "~")
        .replace("%3A", ":")
        .replace("%2F", "/");
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(SCHEME).append("db=").append(tree);
    peer.ifPresent(issuer -> text.append("&by=").append(issuer));
    invitation.ifPresent(secret -> text.append("&in=").append(secret));
    addresses.forEach(address -> text.append("&pr=").append(encode(address)));
    for (Other other : others) {
      text.append("&by=").append(other.peer);
      other.addresses.forEach(address -> text.append("&pr=").append(encode(address)));
    }
    return text.toString();
  }
}
