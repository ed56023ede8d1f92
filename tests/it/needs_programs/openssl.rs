//! Keys and certificates, as openssl makes them.

use std::{path::Path, process::Command};

/// An authority of a facility's own: its key and its certificate.
pub fn authority(key: &Path, certificate: &Path) {
    made("facility", &["basicConstraints=critical,CA:TRUE"], None, key, certificate);
}

/// A server's certificate, signed by an authority, else by its own key.
pub fn certificate(host: &str, by: Option<(&Path, &Path)>, key: &Path, certificate: &Path) {
    let name = format!("subjectAltName=DNS:{host}");
    made(host, &[&name, "basicConstraints=critical,CA:FALSE"], by, key, certificate);
}

fn made(subject: &str, extensions: &[&str], by: Option<(&Path, &Path)>, key: &Path, certificate: &Path) {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", &format!("/CN={subject}")]);
    for extension in extensions {
        openssl.args(["-addext", extension]);
    }
    if let Some((key, certificate)) = by {
        openssl.arg("-CAkey").arg(key).arg("-CA").arg(certificate);
    }
    let made = openssl.arg("-keyout").arg(key).arg("-out").arg(certificate).output();
    let made = made.expect("openssl starts: install openssl, as tests/run does");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
