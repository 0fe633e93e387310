//! The golden vectors of bindings, handshakes and tokens.

use data_encoding::HEXLOWER;
use serde_json::Value;

use super::{
    binding::of_certificate,
    connection::check_handshake,
    token::{Claims, sign_claims},
};
use crate::{dag::key::Key, error::Code, proto::HandshakeResponse};

fn vectors(list: &str) -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/vectors/bindings.json");
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all[list].as_array().unwrap().clone()
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap()
}

fn hex(vector: &Value, name: &str) -> Vec<u8> {
    HEXLOWER.decode(text(vector, name).as_bytes()).unwrap()
}

#[test]
fn certificates_have_their_bindings() {
    let certificates = vectors("certificates");
    assert!(certificates.len() >= 13);
    for vector in certificates {
        assert_eq!(of_certificate(&hex(&vector, "der")), text(&vector, "binding"), "{}", vector["name"]);
    }
}

#[test]
fn handshakes_prove_the_server_for_their_binding_alone() {
    let handshakes = vectors("handshakes");
    assert!(handshakes.len() >= 4);
    for vector in handshakes {
        let nonce: [u8; 32] = hex(&vector, "callerNonce").try_into().unwrap();
        let answer = HandshakeResponse {
            version: 2,
            peer: hex(&vector, "peer"),
            nonce: hex(&vector, "serverNonce"),
            signature: hex(&vector, "signature"),
            ..Default::default()
        };
        let binding = text(&vector, "binding");
        let code = |nonce, binding, answer| check_handshake(nonce, binding, answer).map_err(|error| error.code());
        assert_eq!(code(&nonce, binding, &answer).unwrap().to_string(), text(&vector, "peer"));
        assert_eq!(code(&nonce, "host:other", &answer), Err(Code::WrongPeer));
        assert_eq!(code(&[0; 32], binding, &answer), Err(Code::WrongPeer));
        let longer = HandshakeResponse { nonce: [answer.nonce.as_slice(), b"x"].concat(), ..answer.clone() };
        assert_eq!(code(&nonce, binding, &longer), Err(Code::WrongPeer));
        let newer = HandshakeResponse { version: 3, ..answer.clone() };
        assert_eq!(code(&nonce, binding, &newer), Err(Code::Incompatible));
    }
}

#[test]
fn handshakes_that_prove_nobody_are_refused() {
    let refused = vectors("refusedHandshakes");
    assert!(refused.len() >= 10);
    for vector in refused {
        let nonce: [u8; 32] = hex(&vector, "callerNonce").try_into().unwrap();
        let answer = HandshakeResponse {
            version: 2,
            peer: hex(&vector, "peer"),
            nonce: hex(&vector, "serverNonce"),
            signature: hex(&vector, "signature"),
            ..Default::default()
        };
        let code = check_handshake(&nonce, text(&vector, "binding"), &answer).map_err(|error| error.code());
        assert_eq!(code, Err(Code::WrongPeer), "{}", vector["name"]);
    }
}

#[test]
fn tokens_are_signed_to_the_same_bytes() {
    let mut signed = 0;
    for vector in vectors("tokens") {
        let (claims, key) = (&vector["claims"], Key::from_hex(text(&vector, "seed")).unwrap());
        let whole = claims["binding"].is_string() && claims["aud"].is_string() && claims["exp"].is_number();
        if !whole || claims["origin"].is_string() || claims["iss"] != key.peer().to_string() {
            continue;
        }
        let rest = claims.get("reusable").map(|value| format!(r#","reusable":{value}"#)).unwrap_or_default();
        let claims = Claims {
            audience: text(claims, "aud").parse().unwrap(),
            expires: claims["exp"].as_u64().unwrap(),
            jti: text(claims, "jti"),
            binding: text(claims, "binding"),
            rest: &rest,
        };
        assert_eq!(sign_claims(&key, &claims), text(&vector, "token"), "{}", vector["name"]);
        signed += 1;
    }
    assert!(signed >= 15, "{signed}");
}
