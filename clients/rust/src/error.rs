//! The one error of this crate: a stable code, data, and when to try again. A failed call carries them in an
//! `ErrorDetail`; what this crate itself finds has the same codes. `docs/errors.md` says what each code means.

use std::{collections::BTreeMap, fmt, time::Duration};

use prost::Message;

use crate::proto::ErrorDetail;

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! codes {
    ($($name:ident = $text:literal,)*) => {
        /// Why something failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("`", $text, "`")] $name,)*
            /// A code that this version of the crate does not know; `data` has it as `code`.
            Unknown,
        }

        impl Code {
            #[cfg(test)]
            pub(crate) const ALL: &[Code] = &[$(Code::$name,)*];

            /// Returns the code as it is on the wire, such as `UNKNOWN_TREE`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)*
                    Code::Unknown => "UNKNOWN",
                }
            }

            pub(crate) fn parse(text: &str) -> Code {
                match text {
                    $($text => Code::$name,)*
                    _ => Code::Unknown,
                }
            }
        }
    };
}

codes! {
    EntryTooLarge = "ENTRY_TOO_LARGE",
    EntryMalformed = "ENTRY_MALFORMED",
    EntryNotCanonical = "ENTRY_NOT_CANONICAL",
    EntryVersion = "ENTRY_VERSION",
    EntryIdLength = "ENTRY_ID_LENGTH",
    EntrySignature = "ENTRY_SIGNATURE",
    EntryAuthor = "ENTRY_AUTHOR",
    EntryTree = "ENTRY_TREE",
    EntryRoot = "ENTRY_ROOT",
    EntryParents = "ENTRY_PARENTS",
    EntryHeight = "ENTRY_HEIGHT",
    EntryTime = "ENTRY_TIME",
    EntryPolicy = "ENTRY_POLICY",
    EntryChanges = "ENTRY_CHANGES",
    EntryNonce = "ENTRY_NONCE",
    EntryMissingParent = "ENTRY_MISSING_PARENT",
    EntryForbidden = "ENTRY_FORBIDDEN",
    InvalidArgument = "INVALID_ARGUMENT",
    LimitExceeded = "LIMIT_EXCEEDED",
    ResourceExhausted = "RESOURCE_EXHAUSTED",
    UnknownTree = "UNKNOWN_TREE",
    UnknownEntry = "UNKNOWN_ENTRY",
    UnknownPeer = "UNKNOWN_PEER",
    UnknownRequest = "UNKNOWN_REQUEST",
    UnknownBlob = "UNKNOWN_BLOB",
    BlobNotHere = "BLOB_NOT_HERE",
    AlreadyExists = "ALREADY_EXISTS",
    AlreadyDecided = "ALREADY_DECIDED",
    Unauthenticated = "UNAUTHENTICATED",
    Forbidden = "FORBIDDEN",
    Conflict = "CONFLICT",
    NotHereYet = "NOT_HERE_YET",
    ViewBuilding = "VIEW_BUILDING",
    AccessPending = "ACCESS_PENDING",
    AccessRejected = "ACCESS_REJECTED",
    BadAddress = "BAD_ADDRESS",
    NoTransport = "NO_TRANSPORT",
    NotStarted = "NOT_STARTED",
    AlreadyStarted = "ALREADY_STARTED",
    Closed = "CLOSED",
    Unreachable = "UNREACHABLE",
    Timeout = "TIMEOUT",
    Disconnected = "DISCONNECTED",
    Cancelled = "CANCELLED",
    WrongPeer = "WRONG_PEER",
    Protocol = "PROTOCOL",
    Incompatible = "INCOMPATIBLE",
    Unimplemented = "UNIMPLEMENTED",
    StoreLocked = "STORE_LOCKED",
    StoreFormat = "STORE_FORMAT",
    StoreCorrupt = "STORE_CORRUPT",
    StoreFull = "STORE_FULL",
    StoreDenied = "STORE_DENIED",
    Internal = "INTERNAL",
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What went wrong. Two errors are told apart by `code`; the message is for people.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    code: Code,
    message: String,
    data: BTreeMap<String, String>,
    retry_after: Option<Duration>,
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Error {
        Error(Box::new(Inner { code, message: message.into(), data: BTreeMap::new(), retry_after: None }))
    }

    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Error {
        self.0.data.insert(name.to_owned(), value.to_string());
        self
    }

    /// Returns why it failed.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Returns the reason, for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the facts that belong to the code, such as `versions` of a `CONFLICT`.
    pub fn data(&self) -> &BTreeMap<String, String> {
        &self.0.data
    }

    /// Returns when to try again, if the node said so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Reports whether the same call may succeed later: the connection was lost, or the node was busy.
    pub fn is_temporary(&self) -> bool {
        use Code::*;
        let lost = matches!(self.code(), Disconnected | Unreachable | Timeout | Closed | NotStarted);
        lost || matches!(self.code(), NotHereYet | ViewBuilding) || self.retry_after().is_some()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.0.code, self.0.message)
    }
}

/// As it is shown by a program that returns it from `main`.
impl fmt::Debug for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)?;
        self.0.data.iter().try_for_each(|(name, value)| write!(out, " {name}={value:?}"))
    }
}

impl std::error::Error for Error {}

/// `google.rpc.Status`, in which gRPC carries details of an error.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// Longer waits than this that a node asks for are shortened to it.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

fn detail_of(status: &tonic::Status) -> Option<ErrorDetail> {
    let carried = RpcStatus::decode(status.details()).ok()?;
    let detail = carried.details.iter().find(|any| any.type_url.ends_with("/causeway.v1.ErrorDetail"))?;
    ErrorDetail::decode(detail.value.as_slice()).ok()
}

impl From<tonic::Status> for Error {
    fn from(status: tonic::Status) -> Error {
        // What this crate itself reports from within a call keeps its code.
        let mut source = std::error::Error::source(&status);
        while let Some(error) = source {
            if let Some(error) = error.downcast_ref::<Error>() {
                return error.clone();
            }
            source = error.source();
        }
        let mut error = Error::new(fallback(status.code()), status.message());
        if let Some(detail) = detail_of(&status) {
            error.0.code = Code::parse(&detail.code);
            error.0.data = detail.data.into_iter().collect();
            if error.code() == Code::Unknown {
                error = error.with("code", detail.code);
            }
            let wait = Duration::from_millis(detail.retry_after_ms.into());
            error.0.retry_after = (!wait.is_zero()).then_some(wait.min(RETRY_AFTER_MAX));
        }
        error
    }
}

impl From<Error> for tonic::Status {
    fn from(error: Error) -> tonic::Status {
        tonic::Status::from_error(Box::new(error))
    }
}

/// Returns the code of an error that came without a detail: one of the connection, or of a server that is no node.
fn fallback(code: tonic::Code) -> Code {
    match code {
        tonic::Code::Cancelled => Code::Cancelled,
        tonic::Code::InvalidArgument => Code::InvalidArgument,
        tonic::Code::DeadlineExceeded => Code::Timeout,
        tonic::Code::NotFound | tonic::Code::Unimplemented => Code::Unimplemented,
        tonic::Code::PermissionDenied => Code::Forbidden,
        tonic::Code::ResourceExhausted => Code::LimitExceeded,
        tonic::Code::Unavailable | tonic::Code::Aborted | tonic::Code::Unknown => Code::Disconnected,
        tonic::Code::Unauthenticated => Code::Unauthenticated,
        _ => Code::Protocol,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_documentation() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md")).unwrap();
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        let listed: Vec<&str> = rows.map(|(code, _)| code).collect();
        assert!(Code::ALL.len() > 40);
        assert!(Code::ALL.iter().all(|code| listed.contains(&code.as_str())));
        assert!(Code::ALL.iter().all(|code| Code::parse(code.as_str()) == *code));
    }

    #[test]
    fn a_status_carries_code_data_and_wait() {
        let detail = ErrorDetail {
            code: "CONFLICT".into(),
            data: [("version".to_owned(), "x".to_owned())].into(),
            retry_after_ms: 250,
        };
        let any = Any { type_url: "type.googleapis.com/causeway.v1.ErrorDetail".into(), value: detail.encode_to_vec() };
        let details = RpcStatus { details: vec![any.clone()] }.encode_to_vec();
        let error = Error::from(tonic::Status::with_details(tonic::Code::Aborted, "no", details.into()));
        assert_eq!((error.code(), error.message()), (Code::Conflict, "no"));
        assert_eq!(error.data()["version"], "x");
        assert_eq!(error.retry_after(), Some(Duration::from_millis(250)));
        let newer = ErrorDetail { code: "NEWER".into(), ..Default::default() };
        let any = Any { value: newer.encode_to_vec(), ..any };
        let details = RpcStatus { details: vec![any] }.encode_to_vec();
        let error = Error::from(tonic::Status::with_details(tonic::Code::Aborted, "no", details.into()));
        assert_eq!((error.code(), error.data()["code"].as_str()), (Code::Unknown, "NEWER"));
        let own = Error::new(Code::WrongPeer, "another").with("peer", "p");
        assert_eq!(Error::from(tonic::Status::from(own)).data()["peer"], "p");
    }
}
