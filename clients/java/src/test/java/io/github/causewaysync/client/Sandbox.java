package io.github.causewaysync.client;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A node of this checkout in a temporary folder, which ends with its test. It needs {@code npm run build}. */
final class Sandbox implements AutoCloseable {
  static final Path CHECKOUT = Path.of("../..").toAbsolutePath().normalize();

  final Path path;
  private final String[] options;
  private Process process;
  String address;
  String peer;

  /** Starts a node on a free port. */
  Sandbox(String... options) {
    this.options = options;
    try {
      path = Files.createTempDirectory("causeway-java-");
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    start();
  }

  private ProcessBuilder causeway(List<String> args) {
    List<String> command = new ArrayList<>(List.of("node", CHECKOUT.resolve("dist/causeway.js").toString()));
    command.addAll(args);
    ProcessBuilder builder = new ProcessBuilder(command);
    // The node's log.
    builder.redirectError(ProcessBuilder.Redirect.appendTo(path.resolve("log").toFile()));
    builder.environment().put("CAUSEWAY_DATA", path.resolve("node").toString());
    return builder;
  }

  /** Starts the node, or starts it again at the address that it had. */
  void start() {
    String at = address == null ? "127.0.0.1:0" : address.substring(address.indexOf("//") + 2);
    List<String> args = new ArrayList<>(List.of("serve", "--json", "--no-admin", "--http", at));
    args.addAll(List.of(options));
    try {
      process = causeway(args).start();
      BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      JsonObject ready = JsonParser.parseString(lines.readLine()).getAsJsonObject();
      address = ready.get("addresses").getAsJsonArray().get(0).getAsString();
      peer = ready.get("peer").getAsString();
      // Keeps the pipe empty: the node writes further events to it.
      Thread reader = new Thread(() -> lines.lines().forEach(line -> {}));
      reader.setDaemon(true);
      reader.setUncaughtExceptionHandler((thread, ended) -> {});
      reader.start();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  /** Kills the node. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Runs a command on the node and returns its document. */
  JsonObject json(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.add("--json");
    try {
      Process ran = causeway(all).start();
      String document = new String(ran.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (ran.waitFor() != 0) throw new IllegalStateException(all + " failed");
      return JsonParser.parseString(document).getAsJsonObject();
    } catch (IOException | InterruptedException error) {
      throw new IllegalStateException(error);
    }
  }

  /** Returns the node's own key, which operates it. */
  Key key() {
    return Key.open(path.resolve("node/identity.key"));
  }

  /** Makes a tree to which a key may write. */
  Id treeFor(Key member) {
    Id tree = Id.parse(json("tree", "create", "notes").get("tree").getAsString());
    json("grant", tree.toString(), member.peer().toString(), "write");
    return tree;
  }

  @Override
  public void close() throws Exception {
    kill();
    try (var files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
    }
  }
}
