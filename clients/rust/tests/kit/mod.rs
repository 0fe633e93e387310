//! A node of this checkout in a temporary folder, which ends with its test.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use causeway::{Id, Key};
use data_encoding::HEXLOWER;
use serde_json::Value;

pub struct Sandbox {
    path: PathBuf,
    options: Vec<String>,
    child: Option<Child>,
    pub address: String,
    pub peer: String,
}

fn causeway(path: &Path) -> Command {
    let mut command = Command::new("node");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../dist/causeway.js"));
    command.env("CAUSEWAY_DATA", path.join("node")).stdin(Stdio::null());
    // The node's log.
    command.stderr(std::fs::File::options().create(true).append(true).open(path.join("log")).unwrap());
    command
}

impl Sandbox {
    /// Starts a node on a free port.
    pub async fn serve(options: &[&str]) -> Sandbox {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).unwrap();
        let path = std::env::temp_dir().join(format!("causeway-rust-{}", HEXLOWER.encode(&seed)));
        std::fs::create_dir(&path).unwrap();
        let options = options.iter().map(|option| option.to_string()).collect();
        let mut sandbox = Sandbox { path, options, child: None, address: String::new(), peer: String::new() };
        sandbox.serve_again().await;
        sandbox
    }

    /// Starts the node again, at the address that it had.
    pub async fn serve_again(&mut self) {
        let at = if self.address.is_empty() {
            "127.0.0.1:0".to_owned()
        } else {
            self.address.split("//").nth(1).unwrap().to_owned()
        };
        let mut command = causeway(&self.path);
        command.args(["serve", "--json", "--no-admin", "--http", &at]).args(&self.options);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        self.child = Some(child);
        let ready = lines.next().expect("serve says that it is ready").unwrap();
        // Keeps the pipe open: the node writes further events to it.
        std::thread::spawn(move || lines.for_each(drop));
        let ready: Value = serde_json::from_str(&ready).unwrap();
        self.address = ready["addresses"][0].as_str().unwrap().to_owned();
        self.peer = ready["peer"].as_str().unwrap().to_owned();
    }

    /// Kills the node.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the node's own key, which operates it.
    pub fn key(&self) -> Key {
        Key::open(self.path.join("node/identity.key")).unwrap()
    }

    /// Runs a command on the node and returns its document.
    pub fn json(&self, args: &[&str]) -> Value {
        let ran = causeway(&self.path).args(args).arg("--json").output().unwrap();
        assert!(ran.status.success(), "{args:?}: see {}/log", self.path.display());
        serde_json::from_slice(&ran.stdout).unwrap()
    }

    /// Makes a tree, and a key that may write to it.
    pub fn tree_for_member(&self, name: &str) -> (Id, Key) {
        let tree: Id = self.json(&["tree", "create", name])["tree"].as_str().unwrap().parse().unwrap();
        let key = Key::generate();
        self.json(&["grant", &tree.to_string(), &key.peer().to_string(), "write"]);
        (tree, key)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
