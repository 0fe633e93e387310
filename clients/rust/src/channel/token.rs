//! The token that proves the caller: a JWT, signed with its key, for one server and one channel.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use crate::dag::{
    id::PeerId,
    key::{Key, random},
};

/// How long a token lives: long enough for clocks that are minutes apart.
pub(crate) const LIFE: Duration = Duration::from_secs(120);

/// What a token says beside its issuer.
pub(crate) struct Claims<'a> {
    pub audience: PeerId,
    pub expires: u64,
    pub jti: &'a str,
    pub binding: &'a str,
    /// Further claims.
    pub rest: &'a str,
}

/// Returns a new token for a server, over a channel with this binding. A reusable one may be shown on any connection
/// until it expires, as behind a proxy; any other holds for the connection of its first use, for as long as that lives.
pub(crate) fn sign(key: &Key, audience: PeerId, binding: &str, reusable: bool) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let reusable = if reusable { r#","reusable":true"# } else { "" };
    let claims = Claims {
        audience,
        expires: now + LIFE.as_secs(),
        jti: &HEXLOWER.encode(&random::<16>()),
        binding,
        rest: &format!(r#","iat":{now}{reusable}"#),
    };
    sign_claims(key, &claims)
}

/// Signs claims, whose texts need no escapes in JSON.
pub(crate) fn sign_claims(key: &Key, claims: &Claims) -> String {
    let Claims { audience, expires, jti, binding, rest } = claims;
    let issuer = key.peer();
    let claims =
        format!(r#"{{"iss":"{issuer}","aud":"{audience}","exp":{expires},"jti":"{jti}","binding":"{binding}"{rest}}}"#);
    let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let signed = format!("{}.{}", encode(br#"{"alg":"EdDSA","typ":"JWT"}"#), encode(claims.as_bytes()));
    let signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", encode(&signature))
}
