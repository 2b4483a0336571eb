//! TLS, from a certificate and its key in files.
//!
//! Must never: take a private key that others could read.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::files;

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
    /// The private key cannot be read, or others can read it.
    #[error(transparent)]
    PrivateKey(#[from] files::Error),
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
        let key = read_private_key(key)?;
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

/// Reads a private key that its owner alone may read or write.
fn read_private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let of_key = |cause| unusable("private key", path, cause);
    let missing = || of_key(pem::Error::Io(io::ErrorKind::NotFound.into()));
    let text = files::read_private(path)?.ok_or_else(missing)?;
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(of_key)
}

fn unusable(what: &'static str, path: &Path, cause: pem::Error) -> Error {
    Error::File { what, path: path.to_owned(), cause }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::hub::certificate;
    use std::os::unix::fs::PermissionsExt;

    #[expect(clippy::disallowed_methods, reason = "a test changes permissions")]
    #[test]
    fn a_private_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let listen = std::net::Ipv4Addr::LOCALHOST.into();
        let keep =
            || certificate::keep(&folder.path().join("hub.db"), "box", listen, jiff::Timestamp::UNIX_EPOCH);
        let made = keep().unwrap();
        assert!(Tls::read(&made.path, &made.key_path).is_ok());

        std::fs::set_permissions(&made.key_path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = Tls::read(&made.path, &made.key_path).err().unwrap();
        assert!(matches!(refused, Error::PrivateKey(files::Error::Exposed { mode: 0o644, .. })), "{refused}");
        assert!(matches!(keep(), Err(files::Error::Exposed { .. })));
    }
}
