//! A12: what is no permit, case by case, after the standards: RFC 7515 (JWS), 7519 (JWT), 8725 (best practice), 8037 and
//! 8032 (Ed25519). Each is tried on the real address; at the end the real permit still counts.

use crate::{
    app::{FULL, TestApp},
    permits::ANY,
};
use custody::{
    domain::permit::Claims,
    ports::signing::{SigningKey, decode, encode},
    store,
};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

/// The order of the group, little-endian (RFC 8032, 5.1).
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

struct Forger {
    der: Vec<u8>,
    header: Value,
    claims: Value,
    good: String,
}

impl Forger {
    /// Signed with the real key, whatever it says.
    fn signs(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
        let key = EncodingKey::from_ed_der(&self.der);
        let signature = crypto::sign(message.as_bytes(), &key, Algorithm::EdDSA).unwrap();
        format!("{message}.{signature}")
    }

    fn with_header(&self, change: impl Fn(&mut Value)) -> String {
        let mut header = self.header.clone();
        change(&mut header);
        self.signs(&header.to_string(), &self.claims.to_string())
    }

    fn with_claims(&self, change: impl Fn(&mut Value)) -> String {
        let mut claims = self.claims.clone();
        change(&mut claims);
        self.signs(&self.header.to_string(), &claims.to_string())
    }

    /// The text of the claims, bent.
    fn with_text(&self, from: &str, to: &str) -> String {
        let text = self.claims.to_string();
        assert!(text.contains(from), "{from} in {text}");
        self.signs(&self.header.to_string(), &text.replacen(from, to, 1))
    }

    fn by_mac(&self, algorithm: Algorithm, name: &str, secret: &[u8]) -> String {
        let mut header = self.header.clone();
        header["alg"] = json!(name);
        let message =
            format!("{}.{}", encode(header.to_string().as_bytes()), encode(self.claims.to_string().as_bytes()));
        let signature = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(secret), algorithm).unwrap();
        format!("{message}.{signature}")
    }

    fn with_signature(&self, change: impl Fn(&mut Vec<u8>)) -> String {
        let (message, signature) = self.good.rsplit_once('.').unwrap();
        let mut bytes = decode(signature).unwrap();
        change(&mut bytes);
        format!("{message}.{}", encode(&bytes))
    }
}

/// S + L: the same signature to whoever does not check its range.
fn malleable(signature: &mut [u8]) {
    let mut carry = 0u16;
    for (byte, l) in signature[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(l) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
}

async fn forger(test: &TestApp, d: &Value) -> Forger {
    let keys = store::keys::list(&test.app.db.read).await.unwrap();
    let kept = store::keys::find_private(&test.app.db.read, &keys[0].kid).await.unwrap().unwrap();
    let der = (0..kept.len()).step_by(2).map(|i| u8::from_str_radix(&kept[i..i + 2], 16).unwrap()).collect();
    let good = d["permit"].as_str().unwrap().to_owned();
    let part = |i: usize| serde_json::from_slice(&decode(good.split('.').nth(i).unwrap()).unwrap()).unwrap();
    Forger { der, header: part(0), claims: part(1), good }
}

/// What is wrong, the text, and a word of the reason.
fn table(f: &Forger, now: i64) -> Vec<(&'static str, String, &'static str)> {
    let stranger = SigningKey::generate().unwrap();
    let public = decode(&SigningKey::read(&f.der.iter().map(|b| format!("{b:02x}")).collect::<String>()).unwrap().x);
    let public = public.unwrap();
    let claims: Claims = serde_json::from_value(f.claims.clone()).unwrap();
    let (head, rest) = f.good.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let none = f.with_header(|h| h["alg"] = json!("none"));
    let none_bare = format!("{}.", none.rsplit_once('.').unwrap().0);
    let by_stranger = stranger.sign(&claims).unwrap();
    let (stranger_message, _) = by_stranger.rsplit_once('.').unwrap();
    let of_stranger = format!("{head}.{}", by_stranger.split_once('.').unwrap().1);
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": stranger.x });
    let header = |key: &'static str, value: Value| f.with_header(move |h| h[key] = value.clone());
    let claim = |key: &'static str, value: Value| f.with_claims(move |c| c[key] = value.clone());
    let without = |key: &'static str| f.with_claims(move |c| _ = c.as_object_mut().unwrap().remove(key));
    let twice = |key: &str, value: &str| f.with_text(&format!("\"{key}\":"), &format!("\"{key}\":{value},\"{key}\":"));
    vec![
        // RFC 7519, 6; RFC 8725, 3.1: algorithms.
        ("alg none", none_bare, "three parts"),
        ("alg none, signed", none, "EdDSA alone"),
        ("alg None", f.with_header(|h| h["alg"] = json!("nOnE")), "EdDSA alone"),
        ("alg Ed25519", header("alg", json!("Ed25519")), "EdDSA alone"),
        ("alg in a list", header("alg", json!(["EdDSA"])), "header"),
        ("no alg", f.with_header(|h| _ = h.as_object_mut().unwrap().remove("alg")), "header"),
        ("HS256 with the public key", f.by_mac(Algorithm::HS256, "HS256", &public), "64 bytes"),
        ("HS512 with the public key", f.by_mac(Algorithm::HS512, "HS512", &public), "EdDSA alone"),
        ("HS512 called EdDSA", f.by_mac(Algorithm::HS512, "EdDSA", &public), "signature is wrong"),
        // RFC 8725, 3.11: kinds.
        ("typ JWT", header("typ", json!("JWT")), "of type"),
        ("typ at+jwt", header("typ", json!("at+jwt")), "of type"),
        ("typ in capitals", header("typ", json!("CUSTODY-PERMIT+JWT")), "of type"),
        ("typ as a media type", header("typ", json!("application/custody-permit+jwt")), "of type"),
        ("no typ", f.with_header(|h| _ = h.as_object_mut().unwrap().remove("typ")), "header"),
        // RFC 7515, 4.1; RFC 8725, 3.10: keys in headers, and what has to be understood.
        ("jwk", header("jwk", jwk.clone()), "header"),
        ("jku", header("jku", json!("https://evil.example.org/jwks.json")), "header"),
        ("x5u", header("x5u", json!("https://evil.example.org/x5u")), "header"),
        ("x5c", header("x5c", json!(["MIIB"])), "header"),
        ("crit", header("crit", json!(["exp"])), "header"),
        ("b64", header("b64", json!(false)), "header"),
        ("zip", header("zip", json!("DEF")), "header"),
        ("kid of nobody", header("kid", json!("nobody")), "those that count"),
        ("kid as a path", header("kid", json!("../../../../dev/null")), "those that count"),
        ("kid as a statement", header("kid", json!("x' OR '1'='1")), "those that count"),
        ("kid empty", header("kid", json!("")), "those that count"),
        ("kid a number", header("kid", json!(1)), "header"),
        ("no kid", f.with_header(|h| _ = h.as_object_mut().unwrap().remove("kid")), "header"),
        ("alg twice", f.signs(&f.header.to_string().replacen('{', "{\"alg\":\"none\",", 1), body), "header"),
        ("header no object", f.signs("[]", &f.claims.to_string()), "header"),
        ("header no JSON", f.signs("typ", &f.claims.to_string()), "header"),
        // Signatures: RFC 8032, 5.1.7.
        ("a stranger's key", by_stranger.clone(), "those that count"),
        ("a stranger's key under our kid", of_stranger, "signature is wrong"),
        ("a stranger's header", format!("{stranger_message}.{signature}"), "those that count"),
        ("one bit of R", f.with_signature(|s| s[0] ^= 1), "signature is wrong"),
        ("one bit of S", f.with_signature(|s| s[40] ^= 1), "signature is wrong"),
        ("S + L", f.with_signature(|s| malleable(s)), "signature is wrong"),
        ("S all ones", f.with_signature(|s| s[32..].fill(0xff)), "signature is wrong"),
        ("all zero", f.with_signature(|s| s.fill(0)), "signature is wrong"),
        ("R of small order", f.with_signature(|s| (s.fill(0), s[0] = 1).1), "signature is wrong"),
        ("63 bytes", f.with_signature(|s| _ = s.pop()), "64 bytes"),
        ("65 bytes", f.with_signature(|s| s.push(0)), "64 bytes"),
        (
            "the claims of another",
            format!("{head}.{}.{signature}", encode(f.claims.to_string().replace(FULL, "x").as_bytes())),
            "signature is wrong",
        ),
        // The compact form: RFC 7515, 7.1; RFC 4648, 3.5.
        ("empty", String::new(), "three parts"),
        ("two parts", format!("{head}.{body}"), "three parts"),
        ("four parts", format!("{}.x", f.good), "three parts"),
        ("five parts", format!("{head}.{body}.{signature}.{body}.{signature}"), "three parts"),
        ("padded", format!("{}==", f.good), "base64url"),
        ("plain base64", f.good.replacen(head, &format!("{head}+"), 1), "base64url"),
        ("bits left over", format!("{}{}", &f.good[..f.good.len() - 1], next_letter(&f.good)), "base64url"),
        ("a space before", format!(" {}", f.good), "base64url"),
        ("a line end", format!("{}\n", f.good), "base64url"),
        ("a line end within", f.good.replacen('.', ".\n", 1), "base64url"),
        ("NUL", format!("{}\0", f.good), "base64url"),
        ("the JSON form", json!({ "payload": body, "protected": head, "signature": signature }).to_string(), ""),
        ("endless", "a".repeat(5000), "longer"),
        // Claims: RFC 7519, 4 and 7.2.
        ("claims no object", f.signs(&f.header.to_string(), "[]"), "what it says"),
        ("claims no JSON", f.signs(&f.header.to_string(), "exp"), "what it says"),
        ("more after the claims", f.signs(&f.header.to_string(), &format!("{} {{}}", f.claims)), "what it says"),
        ("exp as text", claim("exp", json!((now + 60).to_string())), "what it says"),
        ("exp with a fraction", claim("exp", json!(now as f64 + 60.5)), "what it says"),
        ("exp null", claim("exp", Value::Null), "what it says"),
        ("exp true", claim("exp", json!(true)), "what it says"),
        ("exp in a list", claim("exp", json!([now + 60])), "what it says"),
        ("exp 1e99", f.with_text(&format!("\"exp\":{}", claims.exp), "\"exp\":1e99"), "what it says"),
        ("exp beyond all numbers", claim("exp", json!(u64::MAX)), "what it says"),
        ("exp at the end of time", claim("exp", json!(i64::MAX)), "times"),
        ("exp in milliseconds", claim("exp", json!(claims.exp * 1000)), "times"),
        ("exp negative", claim("exp", json!(-1)), "times"),
        ("no exp", without("exp"), "what it says"),
        ("no nbf", without("nbf"), "what it says"),
        ("no iat", without("iat"), "what it says"),
        ("no aud", without("aud"), "what it says"),
        ("no jti", without("jti"), "what it says"),
        ("no iss", without("iss"), "what it says"),
        ("a day long", claim("exp", json!(claims.iat + 86_400)), "none counts for more"),
        ("nbf long ago", claim("nbf", json!(claims.iat - 86_400)), "none counts for more"),
        (
            "begins later",
            f.with_claims(|c| (c["iat"], c["nbf"], c["exp"]) = (json!(now + 60), json!(now + 60), json!(now + 90))),
            "yet",
        ),
        (
            "ended",
            f.with_claims(|c| (c["iat"], c["nbf"], c["exp"]) = (json!(now - 90), json!(now - 90), json!(now))),
            "expired",
        ),
        ("exp twice", twice("exp", "1"), "what it says"),
        ("aud twice", twice("aud", "\"cppServer/other\""), "what it says"),
        ("jti twice", twice("jti", "\"x\""), "what it says"),
        ("jti twice, once in disguise", f.with_text("\"jti\":", "\"jt\\u0069\":\"x\",\"jti\":"), "what it says"),
        ("a claim too many", claim("admin", json!(true)), "what it says"),
        ("audiences", claim("aud", json!([FULL, "x"])), "what it says"),
        ("another server", claim("aud", json!("cppServer/ctrl_scs_02")), "not for"),
        ("the server in capitals", claim("aud", json!(FULL.to_uppercase())), "not for"),
        ("another device", claim("sub", json!("camera")), "not for"),
        ("another tag", claim("tag", json!("1.0.1")), "not for"),
        ("another issuer", claim("iss", json!("https://evil.example.org")), "not of"),
        ("another permit's id", claim("jti", json!("x")), "another deployment"),
        ("jti empty", claim("jti", json!("")), "empty"),
        ("another deployment's", claim("deployment", json!(uuid::Uuid::nil())), "another deployment"),
    ]
}

/// The letter after the last one: the same 64 bytes to whoever ignores the bits left over.
fn next_letter(permit: &str) -> char {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = LETTERS.find(permit.chars().last().unwrap()).unwrap();
    LETTERS.chars().nth(at + 1).unwrap()
}

/// A12: forgeries of every kind, and secrets of other kinds, are refused where the work would begin, each with its reason.
#[tokio::test]
async fn a12_what_is_no_permit_is_refused() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    let token = test.deploy_token("lena", ANY).await;
    let d = test.allowed(&token, "1.0.0", FULL).await;
    let f = forger(&test, &d).await;
    let again = f.signs(&f.header.to_string(), &f.claims.to_string());
    assert_eq!(again.matches('.').count(), 2);
    // Secrets of other kinds: a token, a session, the id of the permit itself.
    let mut all = table(&f, test.app.clock.now().timestamp());
    let session = custody::service::sessions::open(&test.app, test.person("lena"), "x", "x").await.unwrap().unwrap();
    all.extend([
        ("a token of ours", token.clone(), "three parts"),
        ("a session", session, "three parts"),
        ("its own id", d["permit_id"].as_str().unwrap().to_owned(), "three parts"),
    ]);
    assert!(all.len() > 90);
    for (what, permit, word) in all {
        // A hundred tries at once are more than the door lets through.
        let (status, answer) = loop {
            let tried = test.reports(&d, &token, json!({ "what": "started", "permit": permit })).await;
            match tried.0 {
                429 => tokio::time::sleep(std::time::Duration::from_millis(200)).await,
                _ => break tried,
            }
        };
        // At the door already.
        if what == "NUL" {
            assert_eq!((status, answer["code"].as_str()), (422, Some("nul")), "{answer}");
            continue;
        }
        assert_eq!((status, answer["code"].as_str()), (409, Some("permit_refused")), "{what}: {answer}");
        assert!(answer["detail"].as_str().unwrap().contains(word), "{what}: {answer}");
    }
    assert_eq!(test.sends("", &f.good, &json!({})).await.0, 401, "a permit opens no door");
    let (status, answer) = test.begins(&d, &token).await;
    assert_eq!(status, 200, "the real one counts: {answer}");
}
