//! A ticket: a tree with addresses, to hand to somebody. `causeway:?db=<tree>&by=<peer>&pr=http://…&in=<secret>`, where
//! `by` is the peer that issued it, and `in` an invitation. Further `by=…&pr=…` name other peers that have the tree.

use std::{fmt, str::FromStr};

use data_encoding::HEXLOWER;

use crate::{
    dag::id::{Id, PeerId},
    error::{Code, Error, Result},
};

const SCHEME: &str = "causeway:?";
const LENGTH: usize = 32_768;
const PEERS: usize = 8;
const ADDRESSES: usize = 16;

/// A peer that a ticket names, with its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketPeer {
    /// The peer.
    pub peer: PeerId,
    /// At least one address.
    pub addresses: Vec<String>,
}

/// A tree with addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The tree.
    pub tree: Id,
    /// The peer that issued it; none in tickets made by hand.
    pub peer: Option<PeerId>,
    /// The issuer's addresses, at least one.
    pub addresses: Vec<String>,
    /// The secret of a one-time invitation.
    pub invitation: Option<[u8; 32]>,
    /// Other peers that have the tree.
    pub others: Vec<TicketPeer>,
}

fn bad<T>(expected: impl fmt::Display) -> Result<T> {
    Err(Error::new(Code::InvalidArgument, format!("A ticket {expected}.")))
}

impl FromStr for Ticket {
    type Err = Error;

    fn from_str(text: &str) -> Result<Ticket> {
        if text.len() > LENGTH {
            return bad(format_args!("has at most {LENGTH} characters, got {}", text.len()));
        }
        let Some(query) = text.strip_prefix(SCHEME) else {
            let shown: String = text.chars().take(40).collect();
            return bad(format_args!("begins with {SCHEME}, got {shown:?}"));
        };
        let (mut trees, mut invitations) = (Vec::new(), Vec::new());
        let mut peers: Vec<(Option<PeerId>, Vec<String>)> = vec![(None, Vec::new())];
        // Parameters of newer versions are ignored.
        for parameter in query.split('&') {
            let (name, escaped) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = unescape(escaped)?;
            match name {
                "db" => trees.push(value.parse()?),
                "in" => invitations.push(HEXLOWER.decode(value.as_bytes()).unwrap_or_default()),
                "pr" => peers.last_mut().expect("begins with one").1.push(value),
                "by" => {
                    let peer: PeerId = value.parse()?;
                    if peers.iter().any(|(other, _)| *other == Some(peer)) {
                        return bad("names each peer once (by=…)");
                    }
                    // The first peer may follow its addresses.
                    match peers.as_mut_slice() {
                        [(first @ None, _)] => *first = Some(peer),
                        _ => peers.push((Some(peer), Vec::new())),
                    }
                }
                _ => {}
            }
        }
        let [tree] = trees[..] else { return bad("names exactly one tree (db=…)") };
        if invitations.len() > 1 {
            return bad("has at most one invitation (in=…)");
        }
        let invitation = match invitations.pop() {
            None => None,
            Some(secret) => match secret.try_into() {
                Ok(secret) => Some(secret),
                Err(_) => return bad("has an invitation (in=…) of 64 hex digits"),
            },
        };
        if peers.len() > PEERS {
            return bad(format_args!("names at most {PEERS} peers, got {}", peers.len()));
        }
        if peers.iter().any(|(_, addresses)| !(1..=ADDRESSES).contains(&addresses.len())) {
            return bad(format_args!("has 1 to {ADDRESSES} addresses a peer (pr=…)"));
        }
        let (peer, addresses) = peers.remove(0);
        let others = peers.into_iter().filter_map(|(peer, addresses)| Some(TicketPeer { peer: peer?, addresses }));
        Ok(Ticket { tree, peer, addresses, invitation, others: others.collect() })
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{SCHEME}db={}", self.tree)?;
        if let Some(peer) = self.peer {
            write!(out, "&by={peer}")?;
        }
        if let Some(secret) = self.invitation {
            write!(out, "&in={}", HEXLOWER.encode(&secret))?;
        }
        let write_all = |out: &mut fmt::Formatter<'_>, addresses: &[String]| {
            addresses.iter().try_for_each(|address| write!(out, "&pr={}", escape(address)))
        };
        write_all(out, &self.addresses)?;
        for other in &self.others {
            write!(out, "&by={}", other.peer)?;
            write_all(out, &other.addresses)?;
        }
        Ok(())
    }
}

/// Reads a value that is escaped as in forms. A parser of forms would keep what is escaped wrong.
fn unescape(text: &str) -> Result<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, others @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digits = [high.to_ascii_lowercase(), low.to_ascii_lowercase()];
                bytes.extend(HEXLOWER.decode(&digits).unwrap_or_default());
                rest = others;
            }
            (b'%', _) => return bad("has values that are escaped as in URLs"),
            (other, _) => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).or_else(|_| bad("has values in UTF-8"))
}

/// Escapes all but what no address needs to have escaped, and colons and slashes, which keep addresses legible.
fn escape(text: &str) -> String {
    let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~:/".contains(byte);
    let escaped = text.bytes().map(|byte| if keep(&byte) { char::from(byte).into() } else { format!("%{byte:02X}") });
    escaped.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Ticket {
        Ticket {
            tree: Id([1; 32]),
            peer: Some(PeerId([2; 32])),
            addresses: vec!["http://127.0.0.1:4100".into(), "iroh:endpointü&+ %".into()],
            invitation: Some([3; 32]),
            others: vec![TicketPeer { peer: PeerId([4; 32]), addresses: vec!["https://node.example".into()] }],
        }
    }

    #[test]
    fn a_ticket_reads_what_it_writes() {
        let by_hand = Ticket { peer: None, invitation: None, others: vec![], ..sample() };
        for ticket in [sample(), by_hand] {
            assert_eq!(ticket.to_string().parse::<Ticket>().unwrap(), ticket);
        }
        let text = sample().to_string();
        assert!(text.starts_with(&format!("causeway:?db={}&by=0202", Id([1; 32]))), "{text}");
        assert!(text.contains("&pr=http://127.0.0.1:4100&pr=iroh:endpoint%C3%BC%26%2B%20%25&by=0404"), "{text}");
    }

    /// A text of the vectors: as it is, or in pieces of which some come several times.
    fn expand(text: &serde_json::Value) -> String {
        let Some(pieces) = text.as_array() else { return text.as_str().unwrap().into() };
        let expanded = |piece: &serde_json::Value| match piece.as_str() {
            Some(text) => text.to_owned(),
            None => piece["repeat"].as_str().unwrap().repeat(piece["times"].as_u64().unwrap() as usize),
        };
        pieces.iter().map(expanded).collect()
    }

    #[test]
    fn the_vectors_are_read_printed_and_refused() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/vectors/tickets.json");
        let vectors: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let read = vectors["tickets"].as_array().unwrap();
        for vector in read {
            let ticket: Ticket =
                expand(&vector["text"]).parse().unwrap_or_else(|error| panic!("{}: {error}", vector["name"]));
            let others = ticket.others.iter().map(|other| (Some(other.peer), &other.addresses));
            let peers: Vec<_> = std::iter::once((ticket.peer, &ticket.addresses)).chain(others).collect();
            let wanted = vector["ticket"]["peers"].as_array().unwrap();
            assert_eq!(peers.len(), wanted.len(), "{}", vector["name"]);
            for ((peer, addresses), wanted) in peers.iter().zip(wanted) {
                assert_eq!(peer.map(|peer| peer.to_string()).as_deref(), wanted["peer"].as_str(), "{}", vector["name"]);
                let texts: Vec<String> = wanted["addresses"].as_array().unwrap().iter().map(expand).collect();
                assert_eq!(**addresses, texts, "{}", vector["name"]);
            }
            assert_eq!(HEXLOWER.encode(&ticket.tree.0), vector["ticket"]["tree"].as_str().unwrap());
            let secret = ticket.invitation.map(|secret| HEXLOWER.encode(&secret));
            assert_eq!(secret.as_deref(), vector["ticket"]["invitation"].as_str());
            assert_eq!(ticket.to_string(), expand(&vector["printed"]), "{}", vector["name"]);
        }
        let refused = vectors["refused"].as_array().unwrap();
        for vector in refused {
            let error = expand(&vector["text"]).parse::<Ticket>().expect_err(vector["name"].as_str().unwrap());
            assert_eq!(error.code(), Code::InvalidArgument, "{}", vector["name"]);
        }
        assert!(read.len() >= 14 && refused.len() >= 30);
    }

    #[test]
    fn other_texts_are_refused() {
        let tree = Id([1; 32]);
        let peer = PeerId([2; 32]);
        let many = "&pr=http://a".repeat(17);
        for wrong in [
            "causeway:".into(),
            "causeway:?pr=http://a".into(),
            format!("causeway:?db={tree}"),
            format!("causeway:?db={tree}&db={tree}&pr=http://a"),
            format!("causeway:?db={tree}&in=00&pr=http://a"),
            format!("causeway:?db={tree}&by={peer}&pr=http://a&by={peer}&pr=http://b"),
            format!("causeway:?db={tree}{many}"),
            format!("causeway:?db={tree}&pr={}", "a".repeat(LENGTH)),
        ] {
            assert_eq!(wrong.parse::<Ticket>().unwrap_err().code(), Code::InvalidArgument, "{wrong}");
        }
        let newer = format!("causeway:?db={tree}&new=1&pr=http://a");
        assert_eq!(newer.parse::<Ticket>().unwrap().addresses, ["http://a"]);
    }
}
