//! The hub's own certificate: self-signed, made once, kept beside the database.
//!
//! A device trusts exactly one certificate by its SHA-256, so that the one made first is the one that stays. It is no
//! authority: rustls, and with it memsync, refuses a server that shows a certificate with CA:TRUE.
//!
//! Guarantees: the private key is readable by its owner alone; a run that died between key and certificate is finished
//! by the next.
//!
//! Must never: replace a certificate or a key that is there, take a key that others could read, or show one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::files::{self, Error};

/// How long a certificate holds: as long as Apple's systems accept a server's (825 days at most, "Requirements for
/// trusted certificates in iOS 13 and macOS 10.15"). A device that trusts it by its SHA-256 does not look at dates.
const DAYS: i64 = 824;

/// The certificate in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The certificate, in PEM form.
    pub path: PathBuf,
    /// Its private key, in PEM form.
    pub key_path: PathBuf,
    /// The SHA-256 of its DER form as 64 hexadecimal digits: what `memsync remote trust` takes.
    pub sha256: String,
    /// Whether it was made just now.
    pub is_new: bool,
}

/// Reads the certificate of the hub with this database, or makes one that holds from the day of `now` on, for this
/// machine as it calls itself and is called by others: `localhost`, the loopback addresses, `host` with and without
/// `.local`, and the address at which it listens.
pub fn keep(database: &Path, host: &str, listen: IpAddr, now: Timestamp) -> Result<Certificate, Error> {
    let path = files::beside(database, "memsync-hub.crt");
    let key_path = files::beside(database, "memsync-hub.key");
    let is_new = match (files::read(&path)?, files::read_private(&key_path)?) {
        (Some(_), Some(_)) => false,
        (Some(_), None) => return Err(Error::NoPrivateKey { certificate: path, key: key_path }),
        (None, _) => {
            let key = keep_private_key(&key_path)?;
            files::create(&path, &parameters(host, listen, now)?.self_signed(&key)?.pem())?
        }
    };
    let sha256 = fingerprint(&path)?;
    Ok(Certificate { path, key_path, sha256, is_new })
}

/// Reads the private key, or makes one.
fn keep_private_key(path: &Path) -> Result<KeyPair, Error> {
    files::create(path, &KeyPair::generate()?.serialize_pem())?;
    let malformed = || Error::Malformed { path: path.to_owned(), expected: "private key in PEM form" };
    let text = files::read_private(path)?.ok_or_else(malformed)?;
    KeyPair::from_pem(&text).map_err(|_| malformed())
}

fn fingerprint(path: &Path) -> Result<String, Error> {
    let malformed = || Error::Malformed { path: path.to_owned(), expected: "certificate in PEM form" };
    let text = files::read(path)?.ok_or_else(malformed)?;
    let certificate = CertificateDer::from_pem_slice(text.as_bytes()).map_err(|_| malformed())?;
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha256);
    hasher.update(&certificate);
    let sha256 = hasher.try_finalize().expect("only SHA-1 can fail, when it detects a collision attack");
    Ok(sha256.to_string())
}

/// What a certificate says.
fn parameters(host: &str, listen: IpAddr, now: Timestamp) -> Result<CertificateParams, Error> {
    let mut parameters = CertificateParams::new(names(host, listen))?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, "memsync hub");
    parameters.distinguished_name = subject;
    parameters.is_ca = IsCa::ExplicitNoCa;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // A day early, for devices whose clocks are behind.
    let first = now.to_zoned(TimeZone::UTC).date().saturating_sub(1.day());
    let day =
        |date: jiff::civil::Date| date_time_ymd(date.year().into(), number(date.month()), number(date.day()));
    parameters.not_before = day(first);
    parameters.not_after = day(first.saturating_add(DAYS.days()));
    Ok(parameters)
}

fn number(part: i8) -> u8 {
    part.try_into().expect("months and days count from 1")
}

/// The names for which the certificate holds, each once.
fn names(host: &str, listen: IpAddr) -> Vec<String> {
    let short = host.split('.').next().unwrap_or_default();
    let of_host = [host.to_owned(), short.to_owned(), format!("{short}.local")];
    let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let addresses = loopback.into_iter().chain(Some(listen).filter(|address| !address.is_unspecified()));
    let mut names = vec!["localhost".to_owned()];
    for name in of_host.into_iter().filter(|name| is_host_name(name)).chain(addresses.map(|a| a.to_string()))
    {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whether DNS could know it: what a system calls itself may be any text.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::{ServerName, UnixTime};

    const LISTEN: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 5));

    fn now() -> Timestamp {
        "2025-01-31T12:00:00Z".parse().unwrap()
    }

    fn keep_in(folder: &Path) -> Result<Certificate, Error> {
        keep(&folder.join("memories.db"), "box", LISTEN, now())
    }

    /// What a client says to `name` that trusts this certificate alone, `days` after it was made.
    fn verified(certificate: &Certificate, name: &str, days: u64) -> Result<(), String> {
        let text = files::read(&certificate.path).unwrap().unwrap();
        let der = CertificateDer::from_pem_slice(text.as_bytes()).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let moment = UnixTime::since_unix_epoch(
            Duration::from_secs(now().as_second().unsigned_abs()) + Duration::from_hours(24 * days),
        );
        let name = ServerName::try_from(name).unwrap();
        let result = verifier.verify_server_cert(&der, &[], &name, &[], moment);
        result.map(drop).map_err(|error| error.to_string().split(':').next().unwrap_or_default().to_owned())
    }

    #[test]
    fn it_holds_for_every_name_of_this_machine_until_apple_would_refuse_it() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = keep_in(folder.path()).unwrap();
        for name in ["localhost", "127.0.0.1", "::1", "box", "box.local", "192.168.1.5"] {
            assert_eq!(verified(&certificate, name, 0), Ok(()), "{name}");
            assert_eq!(verified(&certificate, name, 822), Ok(()), "{name}");
        }
        assert!(verified(&certificate, "elsewhere.local", 0).is_err());
        assert!(verified(&certificate, "localhost", 824).is_err());
    }

    #[test]
    fn the_names_are_those_that_dns_could_know() {
        let unspecified = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let shown = |host| names(host, unspecified).join(" ");
        assert_eq!(shown("box"), "localhost box box.local 127.0.0.1 ::1");
        assert_eq!(shown("box.lan"), "localhost box.lan box box.local 127.0.0.1 ::1");
        assert_eq!(shown("box.local"), "localhost box.local box 127.0.0.1 ::1");
        assert_eq!(shown("Ada's box"), "localhost 127.0.0.1 ::1");
        assert_eq!(shown(""), "localhost 127.0.0.1 ::1");
    }

    #[test]
    fn the_one_that_was_made_first_stays() {
        let folder = tempfile::tempdir().unwrap();
        let first = keep_in(folder.path()).unwrap();
        assert!(first.is_new);
        let again = keep(&folder.path().join("memories.db"), "other", LISTEN, now()).unwrap();
        assert_eq!(again, Certificate { is_new: false, ..first });
    }

    #[expect(clippy::disallowed_methods, reason = "a test takes files away")]
    #[test]
    fn a_certificate_that_is_missing_is_made_but_a_missing_key_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let first = keep_in(folder.path()).unwrap();
        let key = files::read(&first.key_path).unwrap();
        std::fs::remove_file(&first.path).unwrap();
        let finished = keep_in(folder.path()).unwrap();
        assert!(finished.is_new);
        assert_eq!(files::read(&first.key_path).unwrap(), key);

        std::fs::remove_file(&first.key_path).unwrap();
        assert!(matches!(keep_in(folder.path()), Err(Error::NoPrivateKey { .. })));
        files::create(&first.key_path, "no key").unwrap();
        std::fs::remove_file(&first.path).unwrap();
        let error = keep_in(folder.path()).unwrap_err().to_string();
        assert_eq!(error.rsplit('/').next().unwrap(), "memsync-hub.key holds no private key in PEM form");
    }
}
