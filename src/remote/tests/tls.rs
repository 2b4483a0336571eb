//! Certificates that are unknown, pinned, changed or signed by one's own authority, and the HTTP version that
//! is agreed on under TLS.
#![expect(clippy::disallowed_methods, reason = "writes files of certificates")]

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::*;
use crate::remote::Fingerprint;

/// What every server here answers, whatever it is asked.
const ANSWER: &str = r#"{"memories":[],"total":0,"paths":{"/api/memories":{}}}"#;

/// Serves an empty memory listing over TLS and returns the address.
pub(crate) fn serve(certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> String {
    serve_speaking(&[], certificate, key).0
}

/// The same for a server that offers `protocols` (ALPN). Also returns the HTTP version of each request.
fn serve_speaking(
    protocols: &[&str],
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> (String, Arc<Mutex<Vec<String>>>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    listener.set_nonblocking(true).unwrap();
    let versions = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&versions);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                match stream.get_ref().1.alpn_protocol() {
                    Some(b"h2") => answer_http2(stream, &log).await,
                    _ => answer_http1(stream, &log).await,
                }
            }
        });
    });
    (url, versions)
}

/// Answers the one request of a connection.
async fn answer_http1(mut stream: TlsStream<TcpStream>, log: &Mutex<Vec<String>>) {
    let mut request = [0; 4096];
    let length = stream.read(&mut request).await.unwrap_or(0);
    let request = String::from_utf8_lossy(&request[..length]).into_owned();
    let version = request.lines().next().and_then(|line| line.split(' ').nth(2));
    log.lock().unwrap().push(version.unwrap_or("none").to_owned());
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}", ANSWER.len());
    let _ = stream.write_all(format!("{head}\r\n\r\n{ANSWER}").as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// Answers every request of a connection, until the client hangs up.
async fn answer_http2(stream: TlsStream<TcpStream>, log: &Mutex<Vec<String>>) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        log.lock().unwrap().push(format!("{:?}", request.version()));
        let mut body = respond.send_response(http::Response::new(()), false).unwrap();
        body.send_data(ANSWER.into(), true).unwrap();
    }
}

/// As the service's own guide makes them: self-signed, CA:TRUE. Here also long expired, with another name.
pub(crate) fn self_signed() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["memory.example".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
}

fn snapshot_with(url: &str, trust: Trust) -> Result<Vec<Found>, Error> {
    snapshot(&mut Http::connect(Options { trust, ..options(url) })?)
}

#[test]
fn an_unknown_certificate_is_shown_and_can_be_pinned() {
    let (certificate, key) = self_signed();
    let fingerprint = Fingerprint::of(&certificate);
    let url = serve(certificate, key);
    let error = snapshot_with(&url, Trust::default()).unwrap_err();
    let Error::UntrustedCertificate { address, sha256, .. } = &error else { panic!("{error:?}") };
    assert_eq!((address, sha256), (&url, &fingerprint.to_string()));

    let pinned = Some(sha256.parse().unwrap());
    assert_eq!(snapshot_with(&url, Trust { pinned, ca_file: None }).unwrap(), []);
}

#[test]
fn a_changed_certificate_is_refused_loudly() {
    let (certificate, key) = self_signed();
    let shown = Fingerprint::of(&certificate).to_string();
    let url = serve(certificate, key);
    let before = Fingerprint::of(&self_signed().0);
    let error = snapshot_with(&url, Trust { pinned: Some(before), ca_file: None }).unwrap_err();
    let Error::ChangedCertificate { sha256, pinned, .. } = error else { panic!("{error:?}") };
    assert_eq!((sha256, pinned), (shown, before.to_string()));
}

#[test]
fn a_certificate_of_ones_own_authority_is_accepted_for_its_name_only() {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca_file = Some(folder.path().join("ca.pem"));
    std::fs::write(ca_file.as_ref().unwrap(), authority.pem()).unwrap();
    let trust = Trust { ca_file, pinned: None };
    let serve_as = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        serve(certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    };
    assert_eq!(snapshot_with(&serve_as("localhost"), trust.clone()).unwrap(), []);
    let error = snapshot_with(&serve_as("memory.example"), trust).unwrap_err();
    assert!(matches!(error, Error::UntrustedCertificate { .. }), "{error:?}");
}

#[test]
fn http2_is_spoken_with_a_server_that_offers_it() {
    let offers: [(&[&str], &str); 4] = [
        (&["h2", "http/1.1"], "HTTP/2.0"),
        (&["h2"], "HTTP/2.0"),
        (&["http/1.1"], "HTTP/1.1"),
        (&[], "HTTP/1.1"),
    ];
    for (offered, spoken) in offers {
        let (certificate, key) = self_signed();
        let pinned = Some(Fingerprint::of(&certificate));
        let (url, versions) = serve_speaking(offered, certificate, key);
        assert_eq!(snapshot_with(&url, Trust { pinned, ca_file: None }).unwrap(), []);
        assert_eq!(*versions.lock().unwrap(), [spoken; 2], "{offered:?}");
    }
}

#[test]
fn a_file_without_certificates_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, "no certificate").unwrap();
    let trust = Trust { ca_file: Some(path), pinned: None };
    let Err(Error::Unreachable { cause, .. }) =
        Http::connect(Options { trust, ..options("https://box") }).map(drop)
    else {
        panic!("the file was accepted");
    };
    insta::assert_snapshot!(cause.to_string().replace(folder.path().to_str().unwrap(), "DIR"), @"cannot read the certificates in DIR/ca.pem: there is none in PEM form");
}
