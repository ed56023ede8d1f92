//! Secrets that Custody hands out: random, shown once, kept as their SHA-256.

use sha2::{Digest, Sha256};

/// A new secret of 244 random bits, in hexadecimal.
pub fn new() -> String {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

/// What is kept of it.
pub fn hash(secret: &str) -> String {
    format!("{:x}", Sha256::digest(secret))
}
