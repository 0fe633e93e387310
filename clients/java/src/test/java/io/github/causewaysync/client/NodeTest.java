package io.github.causewaysync.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.Change;
import io.github.causewaysync.v1.EntryBody;
import io.github.causewaysync.v1.GetNodeRequest;
import io.github.causewaysync.v1.Item;
import io.github.causewaysync.v1.NodeServiceGrpc;
import io.github.causewaysync.v1.Permission;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client against real nodes of this checkout. */
@Timeout(120)
class NodeTest {
  private static String text(Item item) {
    return item.getValue().getValue().toStringUtf8();
  }

  private static Change line(String payload) {
    var bytes = ByteString.copyFromUtf8(payload);
    return Change.newBuilder().setStore("log").setKind("line").setPayload(bytes).build();
  }

  private static String code(org.junit.jupiter.api.function.Executable call) {
    return assertThrows(CausewayException.class, call).code();
  }

  @Test
  void aMemberReadsWritesAndWatchesKeys() throws Exception {
    Key key = Key.generate();
    try (Sandbox sandbox = new Sandbox();
        Node node = Node.dial(sandbox.address, key)) {
      Tree tree = node.tree(sandbox.treeFor(key));
      assertEquals(sandbox.peer, node.peer().toString());
      Store notes = tree.store("notes");
      try (var watch = notes.watch("")) {
        var seen = watch.iterator();
        assertTrue(seen.next().getSynced());
        Id at = notes.put("a/title", "Grüße");
        Item item = notes.at(at).get("a/title");
        assertEquals("Grüße", text(item));
        assertEquals("text/plain", item.getValue().getType());
        assertEquals(at.bytes(), seen.next().getItems(0).getValue().getEntry());

        // A condition holds, or the write fails and changes nothing.
        var json = new Value(ByteString.copyFromUtf8("{}"), "application/json");
        Id second = tree.write().put("notes", "a/title", json).expect(at).durable().send();
        var conflict =
            assertThrows(
                CausewayException.class, () -> tree.write().put("notes", "a/title", "late").expect(at).send());
        assertEquals("CONFLICT", conflict.code());
        assertTrue(conflict.data().containsKey("version"));
        Id fresh = tree.write().put("notes", "a/new", Value.of(new byte[] {0, 1})).expect().send();

        var both = notes.at(second, fresh).getMany(List.of("a/title", "a/new"));
        assertEquals("{}", text(both.get(0)));
        assertEquals(2, notes.list("a/").stream().count());
        Id deleted = tree.write().delete("notes", "a/new").replaces(fresh).send();
        assertFalse(notes.at(deleted).get("a/new").hasValue());
      }
      Id several = tree.write().add("counts", "n", 40).add("counts", "m", -1).put("notes", "b", "x").send();
      Id added = tree.store("counts").at(several).add("n", 2);
      assertEquals(42, tree.store("counts").at(added).get("n").getValue().getSum());
      assertEquals(2, notes.history("a/title").stream().count());
      assertEquals(List.of("counts", "notes"), tree.stores().stream().toList());

      Id one = tree.write().put("notes", "k", "one").replaces().send();
      Id two = tree.write().put("notes", "k", "two").replaces().send();
      assertEquals(1, notes.at(one, two).conflicts("").stream().toList().get(0).getConflictCount());
      Id merged = tree.write().put("notes", "k", "both").replaces(one, two).expect(two, one).send();
      assertEquals(0, notes.at(merged).get("k").getConflictCount());
    }
  }

  @Test
  void aLargeValueIsABlob() throws Exception {
    Key key = Key.generate();
    try (Sandbox sandbox = new Sandbox();
        Node node = Node.dial(sandbox.address, key)) {
      Tree tree = node.tree(sandbox.treeFor(key));
      byte[] content = new byte[600_000];
      for (int at = 0; at < content.length; at++) content[at] = (byte) (at % 251);
      Value value = tree.upload(new ByteArrayInputStream(content), "video/mp4");
      Id at = tree.write().put("films", "a", value).expect().send();
      var version = tree.store("films").at(at).get("a").getValue();
      assertEquals("video/mp4", version.getType());
      List<ByteString> chunks = tree.blob(version.getBlob()).stream().toList();
      assertEquals(3, chunks.size());
      assertEquals(ByteString.copyFrom(content), ByteString.copyFrom(chunks));
      var other = version.getBlob().toBuilder().setId(Id.ZERO.bytes()).build();
      assertEquals("UNKNOWN_BLOB", code(() -> tree.blob(other).iterator().next()));
      assertEquals(
          new Value(ByteString.EMPTY, "text/plain"),
          tree.upload(new ByteArrayInputStream(new byte[0]), "text/plain"));
    }
  }

  @Test
  void aTreeIsListedFollowedFetchedAndPushed() throws Exception {
    Key key = Key.generate();
    try (Sandbox sandbox = new Sandbox();
        Node node = Node.dial(sandbox.address, key);
        Sandbox other = new Sandbox();
        Node operator = Node.dial(other.address, other.key())) {
      Id id = sandbox.treeFor(key);
      Tree tree = node.tree(id);
      assertEquals(List.of("notes"), node.trees().stream().map(one -> one.getName()).toList());
      Set<Id> written = new HashSet<>();
      try (var watch = tree.watch(0)) {
        var arrivals = watch.iterator();
        Tree.Arrival root = arrivals.next();
        assertEquals(new Tree.Arrival(tree.entry(id), 1), root);
        for (int number = 0; number < 5; number++) written.add(tree.commit(line("line " + number)));
        long grant = arrivals.next().sequence();
        Entry first = arrivals.next().entry();
        assertTrue(written.contains(first.id()));
        try (var resumed = tree.watch(grant, "log")) {
          assertEquals(first, resumed.iterator().next().entry());
        }
      }
      List<Entry> listed = tree.entries().stream().toList();
      assertEquals(7, listed.size());
      assertEquals(5, tree.entries(true, "log").stream().count());
      assertEquals("UNKNOWN_ENTRY", code(() -> tree.entry(Id.ZERO)));
      assertEquals(7, tree.get().getTree().getCount());
      List<Entry> fetched = tree.fetch().stream().toList();
      assertEquals(listed, fetched);

      // Another node takes the tree from nothing but what was fetched.
      Tree copy = operator.tree(id);
      assertEquals(1, copy.submit(fetched.subList(0, 1)).getAdded());
      assertEquals("ENTRY_MISSING_PARENT", code(() -> copy.push(fetched.subList(3, 7))));
      assertEquals(new Push(6, 1), copy.push(fetched));
      assertEquals(fetched, copy.fetch().stream().toList());
    }
  }

  @Test
  void errorsAreTypedAndAStrangerSeesNothing() throws Exception {
    try (Sandbox sandbox = new Sandbox();
        Node stranger = Node.dial(sandbox.address, Key.generate());
        Node nobody = Node.dial(sandbox.address, Options.anonymous());
        Node operator = Node.dial(sandbox.address, sandbox.key())) {
      Id id = sandbox.treeFor(Key.generate());
      assertEquals("UNKNOWN_TREE", code(() -> stranger.tree(id).get()));
      assertEquals("UNKNOWN_TREE", code(() -> stranger.tree(id).fetch().iterator().next()));
      assertEquals(Optional.empty(), stranger.tree(id).requestAccess(Permission.PERMISSION_READ, "please"));
      var request = GetNodeRequest.getDefaultInstance();
      var forbidden =
          assertThrows(
              RuntimeException.class, () -> NodeServiceGrpc.newBlockingStub(stranger.channel()).getNode(request));
      assertEquals("FORBIDDEN", CausewayException.from(forbidden).code());
      NodeServiceGrpc.newBlockingStub(operator.channel()).getNode(request);
      assertEquals(0, nobody.trees().stream().count());
      assertEquals("UNAUTHENTICATED", code(() -> nobody.tree(id).store("s").put("k", "v")));
    }
  }

  @Test
  void theNodeMustBeTheOneThatWasMeant() throws Exception {
    Key key = Key.generate();
    try (Sandbox sandbox = new Sandbox();
        Node wrong = Node.dial(sandbox.address, Options.of(key).withPeer(Key.generate().peer()))) {
      Id id = sandbox.treeFor(key);
      assertEquals("WRONG_PEER", code(wrong::peer));
      Ticket ticket = Ticket.parse(sandbox.json("ticket", id.toString()).get("ticket").getAsString());
      assertEquals(sandbox.peer, ticket.peer().orElseThrow().toString());
      try (Node node = Node.dial(ticket, Options.of(key))) {
        assertEquals(2, node.tree(ticket.tree()).get().getTree().getCount());
      }
    }
    for (String address : List.of("127.0.0.1:80", "iroh:abc", "http://127.0.0.1/path", "nonsense"))
      assertEquals("BAD_ADDRESS", code(() -> Node.dial(address, key)), address);
    try (Node gone = Node.dial("http://127.0.0.1:1", key)) {
      assertEquals("UNREACHABLE", code(gone::peer));
    }
  }

  @Test
  void overTlsTheChannelIsBoundToTheCertificate() throws Exception {
    Path fixtures = Sandbox.CHECKOUT.resolve("test/kit/fixtures");
    Path certificate = fixtures.resolve("localhost.crt");
    Key key = Key.generate();
    var options = Options.of(key).withRoots(certificate);
    try (Sandbox sandbox =
            new Sandbox(
                "--tls-cert", certificate.toString(), "--tls-key", fixtures.resolve("localhost.key").toString());
        Node untrusting = Node.dial(sandbox.address, key);
        Node node = Node.dial(sandbox.address, options)) {
      assertTrue(sandbox.address.startsWith("https://"));
      assertEquals("UNREACHABLE", code(untrusting::peer));
      Store notes = node.tree(sandbox.treeFor(key)).store("notes");
      assertEquals("v", text(notes.at(notes.put("k", "v")).get("k")));
    }
  }

  @Test
  void callsAndWatchesGoOnAfterTheNodeWasGone() throws Exception {
    Key key = Key.generate();
    try (Sandbox sandbox = new Sandbox();
        Node node = Node.dial(sandbox.address, key)) {
      Store notes = node.tree(sandbox.treeFor(key)).store("notes");
      notes.put("k", "before");
      try (var watch = notes.watch("")) {
        var seen = watch.iterator();
        assertEquals("before", text(seen.next().getItems(0)));
        sandbox.kill();
        assertTrue(Set.of("DISCONNECTED", "UNREACHABLE").contains(code(() -> notes.get("k"))));
        sandbox.start();
        notes.put("k", "after");
        // Ends with the value, or with the timeout of the test.
        while (seen.next().getItemsList().stream().noneMatch(item -> text(item).equals("after")))
          ;
      }
    }
  }

  @Test
  void aWatchEndsWithItsNodeOrWhenItIsClosed() throws Exception {
    Key key = Key.generate();
    try (Sandbox sandbox = new Sandbox();
        Node node = Node.dial(sandbox.address, key)) {
      Store notes = node.tree(sandbox.treeFor(key)).store("notes");
      for (Runnable end : List.<Runnable>of(() -> {}, node::close)) {
        var watch = notes.watch("");
        var seen = watch.iterator();
        assertTrue(seen.next().getSynced());
        var ended = CompletableFuture.supplyAsync(seen::hasNext);
        end.run();
        watch.close();
        assertFalse(ended.exceptionally(error -> false).get(60, TimeUnit.SECONDS));
      }
      var closed = notes.watch("").iterator();
      assertEquals("CANCELLED", code(closed::next));
      assertEquals("CANCELLED", code(() -> notes.get("k")));
    }
  }

  @Test
  void entriesOfATreeOfManyPagesAllCome() throws Exception {
    Key key = Key.generate();
    try (Sandbox sandbox = new Sandbox();
        Node node = Node.dial(sandbox.address, key)) {
      Tree tree = node.tree(sandbox.treeFor(key));
      ByteString parent = tree.get().getTips(0);
      List<Entry> entries = new ArrayList<>();
      // Many tips, and more bytes than one page has.
      for (int number = 0; number < 1200; number++) {
        var change = line(number + "x".repeat(400));
        var draft = EntryBody.newBuilder().setTree(tree.id().bytes()).addParents(parent).addPolicy(parent).setHeight(2);
        entries.add(Entry.sign(key, draft.setCreatedAtMs(1).addChanges(change).build()));
      }
      assertEquals(new Push(1200, 0), tree.push(entries));
      assertEquals(new Push(0, 1200), tree.push(entries));
      List<Entry> fetched = tree.fetch().stream().toList();
      assertEquals(1202, fetched.size());
      assertEquals(tree.entries().stream().toList(), fetched);
    }
  }

  @Test
  void theProgramOfTheReadmeRuns() throws Exception {
    String program = Files.readString(Path.of("examples/Notes.java"));
    assertTrue(Files.readString(Path.of("README.md")).contains(program), "README.md does not show examples/Notes.java");
    assertTrue(program.lines().filter(line -> !line.isBlank()).count() <= 20);
    try (Sandbox sandbox = new Sandbox()) {
      Key key = Key.open(sandbox.path.resolve("app.key"));
      Id id = sandbox.treeFor(key);
      String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      String source = Path.of("examples/Notes.java").toAbsolutePath().toString();
      Process ran =
          new ProcessBuilder(
                  java, "-cp", System.getProperty("java.class.path"), source, sandbox.address, id.toString())
              .directory(sandbox.path.toFile())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String printed = new String(ran.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, ran.waitFor());
      assertEquals("I am " + key.peer() + "\nread: Hello from Java\nwatched: 1 keys\n", printed);
    }
  }
}
