import io.github.causewaysync.client.*;
import java.nio.file.Path;

class Notes {
  public static void main(String[] args) {
    Key key = Key.open(Path.of("app.key"));
    System.out.println("I am " + key.peer());
    try (Node node = Node.dial(args[0], key)) {
      Store notes = node.tree(Id.parse(args[1])).store("notes");
      Id written = notes.put("title", "Hello from Java");
      var item = notes.at(written).get("title");
      System.out.println("read: " + item.getValue().getValue().toStringUtf8());
      try (var watch = notes.watch("")) {
        System.out.println("watched: " + watch.iterator().next().getItemsCount() + " keys");
      }
    }
  }
}
