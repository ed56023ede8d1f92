//! Signatures of permits, and of checkpoints of the journal: Ed25519 by jsonwebtoken. Algorithm, kind and key are what we say, never what a header says.
//! Sources: RFC 7515 (JWS), 7517 and 7638 (keys and their thumbprints), 8037 (EdDSA), 8725 (best practice).

mod compact;

use crate::domain::permit::{Claims, TYPE};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, crypto,
    jwk::{AlgorithmParameters, Jwk, ThumbprintHash},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt};

pub use compact::{Malformed, decode, encode};

/// A private key in PKCS#8, version 1, before its 32 bytes (RFC 8410, 7).
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A key that signs. It shows its public half only.
pub struct SigningKey {
    der: Vec<u8>,
    pub kid: String,
    /// The public key, as its JWK has it.
    pub x: String,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// What is kept as a key is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no Ed25519 key")]
pub struct NoKey;

impl SigningKey {
    /// A new one, of 366 random bits.
    pub fn generate() -> Result<Self, NoKey> {
        let mut random = Sha256::new();
        for _ in 0..3 {
            random.update(uuid::Uuid::new_v4().as_bytes());
        }
        Self::from_der([PKCS8.as_slice(), &random.finalize()].concat())
    }

    /// The key kept as [`SigningKey::kept`].
    pub fn read(kept: &str) -> Result<Self, NoKey> {
        let byte = |i: usize| kept.get(i..i + 2).and_then(|h| u8::from_str_radix(h, 16).ok());
        let der: Option<Vec<u8>> = (0..kept.len()).step_by(2).map(byte).collect();
        Self::from_der(der.ok_or(NoKey)?)
    }

    fn from_der(der: Vec<u8>) -> Result<Self, NoKey> {
        if der.len() != 48 || !der.starts_with(&PKCS8) {
            return Err(NoKey);
        }
        let jwk = Jwk::from_encoding_key(&EncodingKey::from_ed_der(&der), Algorithm::EdDSA).map_err(|_| NoKey)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| NoKey)?;
        let AlgorithmParameters::OctetKeyPair(pair) = jwk.algorithm else {
            return Err(NoKey);
        };
        Ok(Self { der, kid, x: pair.x })
    }

    /// PKCS#8 in hexadecimal: for the database alone.
    pub fn kept(&self) -> String {
        self.der.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// The permit. The same claims give the same text.
    pub fn sign(&self, claims: &Claims) -> Result<String, NoKey> {
        self.sign_as(TYPE, claims)
    }

    /// Any statement, under the kind that nobody takes for another (RFC 8725, 3.11).
    pub fn sign_as<T: Serialize>(&self, typ: &'static str, claims: &T) -> Result<String, NoKey> {
        let header = Header { typ: typ.to_owned(), alg: "EdDSA".to_owned(), kid: self.kid.clone() };
        let part = |json: serde_json::Result<Vec<u8>>| json.map(|j| compact::encode(&j)).map_err(|_| NoKey);
        let message = format!("{}.{}", part(serde_json::to_vec(&header))?, part(serde_json::to_vec(claims))?);
        let key = EncodingKey::from_ed_der(&self.der);
        let signature = crypto::sign(message.as_bytes(), &key, Algorithm::EdDSA).map_err(|_| NoKey)?;
        Ok(format!("{message}.{signature}"))
    }
}

/// All that a permit's header may have, and has to have.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    typ: String,
    alg: String,
    kid: String,
}

/// A public key as it is published (RFC 7517, 8037).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    pub kty: String,
    pub crv: String,
    pub x: String,
    pub kid: String,
    #[serde(rename = "use")]
    pub usage: String,
    pub alg: String,
}

impl PublicKey {
    pub fn new(kid: &str, x: &str) -> Self {
        let text = |t: &str| t.to_owned();
        Self {
            kty: text("OKP"),
            crv: text("Ed25519"),
            x: text(x),
            kid: text(kid),
            usage: text("sig"),
            alg: text("EdDSA"),
        }
    }
}

/// The published keys: what `/.well-known/jwks.json` holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySet {
    pub keys: Vec<PublicKey>,
}

/// Why keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    #[error("these are no keys: {0}")]
    NotJson(String),
    #[error("the key {0} is not for Ed25519 signatures")]
    OtherKind(String),
    #[error("the key {0} is not the one that its id says")]
    OtherId(String),
    #[error("the key {0} is of small order: anybody could sign with it")]
    SmallOrder(String),
}

/// Why a text is no statement of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("its header cannot be read: {0}")]
    Header(String),
    #[error("it is of type “{0}”, not {1}")]
    Type(String, &'static str),
    #[error("it is signed by “{0}”, and EdDSA alone counts")]
    Algorithm(String),
    #[error("its key {0} is not one of those that count")]
    UnknownKey(String),
    #[error("its signature is wrong")]
    Signature,
    #[error("what it says cannot be read: {0}")]
    Claims(String),
}

/// Points of small order in every spelling, little-endian, the sign's bit cleared (RFC 8032, 5.1.7; RFC 8037, 5).
const SMALL_ORDER: [[u8; 32]; 7] = {
    let (p, mut all) = (0xffu8, [[0u8; 32]; 7]);
    all[1][0] = 1;
    all[2] = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ];
    all[3] = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ];
    let mut i = 0;
    while i < 32 {
        (all[4][i], all[5][i], all[6][i]) = (p, p, p);
        i += 1;
    }
    // p - 1, p, p + 1 with p = 2^255 - 19.
    (all[4][0], all[5][0], all[6][0]) = (0xec, 0xed, 0xee);
    (all[4][31], all[5][31], all[6][31]) = (0x7f, 0x7f, 0x7f);
    all
};

/// The keys that count, by their ids.
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    keys: BTreeMap<String, DecodingKey>,
}

impl Verifier {
    /// Takes the keys of a set: each has to be what it says.
    pub fn new(set: &KeySet) -> Result<Self, BadKeys> {
        let mut keys = BTreeMap::new();
        for key in &set.keys {
            let kid = key.kid.clone();
            if key.kty != "OKP" || key.crv != "Ed25519" || key.alg != "EdDSA" || key.usage != "sig" {
                return Err(BadKeys::OtherKind(kid));
            }
            let Some(bytes) = compact::decode(&key.x).filter(|b| b.len() == 32) else {
                return Err(BadKeys::OtherKind(kid));
            };
            let mut plain = bytes;
            plain[31] &= 0x7f;
            if SMALL_ORDER.iter().any(|s| s.as_slice() == plain) {
                return Err(BadKeys::SmallOrder(kid));
            }
            let print = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, key.x));
            if compact::encode(&print) != kid {
                return Err(BadKeys::OtherId(kid));
            }
            let decoding = DecodingKey::from_ed_components(&key.x).map_err(|_| BadKeys::OtherKind(kid.clone()))?;
            keys.insert(kid, decoding);
        }
        Ok(Self { keys })
    }

    /// Reads a published set.
    pub fn parse(jwks: &str) -> Result<Self, BadKeys> {
        Self::new(&serde_json::from_str(jwks).map_err(|e| BadKeys::NotJson(e.to_string()))?)
    }

    /// What a permit says, once its form and its signature are right. Whether it permits anything is not judged here.
    pub fn read(&self, permit: &str) -> Result<Claims, NotOurs> {
        self.read_as(TYPE, permit)
    }

    /// The same of any statement, of this kind alone.
    pub fn read_as<T: DeserializeOwned>(&self, typ: &'static str, signed: &str) -> Result<T, NotOurs> {
        let parts = compact::Parts::split(signed)?;
        let header: Header =
            serde_json::from_slice(&parts.header).map_err(|e| NotOurs::Header(short(&e.to_string())))?;
        if header.typ != typ {
            return Err(NotOurs::Type(short(&header.typ), typ));
        }
        if header.alg != "EdDSA" {
            return Err(NotOurs::Algorithm(short(&header.alg)));
        }
        let key = self.keys.get(&header.kid).ok_or_else(|| NotOurs::UnknownKey(short(&header.kid)))?;
        let good = crypto::verify(parts.signature, parts.message.as_bytes(), key, Algorithm::EdDSA);
        if !good.unwrap_or(false) {
            return Err(NotOurs::Signature);
        }
        serde_json::from_slice(&parts.claims).map_err(|e| NotOurs::Claims(short(&e.to_string())))
    }
}

/// Somebody else's text, fit for a sentence of ours.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests;
