//! One connection to a node: TCP, perhaps TLS, HTTP/2, and the handshake that proves the node's key for this very
//! channel. Its calls carry a token that is for this channel alone.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use http::{HeaderValue, Request, Response, Uri, header::AUTHORIZATION, uri::Scheme};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use tonic::body::Body;

use crate::{
    channel::binding,
    channel::token,
    dag::id::PeerId,
    dag::key::{Key, random, verify},
    error::{Code, Error, Result},
    proto::{HandshakeRequest, HandshakeResponse, sync_service_client::SyncServiceClient},
};

const HANDSHAKE_DOMAIN: &[u8] = b"causeway.handshake.v2\0";
const PROTOCOL_VERSION: u32 = 2;
/// A node on the other side of the earth answers in less.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Finds a dead connection before the calls' own deadlines do.
const PING_EVERY: Duration = Duration::from_secs(20);

/// Where a node is and how to reach it.
pub(crate) struct Target {
    pub uri: Uri,
    /// For `https:` alone.
    pub tls: Option<TlsConnector>,
    /// Whether plain HTTP may leave this machine.
    pub insecure: bool,
}

/// A connection whose other end has proven its key.
pub(crate) struct Connection {
    channel: Channel,
    pub peer: PeerId,
    binding: String,
    /// Whether tokens may be shown on other connections too.
    reusable: bool,
    key: Option<Key>,
    token: Mutex<Option<(HeaderValue, Instant)>>,
}

/// HTTP/2 without credentials.
#[derive(Clone)]
struct Channel {
    sender: http2::SendRequest<Body>,
    uri: Uri,
}

impl Connection {
    /// Dials a node and checks its key. `expected` is the peer that it must be.
    pub async fn open(target: &Target, key: Option<Key>, expected: Option<PeerId>) -> Result<Connection> {
        let opened = tokio::time::timeout(CONNECT_TIMEOUT, async {
            let (channel, binding) = dial(target).await?;
            let (peer, reusable) = shake_hands(channel.clone(), &binding).await?;
            Result::<_, Error>::Ok(Connection { channel, peer, binding, reusable, key, token: Mutex::default() })
        });
        let late = |_| Error::new(Code::Timeout, format!("{} did not answer in time.", target.uri));
        let connection = opened.await.map_err(late)??;
        match expected {
            Some(expected) if expected != connection.peer => {
                let message = format!("The remote should be the peer {expected}, but is {}.", connection.peer);
                Err(Error::new(Code::WrongPeer, message).with("peer", connection.peer).with("expected", expected))
            }
            _ => Ok(connection),
        }
    }

    /// Reports whether a call can begin, after it has waited for a free stream.
    pub async fn is_ready(&self) -> bool {
        self.channel.sender.clone().ready().await.is_ok()
    }

    /// Makes a call, with a token if there is a key.
    pub async fn call(&self, mut request: Request<Body>) -> Result<Response<Incoming>> {
        if let Some(token) = self.token() {
            request.headers_mut().insert(AUTHORIZATION, token);
        }
        self.channel.send(request).await
    }

    /// Returns the connection's token. A reusable one has at least half of its life left.
    fn token(&self) -> Option<HeaderValue> {
        let key = self.key.as_ref()?;
        let mut kept = self.token.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match &*kept {
            Some((token, signed)) if !self.reusable || signed.elapsed() < token::LIFE / 2 => Some(token.clone()),
            _ => {
                let text = format!("Bearer {}", token::sign(key, self.peer, &self.binding, self.reusable));
                let mut token = HeaderValue::try_from(text).expect("a token is ASCII");
                token.set_sensitive(true);
                *kept = Some((token.clone(), Instant::now()));
                Some(token)
            }
        }
    }
}

impl Channel {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Incoming>> {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = self.uri.scheme().cloned();
        parts.authority = self.uri.authority().cloned();
        *request.uri_mut() = Uri::from_parts(parts).map_err(|error| lost(&self.uri, error))?;
        let mut sender = self.sender.clone();
        sender.ready().await.map_err(|error| lost(&self.uri, error))?;
        sender.send_request(request).await.map_err(|error| lost(&self.uri, error))
    }
}

fn lost(uri: &Uri, error: impl std::fmt::Display) -> Error {
    Error::new(Code::Disconnected, format!("The connection to {uri} was lost: {error}."))
}

fn unreachable(uri: &Uri, error: impl std::fmt::Display) -> Error {
    Error::new(Code::Unreachable, format!("{uri} cannot be reached: {error}."))
}

/// Returns a channel with its binding.
async fn dial(target: &Target) -> Result<(Channel, String)> {
    let Target { uri, tls, insecure } = target;
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or(if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 });
    let tcp = TcpStream::connect((host, port)).await.map_err(|error| unreachable(uri, error))?;
    let remote = tcp.peer_addr().map_err(|error| unreachable(uri, error))?;
    let _ = tcp.set_nodelay(true);
    let Some(tls) = tls else {
        // The connected socket decides, not the text of the address.
        let loopback = remote.ip().to_canonical().is_loopback();
        if !loopback && !insecure {
            let message = format!("{uri} is on another machine: use https, or allow plain HTTP by `insecure`.");
            return Err(Error::new(Code::BadAddress, message));
        }
        let binding = if loopback { "" } else { binding::INSECURE };
        return Ok((speak(uri, tcp).await?, binding.to_owned()));
    };
    let name = ServerName::try_from(host.to_owned()).map_err(|error| unreachable(uri, error))?;
    let stream = tls.connect(name, tcp).await.map_err(|error| unreachable(uri, error))?;
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let certificate = shown.ok_or_else(|| unreachable(uri, "it shows no certificate"))?;
    let binding = binding::of_certificate(certificate);
    Ok((speak(uri, stream).await?, binding))
}

/// Begins HTTP/2, and drives it until the last call and the last sender are gone.
async fn speak(uri: &Uri, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<Channel> {
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .adaptive_window(true)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| unreachable(uri, error))?;
    tokio::spawn(connection);
    Ok(Channel { sender, uri: uri.clone() })
}

/// Asks the remote for its PeerId and a proof of it for a channel with this binding. Returns the PeerId, and whether the
/// remote takes reusable tokens on it.
async fn shake_hands(channel: Channel, binding: &str) -> Result<(PeerId, bool)> {
    let nonce = random::<32>();
    let request = HandshakeRequest {
        version: PROTOCOL_VERSION,
        nonce: nonce.to_vec(),
        binding: binding.to_owned(),
        ..Default::default()
    };
    let answer = SyncServiceClient::new(channel).handshake(request).await?.into_inner();
    let peer = check_handshake(&nonce, binding, &answer)?;
    let known = answer.features.iter().any(|feature| feature == "reusable-tokens");
    Ok((peer, known && binding != binding::INSECURE))
}

/// Checks a server's answer to a handshake with this nonce, and returns the PeerId that it proves.
pub(crate) fn check_handshake(nonce: &[u8; 32], binding: &str, answer: &HandshakeResponse) -> Result<PeerId> {
    if answer.version != PROTOCOL_VERSION {
        let message = format!("The remote speaks version {}, this client {PROTOCOL_VERSION}.", answer.version);
        return Err(Error::new(Code::Incompatible, message));
    }
    let signed = [HANDSHAKE_DOMAIN, nonce, &answer.nonce, binding.as_bytes()].concat();
    match PeerId::try_from(answer.peer.as_slice()) {
        Ok(peer) if answer.nonce.len() == 32 && verify(&peer, &signed, &answer.signature) => Ok(peer),
        _ => Err(Error::new(Code::WrongPeer, "The remote could not prove that it holds the key which it names.")),
    }
}

pub(crate) type Calling = std::pin::Pin<Box<dyn Future<Output = Result<Response<Incoming>, tonic::Status>> + Send>>;

impl tower_service::Service<Request<Body>> for Channel {
    type Response = Response<Incoming>;
    type Error = tonic::Status;
    type Future = Calling;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), tonic::Status>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Calling {
        let channel = self.clone();
        Box::pin(async move { Ok(channel.send(request).await?) })
    }
}

/// Keeps the current connection of a node, and dials anew when it is gone.
pub(crate) struct Dialler {
    pub target: Target,
    pub key: Option<Key>,
    /// The peer that the node must be: the one that was asked for, or the first that it has proven to be.
    pub expected: Mutex<Option<PeerId>>,
    pub current: tokio::sync::Mutex<Option<Arc<Connection>>>,
}

impl Dialler {
    /// Returns a connection on which a call can begin.
    pub async fn connection(&self) -> Result<Arc<Connection>> {
        let mut current = self.current.lock().await;
        if let Some(connection) = &*current
            && connection.is_ready().await
        {
            return Ok(connection.clone());
        }
        let expected = *self.expected.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let connection = Arc::new(Connection::open(&self.target, self.key.clone(), expected).await?);
        *self.expected.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(connection.peer);
        *current = Some(connection.clone());
        Ok(connection)
    }
}
