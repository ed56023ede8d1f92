use super::*;

/// RFC 7638 and RFC 8037, appendix A: the key, its public half and its thumbprint as printed there.
#[test]
fn the_standards_own_example() {
    let private = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let kept: String = PKCS8.iter().map(|b| format!("{b:02x}")).collect::<String>() + private;
    let key = SigningKey::read(&kept).unwrap();
    assert_eq!(key.x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(key.kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert_eq!(key.kept(), kept);
    let signed = crypto::sign(
        b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        &EncodingKey::from_ed_der(&key.der),
        Algorithm::EdDSA,
    );
    let printed = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(signed.unwrap(), printed);
}

/// A13: what a key shows of itself is public.
#[test]
fn a13_a_key_keeps_its_secret() {
    let key = SigningKey::generate().unwrap();
    let shown = format!("{key:?}");
    assert!(shown.contains(&key.kid) && !shown.contains(&key.kept()[32..]), "{shown}");
    assert_ne!(key.kid, SigningKey::generate().unwrap().kid);
    for bad in ["", "00", "zz", "é", &key.kept()[2..], &format!("{}00", key.kept())] {
        assert!(SigningKey::read(bad).is_err(), "{bad}");
    }
}

/// A12: keys that are not what they say, or with which anybody signs, are not taken.
#[test]
fn a12_published_keys_are_what_they_say() {
    let key = SigningKey::generate().unwrap();
    let good = PublicKey::new(&key.kid, &key.x);
    let refused = |change: fn(&mut PublicKey)| {
        let mut bad = good.clone();
        change(&mut bad);
        Verifier::new(&KeySet { keys: vec![bad] }).unwrap_err()
    };
    Verifier::new(&KeySet { keys: vec![good.clone()] }).unwrap();
    assert!(matches!(refused(|k| k.kty = "RSA".into()), BadKeys::OtherKind(_)));
    assert!(matches!(refused(|k| k.crv = "X25519".into()), BadKeys::OtherKind(_)));
    assert!(matches!(refused(|k| k.alg = "HS256".into()), BadKeys::OtherKind(_)));
    assert!(matches!(refused(|k| k.kid = "mine".into()), BadKeys::OtherId(_)));
    assert!(matches!(refused(|k| k.x.push('=')), BadKeys::OtherKind(_)));
    for mut point in SMALL_ORDER {
        for sign in [0, 0x80] {
            point[31] |= sign;
            let x = compact::encode(&point);
            let kid = compact::encode(&Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)));
            let set = KeySet { keys: vec![PublicKey::new(&kid, &x)] };
            assert_eq!(Verifier::new(&set).unwrap_err(), BadKeys::SmallOrder(kid));
        }
    }
    assert!(matches!(Verifier::parse("{"), Err(BadKeys::NotJson(_))));
}

/// RFC 4648, 10: the vectors; and no second spelling.
#[test]
fn base64url_has_one_spelling() {
    for (bytes, text) in
        [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE")]
    {
        assert_eq!(compact::encode(bytes.as_bytes()), text);
        assert_eq!(compact::decode(text).unwrap(), bytes.as_bytes());
    }
    assert_eq!(compact::encode(&[0xfb, 0xff]), "-_8");
    for other in ["Zh", "Zg==", "Zm9", "Z", "+/8", " Zg", "Zg\n", "Zm8é"] {
        assert_eq!(compact::decode(other), None, "{other:?}");
    }
}
