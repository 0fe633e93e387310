use causeway::{Id, Key, Node, Result};
use futures_util::StreamExt;

#[tokio::main]
async fn main() -> Result<()> {
    let [address, tree] = [1, 2].map(|number| std::env::args().nth(number).expect("usage: notes ADDRESS TREE"));
    let key = Key::open("app.key")?;
    println!("I am {}", key.peer());

    let node = Node::dial(&address, key)?;
    let notes = node.tree(tree.parse::<Id>()?).store("notes");
    let written = notes.put("title", "Hello from Rust").await?;

    let item = notes.at(&[written]).get("title").await?;
    println!("read: {}", String::from_utf8_lossy(&item.value.unwrap_or_default().value));

    let first = notes.watch("", 0).next().await.expect("a watch has no end")?;
    println!("watched: {} keys", first.items.len());
    Ok(())
}
