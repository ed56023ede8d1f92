//! The compact form (RFC 7515, 7.1), read strictly: three parts in canonical base64url (RFC 4648, 5, without padding),
//! so that no two texts are the same permit.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A permit is some 900 bytes; nobody needs one of more.
const MOST: usize = 4096;

/// Why a text has not the form of a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("it is longer than {MOST} characters")]
    TooLong,
    #[error("it has not three parts between two points")]
    Parts,
    #[error("its letters are not plain base64url without padding")]
    Letters,
    #[error("its signature has not 64 bytes")]
    Signature,
}

/// The parts of a permit.
#[derive(Debug)]
pub struct Parts<'a> {
    /// What is signed: header and claims as they came.
    pub message: &'a str,
    pub header: Vec<u8>,
    pub claims: Vec<u8>,
    /// As it came; its form is right.
    pub signature: &'a str,
}

impl<'a> Parts<'a> {
    pub fn split(permit: &'a str) -> Result<Self, Malformed> {
        if permit.len() > MOST {
            return Err(Malformed::TooLong);
        }
        let parts: Vec<&str> = permit.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            return Err(Malformed::Parts);
        };
        if parts.iter().any(|p| p.is_empty()) {
            return Err(Malformed::Parts);
        }
        let read = |part| decode(part).ok_or(Malformed::Letters);
        let (header_bytes, claims_bytes) = (read(header)?, read(claims)?);
        if read(signature)?.len() != 64 {
            return Err(Malformed::Signature);
        }
        let message = &permit[..header.len() + 1 + claims.len()];
        Ok(Self { message, header: header_bytes, claims: claims_bytes, signature })
    }
}

pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |b, byte| b << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for i in 0..=chunk.len() {
            text.push(char::from(LETTERS[(bits >> (18 - 6 * i)) as usize & 63]));
        }
    }
    text
}

/// `None` for any spelling but the one that [`encode`] gives.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.as_bytes().chunks(4) {
        let mut bits = 0u32;
        for letter in chunk {
            bits = bits << 6 | LETTERS.iter().position(|l| l == letter)? as u32;
        }
        bits <<= 6 * (4 - chunk.len());
        bytes.extend_from_slice(&bits.to_be_bytes()[1..chunk.len()]);
    }
    (encode(&bytes) == text).then_some(bytes)
}
