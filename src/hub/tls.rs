//! TLS, from a certificate and its key in files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// The name by which client and server agree on HTTP/2 in the handshake.
pub(super) const HTTP2: &[u8] = b"h2";

/// What a TLS server shows.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is missing, unreadable, or not what it should be.
    #[error("cannot read the {what} in {}", .path.display())]
    File {
        /// What was looked for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        cause: pem::Error,
    },
    /// The key is not the certificate's, or neither can be used.
    #[error("the certificate and the key cannot be used together")]
    Mismatch(#[from] rustls::Error),
}

impl Tls {
    /// Reads a certificate, followed in its file by those that vouch for it, and its private key; both in PEM form.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, Error> {
        let of_certificate = |cause| unusable("certificate", certificate, cause);
        let chain: Vec<_> =
            CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect).map_err(of_certificate)?;
        if chain.is_empty() {
            return Err(of_certificate(pem::Error::NoItemsFound));
        }
        let key = PrivateKeyDer::from_pem_file(key).map_err(|cause| unusable("private key", key, cause))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![HTTP2.to_vec(), b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// What answers a handshake.
    pub(super) fn acceptor(&self) -> &TlsAcceptor {
        &self.0
    }
}

fn unusable(what: &'static str, path: &Path, cause: pem::Error) -> Error {
    Error::File { what, path: path.to_owned(), cause }
}
