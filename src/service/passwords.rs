//! Passwords: Argon2id, off the async threads, a few at once (E1).

use super::{Error, Result};
use crate::app::App;
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::LazyLock;

/// OWASP's minimum for Argon2id: 19 MiB, two passes, one lane.
fn argon() -> Argon2<'static> {
    let params = Params::new(19 * 1024, 2, 1, None).expect("these parameters are within the algorithm's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// What an unknown account's password is compared with, so that the answer takes as long (A34).
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    argon().hash_password(b"nobody has this password").expect("hashing needs nothing from outside").to_string()
});

/// The shortest password that is taken, in characters.
pub const SHORTEST: usize = 12;
/// The longest, in characters: more would only cost time.
pub const LONGEST: usize = 256;

pub async fn hash(app: &App, password: String) -> Result<String> {
    let _slot = app.hashing.acquire().await.map_err(|e| Error::Internal(Box::new(e)))?;
    let hashed = tokio::task::spawn_blocking(move || argon().hash_password(password.as_bytes()).map(|h| h.to_string()));
    hashed.await?.map_err(|e| Error::Internal(e.to_string().into()))
}

/// Whether the password is the account's. Takes as long where there is no account.
pub async fn verify(app: &App, password: String, hash: Option<String>) -> Result<bool> {
    let _slot = app.hashing.acquire().await.map_err(|e| Error::Internal(Box::new(e)))?;
    let matches = tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let same = PasswordHash::new(&hash).is_ok_and(|h| argon().verify_password(password.as_bytes(), &h).is_ok());
        known && same
    });
    Ok(matches.await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A34: what stands in for an account that there is not costs as much as an account.
    #[test]
    fn a34_nobody_costs_as_much_as_somebody() {
        let somebody = argon().hash_password(b"four words nobody says").unwrap().to_string();
        let costs = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(costs(&NOBODY), costs(&somebody));
        assert_eq!(costs(&somebody)[1..], ["argon2id", "v=19", "m=19456,t=2,p=1"]);
    }
}
