//! Which certificates a client trusts when it dials `https:`. The handshake that follows proves the node's key for the
//! certificate that was shown, so this only decides whom to talk to.

use std::sync::Arc;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
        client::{
            WebPkiServerVerifier,
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        },
        crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    },
};

use crate::error::{Code, Error, Result};

type Verdict<T> = std::result::Result<T, tokio_rustls::rustls::Error>;

/// Returns what dials TLS and trusts the certificates in a PEM text; without one, those of the operating system.
pub(crate) fn connector(roots: Option<&[u8]>) -> Result<TlsConnector> {
    let bad = |error: &dyn std::fmt::Display| {
        Error::new(Code::InvalidArgument, format!("The root certificates cannot be used: {error}."))
    };
    let named = match roots {
        Some(pem) => CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().map_err(|error| bad(&error))?,
        None => Vec::new(),
    };
    let mut store = RootCertStore::empty();
    match roots {
        Some(_) => store.add_parsable_certificates(named.iter().cloned()),
        None => store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
    };
    let provider = Arc::new(ring::default_provider());
    let public = WebPkiServerVerifier::builder_with_provider(store.into(), provider.clone())
        .build()
        .map_err(|error| bad(&error))?;
    let verifier = Verifier { named, public, provider: provider.clone() };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Verifies as rustls does, and also takes a certificate that the caller has itself named: a self-signed one, which
/// rustls refuses if it may also sign others.
#[derive(Debug)]
struct Verifier {
    named: Vec<CertificateDer<'static>>,
    public: Arc<WebPkiServerVerifier>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Verdict<ServerCertVerified> {
        if self.named.contains(certificate) {
            return Ok(ServerCertVerified::assertion());
        }
        self.public.verify_server_cert(certificate, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Verdict<HandshakeSignatureValid> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Verdict<HandshakeSignatureValid> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
