//! The client against a real node of this checkout, `node dist/causeway.js serve`. It needs `npm run build`.

mod kit;

use std::collections::HashSet;

use causeway::{
    Change, Code, Entry, Filter, Id, Key, Node, Options, Permission, Ticket, Value,
    proto::{Change as RawChange, GetNodeRequest, node_service_client::NodeServiceClient},
};
use futures_util::{StreamExt, TryStreamExt};
use kit::Sandbox;

fn text(item: &causeway::Item) -> String {
    String::from_utf8(item.value.clone().unwrap_or_default().value).unwrap()
}

fn opaque(payload: &str) -> Change {
    RawChange { store: "log".into(), kind: "line".into(), payload: payload.into() }
}

#[tokio::test]
async fn a_member_reads_writes_and_watches_keys() {
    let sandbox = Sandbox::serve(&[]).await;
    let (tree, key) = sandbox.tree_for_member("notes");
    let node = Node::dial(&sandbox.address, key).unwrap();
    assert_eq!(node.peer().await.unwrap().to_string(), sandbox.peer);
    let notes = node.tree(tree).store("notes");
    let mut watch = notes.watch("", 0);
    assert!(watch.next().await.unwrap().unwrap().synced);

    let at = notes.put("a/title", "Grüße").await.unwrap();
    let item = notes.at(&[at]).get("a/title").await.unwrap();
    assert_eq!(text(&item), "Grüße");
    let value = item.value.clone().unwrap();
    assert_eq!((value.r#type.as_str(), value.entry.as_slice()), ("text/plain", at.0.as_slice()));
    let seen = watch.next().await.unwrap().unwrap();
    assert_eq!(seen.items[0].value.as_ref().unwrap().entry, at.0);

    // A condition holds, or the write fails and changes nothing.
    let second = notes.put("a/title", Value::new("{}", "application/json")).expect(&[at]).durable().await.unwrap();
    let conflict = notes.put("a/title", "late").expect(&[at]).await.unwrap_err();
    assert_eq!(conflict.code(), Code::Conflict);
    assert!(conflict.data().contains_key("version"), "{conflict:?}");
    assert_eq!(notes.put("a/new", "x").expect(&[second]).await.unwrap_err().code(), Code::Conflict);
    let new = notes.put("a/new", b"\x00\x01".to_vec()).expect(&[]).await.unwrap();

    let both = notes.at(&[new]).get_many(&["a/title", "a/new"]).await.unwrap();
    assert_eq!(text(&both[0]), "{}");
    let listed: Vec<_> = notes.at(&[new]).list("a/").try_collect().await.unwrap();
    assert_eq!(listed.len(), 2);

    let deleted = notes.delete("a/new").replaces(&[new]).await.unwrap();
    assert!(notes.at(&[deleted]).get("a/new").await.unwrap().value.is_none());

    let both = node.tree(tree).write().add("counts", "n", 40).add("counts", "m", -1);
    let both = both.put("notes", "b", "x").await.unwrap();
    let counts = node.tree(tree).store("counts");
    let added = counts.at(&[both]).add("n", 2).await.unwrap();
    assert_eq!(counts.at(&[added]).get("n").await.unwrap().value.unwrap().sum, Some(42));
    let history: Vec<_> = notes.history("a/title").try_collect().await.unwrap();
    assert_eq!(history.len(), 2);
    let conflicts: Vec<_> = notes.conflicts("").try_collect().await.unwrap();
    assert!(conflicts.is_empty());
    let stores: Vec<_> = node.tree(tree).stores().try_collect().await.unwrap();
    assert_eq!(stores, ["counts", "notes"]);
}

#[tokio::test]
async fn a_large_value_is_a_blob() {
    let sandbox = Sandbox::serve(&[]).await;
    let (id, key) = sandbox.tree_for_member("notes");
    let tree = Node::dial(&sandbox.address, key).unwrap().tree(id);
    let content: Vec<u8> = (0..600_000u32).map(|number| (number % 251) as u8).collect();
    let value = tree.upload(content.as_slice(), "video/mp4").await.unwrap();
    let at = tree.store("films").put("a", value).expect(&[]).await.unwrap();
    let version = tree.store("films").at(&[at]).get("a").await.unwrap().value.unwrap();
    let blob = version.blob.unwrap();
    assert_eq!((blob.size, version.r#type.as_str()), (600_000, "video/mp4"));
    let chunks: Vec<_> = tree.blob(&blob).try_collect().await.unwrap();
    assert!(chunks.len() == 3 && chunks.concat() == content);
    let other = causeway::Blob { id: vec![1; 32], ..blob };
    assert_eq!(tree.blob(&other).next().await.unwrap().unwrap_err().code(), Code::UnknownBlob);
    assert_eq!(tree.upload([].as_slice(), "text/plain").await.unwrap(), Value::new([], "text/plain"));
}

#[tokio::test]
async fn versions_that_stand_beside_each_other_are_conflicts() {
    let sandbox = Sandbox::serve(&[]).await;
    let (tree, key) = sandbox.tree_for_member("notes");
    let notes = Node::dial(&sandbox.address, key).unwrap().tree(tree).store("notes");
    let one = notes.put("k", "one").replaces(&[]).await.unwrap();
    let two = notes.put("k", "two").replaces(&[]).await.unwrap();
    let conflicts: Vec<_> = notes.at(&[one, two]).conflicts("").try_collect().await.unwrap();
    assert_eq!((conflicts.len(), conflicts[0].conflict_count), (1, 1));
    let both = notes.put("k", "both").replaces(&[one, two]).expect(&[two, one]).await.unwrap();
    assert_eq!(notes.at(&[both]).get("k").await.unwrap().conflict_count, 0);
}

#[tokio::test]
async fn a_tree_is_listed_followed_fetched_and_pushed() {
    let sandbox = Sandbox::serve(&[]).await;
    let (id, key) = sandbox.tree_for_member("notes");
    let node = Node::dial(&sandbox.address, key).unwrap();
    let tree = node.tree(id);
    let trees: Vec<_> = node.trees().try_collect().await.unwrap();
    assert_eq!(trees.iter().map(|tree| tree.name.as_str()).collect::<Vec<_>>(), ["notes"]);

    let mut watch = tree.watch(0, &[]);
    let (root, first) = watch.next().await.unwrap().unwrap();
    assert_eq!((root.id(), first), (id, 1));
    let mut written = HashSet::new();
    for line in 0..5 {
        written.insert(tree.commit(vec![opaque(&format!("line {line}"))]).await.unwrap());
    }
    let (_, grant) = watch.next().await.unwrap().unwrap();
    let (entry, _) = watch.next().await.unwrap().unwrap();
    assert!(written.contains(&entry.id()));
    let mut resumed = tree.watch(grant, &["log"]);
    assert_eq!(resumed.next().await.unwrap().unwrap().0.id(), entry.id());

    let listed: Vec<_> = tree.entries(Filter::default()).try_collect().await.unwrap();
    let newest = Filter { newest_first: true, stores: vec!["log".into()], ..Filter::default() };
    let newest: Vec<_> = tree.entries(newest).try_collect().await.unwrap();
    assert_eq!((listed.len(), newest.len()), (7, 5));
    assert_eq!(tree.entry(entry.id()).await.unwrap(), entry);
    assert_eq!(tree.entry(Id([9; 32])).await.unwrap_err().code(), Code::UnknownEntry);
    assert_eq!(tree.get().await.unwrap().tree.unwrap().count, 7);

    let fetched: Vec<_> = tree.fetch().try_collect().await.unwrap();
    assert_eq!(fetched, listed);

    // Another node takes the tree entry by entry, from nothing but what was fetched.
    let other = Sandbox::serve(&[]).await;
    let operator = Node::dial(&other.address, other.key()).unwrap();
    let copy = operator.tree(id);
    assert_eq!(copy.submit(&fetched[..1]).await.unwrap().added, 1);
    let gap = copy.push(&fetched[3..]).await.unwrap_err();
    assert_eq!(gap.code(), Code::EntryMissingParent);
    let pushed = copy.push(&fetched).await.unwrap();
    assert_eq!((pushed.added, pushed.known), (6, 1));
    let again: Vec<_> = copy.fetch().try_collect().await.unwrap();
    assert_eq!(again, fetched);
}

#[tokio::test]
async fn errors_are_typed_and_a_stranger_sees_nothing() {
    let sandbox = Sandbox::serve(&[]).await;
    let (id, _) = sandbox.tree_for_member("notes");
    let stranger = Node::dial(&sandbox.address, Key::generate()).unwrap();
    let hidden = stranger.tree(id).get().await.unwrap_err();
    assert_eq!(hidden.code(), Code::UnknownTree);
    assert_eq!(stranger.tree(id).fetch().next().await.unwrap().unwrap_err().code(), Code::UnknownTree);
    let waits = stranger.tree(id).request_access(Permission::Read, "please", None).await.unwrap();
    assert_eq!(waits, None);
    let info = NodeServiceClient::new(stranger.clone()).get_node(GetNodeRequest {}).await.unwrap_err();
    assert_eq!(causeway::Error::from(info).code(), Code::Forbidden);
    let nobody = Node::dial(&sandbox.address, Options::default()).unwrap();
    assert!(nobody.trees().try_collect::<Vec<_>>().await.unwrap().is_empty());
    assert_eq!(nobody.tree(id).store("s").put("k", "v").await.unwrap_err().code(), Code::Unauthenticated);
    let operator = Node::dial(&sandbox.address, sandbox.key()).unwrap();
    assert!(NodeServiceClient::new(operator).get_node(GetNodeRequest {}).await.is_ok());
}

#[tokio::test]
async fn the_node_must_be_the_one_that_was_meant() {
    let sandbox = Sandbox::serve(&[]).await;
    let (id, key) = sandbox.tree_for_member("notes");
    let other = Options { peer: Some(Key::generate().peer()), ..key.clone().into() };
    let wrong = Node::dial(&sandbox.address, other).unwrap().peer().await.unwrap_err();
    assert_eq!(wrong.code(), Code::WrongPeer);
    let ticket: Ticket = sandbox.json(&["ticket", &id.to_string()])["ticket"].as_str().unwrap().parse().unwrap();
    assert_eq!((ticket.tree, ticket.peer.unwrap().to_string()), (id, sandbox.peer.clone()));
    let (_, tree) = Node::dial_ticket(&ticket, key).unwrap();
    assert_eq!(tree.get().await.unwrap().tree.unwrap().count, 2);
    for wrong in ["127.0.0.1:80", "iroh:abc", "http://127.0.0.1/path", "nonsense"] {
        assert_eq!(Node::dial(wrong, Options::default()).err().unwrap().code(), Code::BadAddress, "{wrong}");
    }
    let gone = Node::dial("http://127.0.0.1:1", Options::default()).unwrap().peer().await.unwrap_err();
    assert_eq!(gone.code(), Code::Unreachable);
}

#[tokio::test]
async fn over_tls_the_channel_is_bound_to_the_certificate() {
    let file = |name: &str| format!("{}/../../test/kit/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let (certificate, private) = (file("localhost.crt"), file("localhost.key"));
    let sandbox = Sandbox::serve(&["--tls-cert", &certificate, "--tls-key", &private]).await;
    let (id, key) = sandbox.tree_for_member("notes");
    assert!(sandbox.address.starts_with("https://"), "{}", sandbox.address);
    let untrusted = Node::dial(&sandbox.address, key.clone()).unwrap().peer().await.unwrap_err();
    assert_eq!(untrusted.code(), Code::Unreachable);
    let roots = Some(std::fs::read(&certificate).unwrap());
    let node = Node::dial(&sandbox.address, Options { roots, ..key.into() }).unwrap();
    let at = node.tree(id).store("notes").put("k", "v").await.unwrap();
    assert_eq!(text(&node.tree(id).store("notes").at(&[at]).get("k").await.unwrap()), "v");
}

#[tokio::test]
async fn calls_and_watches_go_on_after_the_node_was_gone() {
    let mut sandbox = Sandbox::serve(&[]).await;
    let (id, key) = sandbox.tree_for_member("notes");
    let notes = Node::dial(&sandbox.address, key).unwrap().tree(id).store("notes");
    notes.put("k", "before").await.unwrap();
    let mut watch = notes.watch("", 0);
    assert_eq!(text(&watch.next().await.unwrap().unwrap().items[0]), "before");
    sandbox.kill();
    let lost = notes.get("k").await.unwrap_err();
    assert!(matches!(lost.code(), Code::Disconnected | Code::Unreachable), "{lost}");
    sandbox.serve_again().await;
    notes.put("k", "after").await.unwrap();
    let after = async {
        loop {
            let message = watch.next().await.unwrap().unwrap();
            if message.items.iter().any(|item| text(item) == "after") {
                break;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), after).await.unwrap();
}

#[tokio::test]
async fn entries_of_a_tree_of_many_pages_all_come() {
    let sandbox = Sandbox::serve(&[]).await;
    let (id, key) = sandbox.tree_for_member("notes");
    let tree = Node::dial(&sandbox.address, key.clone()).unwrap().tree(id);
    let parents = tree.get().await.unwrap().tips;
    let parent = Id::try_from(parents[0].as_slice()).unwrap();
    let policy = vec![parent];
    // Many tips, and more bytes than one page has.
    let entries = (0..1200u32).map(|number| {
        let changes = vec![opaque(&format!("{number} {}", "x".repeat(400)))];
        let draft =
            causeway::Draft { tree: Some(id), parents: vec![parent], policy: policy.clone(), ..Default::default() };
        Entry::sign(&key, causeway::Draft { height: 2, created_at_ms: 1, changes, ..draft }).unwrap()
    });
    let entries: Vec<_> = entries.collect();
    assert_eq!(tree.push(&entries).await.unwrap().added, 1200);
    assert_eq!(tree.push(&entries).await.unwrap().known, 1200);
    let fetched: Vec<_> = tree.fetch().try_collect().await.unwrap();
    assert_eq!(fetched.len(), 1202);
    let listed: Vec<_> = tree.entries(Filter::default()).try_collect().await.unwrap();
    assert_eq!(listed, fetched);
}

#[test]
fn the_program_of_the_readme_is_the_example_and_runs() {
    let folder = env!("CARGO_MANIFEST_DIR");
    let program = std::fs::read_to_string(format!("{folder}/examples/notes.rs")).unwrap();
    let readme = std::fs::read_to_string(format!("{folder}/README.md")).unwrap();
    assert!(readme.contains(&program), "README.md does not show examples/notes.rs");
    assert!(program.lines().filter(|line| !line.is_empty()).count() <= 20);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sandbox = runtime.block_on(Sandbox::serve(&[]));
    let (id, key) = sandbox.tree_for_member("notes");
    std::fs::write(sandbox.path().join("app.key"), key.to_hex()).unwrap();
    let example = std::env::current_exe().unwrap().parent().unwrap().join("../examples/notes");
    let mut command = std::process::Command::new(example);
    let ran = command.args([&sandbox.address, &id.to_string()]).current_dir(sandbox.path()).output().unwrap();
    let printed = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(printed, format!("I am {}\nread: Hello from Rust\nwatched: 1 keys\n", key.peer()));
}
