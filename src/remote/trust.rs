//! Which server certificates are trusted.
//!
//! The system's roots, the roots of a `caFile`, or exactly one pinned certificate. Pinning accepts that
//! certificate whatever its names, dates and constraints say (the service's own guide makes self-signed ones
//! with CA:TRUE, which no verifier of names and chains accepts), because the handshake's signature still
//! proves that the server holds its key.
//!
//! Must never: accept a certificate that is neither verified nor pinned. There is no switch for that.
#![expect(clippy::disallowed_methods, reason = "reads the file of certificates")]

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};

/// What a remote's user trusts beside the system's roots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// A PEM file of root certificates that are trusted as well as the system's.
    pub ca_file: Option<PathBuf>,
    /// The only certificate that is accepted.
    pub pinned: Option<Fingerprint>,
}

/// The SHA-256 of a certificate in DER form; shown as 64 hexadecimal digits, read with or without colons.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

/// A text that is no SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 fingerprint: 64 hexadecimal digits are expected, with or without colons")]
pub struct InvalidFingerprint;

impl Fingerprint {
    /// The fingerprint of a certificate in DER form.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        Self(sha256(certificate).as_slice().try_into().expect("a SHA-256 has 32 bytes"))
    }
}

/// The SHA-256 of `bytes`, without the header of a git object.
pub(super) fn sha256(bytes: &[u8]) -> gix_hash::ObjectId {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha256);
    hasher.update(bytes);
    hasher.try_finalize().expect("only SHA-1 can fail, when it detects a collision attack")
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        // `openssl x509 -fingerprint -sha256` prints `sha256 Fingerprint=` before it.
        let printed = text.rsplit_once('=').map_or(text, |(_, digits)| digits);
        let digits: String = printed.trim().chars().filter(|&c| c != ':').collect();
        let id = gix_hash::ObjectId::from_hex(digits.as_bytes()).map_err(|_| InvalidFingerprint)?;
        Ok(Self(id.as_slice().try_into().map_err(|_| InvalidFingerprint)?))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// A certificate that was presented and not accepted.
#[derive(Clone, Debug)]
pub(super) struct Rejected {
    pub(super) presented: Fingerprint,
    pub(super) pinned: Option<Fingerprint>,
    pub(super) cause: rustls::Error,
}

/// Why a certificate was not accepted, in words.
pub(super) fn objection(cause: &rustls::Error) -> String {
    use CertificateError as E;
    let words = match cause {
        rustls::Error::InvalidCertificate(E::UnknownIssuer) => {
            "nobody whom this system trusts vouches for it"
        }
        rustls::Error::InvalidCertificate(E::Expired | E::ExpiredContext { .. }) => "it has expired",
        rustls::Error::InvalidCertificate(E::NotValidYet | E::NotValidYetContext { .. }) => {
            "it is not valid yet"
        }
        rustls::Error::InvalidCertificate(E::NotValidForName | E::NotValidForNameContext { .. }) => {
            "it was made for another name"
        }
        // webpki's word for a certificate made as the service's guide says: an authority that vouches for itself.
        other if other.to_string().contains("CaUsedAsEndEntity") => {
            "it is self-made: nobody else vouches for it"
        }
        other => return other.to_string(),
    };
    words.to_owned()
}

/// Where the verifier leaves the last certificate that it rejected: the HTTP client's own error only says
/// that the handshake failed.
#[derive(Clone, Debug, Default)]
pub(super) struct LastRejected(Arc<Mutex<Option<Rejected>>>);

impl LastRejected {
    pub(super) fn take(&self) -> Option<Rejected> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, rejected: Rejected) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(rejected);
    }
}

/// Why the verifier could not be set up.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    #[error("cannot read the certificates in {}: {cause}", .path.display())]
    CaFile { path: PathBuf, cause: String },
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

/// The TLS settings of one remote, and the place where rejected certificates are found.
pub(super) fn client_config(trust: &Trust) -> Result<(rustls::ClientConfig, LastRejected), Unusable> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let last_rejected = LastRejected::default();
    let rule = match trust.pinned {
        Some(pin) => Rule::Pinned(pin),
        None => Rule::Chain(chain_verifier(trust.ca_file.as_deref(), &provider)?),
    };
    let verifier = Verifier { rule, provider: Arc::clone(&provider), last_rejected: last_rejected.clone() };
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    // The HTTP client leaves a configuration that it is given alone: without this it never speaks HTTP/2.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((config, last_rejected))
}

/// Verifies against the system's roots and those of `ca_file`. The system's alone are read when the first certificate is
/// shown, which a plain `http` address never does.
fn chain_verifier(ca_file: Option<&Path>, provider: &Arc<CryptoProvider>) -> Result<Chain, Unusable> {
    let Some(path) = ca_file else { return Ok(Chain::new()) };
    let extra = read_certificates(path)?;
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, Arc::clone(provider))?;
    Ok(Some(verifier).into())
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    let failed = |cause: String| Unusable::CaFile { path: path.to_owned(), cause };
    let text = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let certificates = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| failed(error.to_string()))?;
    if certificates.is_empty() {
        return Err(failed("there is none in PEM form".to_owned()));
    }
    Ok(certificates)
}

#[derive(Debug)]
enum Rule {
    Pinned(Fingerprint),
    Chain(Chain),
}

/// What verifies chains, once it is needed; `None` on a system without any root, where nothing but a pinned certificate
/// can be trusted.
type Chain = OnceLock<Option<rustls_platform_verifier::Verifier>>;

#[derive(Debug)]
struct Verifier {
    rule: Rule,
    provider: Arc<CryptoProvider>,
    last_rejected: LastRejected,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let presented = Fingerprint::of(end_entity);
        let (pinned, verdict) = match &self.rule {
            Rule::Pinned(pin) if *pin == presented => return Ok(ServerCertVerified::assertion()),
            Rule::Pinned(pin) => (Some(*pin), Err(CertificateError::ApplicationVerificationFailure.into())),
            Rule::Chain(chain) => {
                let system = || rustls_platform_verifier::Verifier::new(Arc::clone(&self.provider)).ok();
                let verdict = match chain.get_or_init(system) {
                    None => Err(CertificateError::UnknownIssuer.into()),
                    Some(chain) => {
                        chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                    }
                };
                (None, verdict)
            }
        };
        verdict.inspect_err(|cause| {
            self.last_rejected.put(Rejected { presented, pinned, cause: cause.clone() });
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http2_is_offered_first() {
        let (config, _) = client_config(&Trust::default()).unwrap();
        assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
    }

    #[test]
    fn a_fingerprint_is_read_as_openssl_prints_it() {
        let digits = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        assert_eq!(colons.parse::<Fingerprint>().unwrap().to_string(), digits);
        assert_eq!("abcd".parse::<Fingerprint>(), Err(InvalidFingerprint));
        assert_eq!("a".repeat(40).parse::<Fingerprint>(), Err(InvalidFingerprint), "a SHA-1 is none");
    }
}
