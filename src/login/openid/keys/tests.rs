use super::*;
use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair},
};
use serde_json::json;
use std::sync::LazyLock;

/// A key pair that signs.
enum Signer {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn rsa(size: KeySize, padding: &'static dyn RsaEncoding) -> Signer {
    Signer::Rsa(RsaKeyPair::generate(size).unwrap(), padding)
}

fn ec(algorithm: &'static EcdsaSigningAlgorithm) -> Signer {
    Signer::Ec(EcdsaKeyPair::generate(algorithm).unwrap())
}

impl Signer {
    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair, padding) => {
                let mut told = vec![0; pair.public_modulus_len()];
                pair.sign(*padding, &random, bytes, &mut told).unwrap();
                told
            }
            Self::Ec(pair) => pair.sign(&random, bytes).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(bytes).as_ref().to_vec(),
        }
    }

    /// The public half as a JWK, without a name.
    fn key(&self) -> Value {
        match self {
            Self::Rsa(pair, _) => {
                // PKCS #1: the headers, 256 bytes of the modulus, then 65537 with its own header.
                let der = pair.public_key().as_ref();
                json!({ "kty": "RSA", "n": encode(&der[der.len() - 261..der.len() - 5]), "e": "AQAB" })
            }
            Self::Ec(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let crv = match x.len() {
                    32 => "P-256",
                    48 => "P-384",
                    _ => "P-521",
                };
                json!({ "kty": "EC", "crv": crv, "x": encode(x), "y": encode(y) })
            }
            Self::Ed(pair) => json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key()) }),
        }
    }

    fn token(&self, header: &Value) -> String {
        let signed = format!("{}.{}", encode(header.to_string()), encode(r#"{"sub":"1"}"#));
        format!("{signed}.{}", encode(self.sign(signed.as_bytes())))
    }
}

/// A key pair for each algorithm, made once since RSA keys take time.
static SIGNERS: LazyLock<Vec<(&'static str, Signer)>> = LazyLock::new(|| {
    vec![
        ("RS256", rsa(KeySize::Rsa2048, &signature::RSA_PKCS1_SHA256)),
        ("RS384", rsa(KeySize::Rsa2048, &signature::RSA_PKCS1_SHA384)),
        ("RS512", rsa(KeySize::Rsa2048, &signature::RSA_PKCS1_SHA512)),
        ("PS256", rsa(KeySize::Rsa2048, &signature::RSA_PSS_SHA256)),
        ("PS384", rsa(KeySize::Rsa2048, &signature::RSA_PSS_SHA384)),
        ("PS512", rsa(KeySize::Rsa2048, &signature::RSA_PSS_SHA512)),
        ("ES256", ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING)),
        ("ES384", ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING)),
        ("ES512", ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING)),
        ("EdDSA", Signer::Ed(Ed25519KeyPair::generate().unwrap())),
        ("Ed25519", Signer::Ed(Ed25519KeyPair::generate().unwrap())),
    ]
});

fn with(key: &Value, changes: &Value) -> Value {
    let mut key = key.clone();
    key.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    key
}

fn set(keys: &[Value]) -> KeySet {
    KeySet::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

#[test]
fn each_algorithm_is_verified_by_its_own_key_and_by_no_other() {
    for (algorithm, signer) in SIGNERS.iter() {
        let token = signer.token(&json!({ "alg": algorithm, "kid": "a" }));
        let all: Vec<Value> = SIGNERS.iter().map(|(_, other)| with(&other.key(), &json!({ "kid": "a" }))).collect();
        assert_eq!(set(&all).verify(&token).unwrap().text("sub"), Some("1"), "{algorithm} among others of one name");
        let named = with(&signer.key(), &json!({ "kid": "a", "use": "sig", "alg": algorithm }));
        assert!(set(&[named]).verify(&token).is_ok(), "{algorithm}");
        for (other, _) in SIGNERS.iter().filter(|(other, _)| Algorithm::named(other) != Algorithm::named(algorithm)) {
            let header = json!({ "alg": other, "kid": "a" });
            assert!(set(&all).verify(&signer.token(&header)).is_err(), "{algorithm} called {other}");
            let key = with(&signer.key(), &json!({ "kid": "a", "alg": other }));
            assert!(set(&[key]).verify(&token).is_err(), "a key for {other} verified {algorithm}");
        }
        let foreign: Vec<Value> =
            SIGNERS.iter().filter(|(other, _)| other != algorithm).map(|(_, s)| s.key()).collect();
        assert!(set(&foreign).verify(&token).unwrap_err().may_be_a_new_key(), "{algorithm}");
        // The last character of a part may hold unused bits, so another character is changed.
        for place in [token.find('.').unwrap() + 2, token.rfind('.').unwrap() + 2] {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(bytes).unwrap();
            assert!(set(&all).verify(&other).is_err(), "{algorithm} over other bytes");
        }
    }
}

#[test]
fn no_secret_and_nothing_at_all_signs() {
    let (_, signer) = &SIGNERS[0];
    let key = signer.key();
    let shared = json!({ "kty": "oct", "k": encode("secret"), "kid": "a", "alg": "HS256" });
    let keys = set(&[with(&key, &json!({ "kid": "a" })), shared]);
    assert_eq!((keys.usable(), keys.unusable().len()), (1, 1));
    let said = encode(r#"{"sub":"1"}"#);
    for algorithm in
        ["none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "RS1", "ES256K", "RSA-OAEP", "rs256"]
    {
        let head = encode(json!({ "alg": algorithm, "kid": "a" }).to_string());
        assert!(matches!(keys.verify(&format!("{head}.{said}.")), Err(Unsigned::Algorithm(_))), "{algorithm}");
        for shared in [b"secret".to_vec(), key.to_string().into_bytes(), key["n"].as_str().unwrap().into()] {
            let bytes = format!("{head}.{said}");
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &shared), bytes.as_bytes());
            let token = format!("{bytes}.{}", encode(tag));
            assert!(matches!(keys.verify(&token), Err(Unsigned::Algorithm(_))), "{algorithm}");
        }
    }
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
        let head = encode(json!({ "alg": algorithm, "kid": "a" }).to_string());
        let all: Vec<Value> = SIGNERS.iter().map(|(_, other)| with(&other.key(), &json!({ "kid": "a" }))).collect();
        for told in [String::new(), encode([0; 64]), encode([0; 256])] {
            assert_eq!(
                set(&all).verify(&format!("{head}.{said}.{told}")),
                Err(Unsigned::WrongSignature),
                "{algorithm}"
            );
        }
    }
}

#[test]
fn keys_are_those_of_the_set_whatever_a_token_carries() {
    let ((_, own), (_, foreign)) = (&SIGNERS[0], &SIGNERS[6]);
    let keys = set(&[with(&own.key(), &json!({ "kid": "a" }))]);
    for header in [
        json!({ "alg": "ES256", "jwk": foreign.key() }),
        json!({ "alg": "ES256", "kid": "a", "jwk": foreign.key(), "jku": "https://evil.example/keys" }),
        json!({ "alg": "ES256", "x5c": ["MIIB"], "x5u": "https://evil.example/", "x5t": "a" }),
    ] {
        assert!(matches!(keys.verify(&foreign.token(&header)), Err(Unsigned::NoKey { .. })), "{header}");
    }
    let ignored = json!({ "alg": "RS256", "kid": "a", "jwk": foreign.key(), "jku": 1, "x5c": {}, "x5t#S256": null });
    assert!(keys.verify(&own.token(&ignored)).is_ok());
}

#[test]
fn a_header_that_demands_or_repeats_something_is_refused() {
    let (_, own) = &SIGNERS[0];
    let keys = set(&[own.key()]);
    for (header, refused) in [
        (json!({ "alg": "RS256", "crit": ["exp"] }), Unsigned::Demanding("crit")),
        (json!({ "alg": "RS256", "crit": [] }), Unsigned::Demanding("crit")),
        (json!({ "alg": "RS256", "b64": false }), Unsigned::Demanding("b64")),
        (json!({ "alg": "RS256", "b64": false, "crit": ["b64"] }), Unsigned::Demanding("crit")),
        (json!({ "alg": ["RS256"] }), Unsigned::OddHeader("alg")),
        (json!({ "typ": "JWT" }), Unsigned::OddHeader("alg")),
        (json!({ "alg": "RS256", "kid": 7 }), Unsigned::OddHeader("kid")),
        (json!({ "alg": "RS256", "typ": "at+jwt" }), Unsigned::Kind("at+jwt".into())),
        (json!({ "alg": "RS256", "typ": "application/Logout+JWT" }), Unsigned::Kind("application/logout+jwt".into())),
    ] {
        assert_eq!(keys.verify(&own.token(&header)), Err(refused), "{header}");
    }
    for header in
        [json!({ "alg": "RS256", "typ": "JOSE" }), json!({ "alg": "RS256", "typ": 1, "b64": true, "crit": null })]
    {
        assert!(keys.verify(&own.token(&header)).is_ok(), "{header}");
    }
    let signed = format!("{}.{}", encode(r#"{"alg":"none","alg":"RS256"}"#), encode("{}"));
    let twice = format!("{signed}.{}", encode(own.sign(signed.as_bytes())));
    assert_eq!(keys.verify(&twice), Err(Unsigned::OddHeader("alg")));
}

#[test]
fn what_is_no_signed_token_says_so() {
    let (_, own) = &SIGNERS[0];
    let keys = set(&[own.key()]);
    let token = own.token(&json!({ "alg": "RS256" }));
    for (text, encrypted) in
        [("", false), ("a.b", false), ("...", false), ("a.b.c.d.e", true), ("{}", false), (&format!("{token}="), false)]
    {
        let refused = keys.verify(text).unwrap_err();
        assert_eq!(matches!(refused, Unsigned::Encrypted), encrypted, "{text}: {refused}");
        assert!(!refused.may_be_a_new_key());
    }
    for said in ["[]", "\"text\"", "", "{\"exp\":}", &"[".repeat(1000), "{\"sub\":\"1\"} {}"] {
        let signed = format!("{}.{}", encode(r#"{"alg":"RS256"}"#), encode(said));
        let token = format!("{signed}.{}", encode(own.sign(signed.as_bytes())));
        assert!(matches!(keys.verify(&token), Err(Unsigned::NoObject(_))), "{said:.20}");
    }
}

#[test]
fn a_key_is_chosen_by_its_name_and_those_without_one_are_for_every_name() {
    let ((_, first), (_, second)) = (&SIGNERS[0], &SIGNERS[1]);
    let second = match second {
        Signer::Rsa(pair, _) => pair,
        Signer::Ec(_) | Signer::Ed(_) => panic!("no RSA key"),
    };
    let second = Signer::Rsa(RsaKeyPair::from_pkcs8(&pkcs8(second)).unwrap(), &signature::RSA_PKCS1_SHA256);
    let named = |signer: &Signer, kid: &str| with(&signer.key(), &json!({ "kid": kid }));
    let token = |kid: Option<&str>| first.token(&json!({ "alg": "RS256", "kid": kid }));
    for (keys, kid, verified) in [
        (vec![named(&second, "a"), named(first, "b")], Some("b"), Ok(())),
        (vec![named(&second, "a"), named(first, "a")], Some("a"), Ok(())),
        (vec![named(&second, "b"), named(first, "a")], Some("b"), Err(Unsigned::WrongSignature)),
        (vec![first.key()], None, Ok(())),
        (vec![named(first, "a")], None, Ok(())),
        (vec![named(&second, "a"), named(first, "b")], None, Ok(())),
        (vec![first.key()], Some("b"), Ok(())),
        (vec![named(&second, "b"), first.key()], Some("b"), Err(Unsigned::WrongSignature)),
        (vec![named(first, "a")], Some("b"), Err(Unsigned::NoKey { kid: "\"b\"".into(), algorithm: "RS256".into() })),
        (
            vec![with(&first.key(), &json!({ "use": "enc" }))],
            None,
            Err(Unsigned::NoKey { kid: "at all".into(), algorithm: "RS256".into() }),
        ),
    ] {
        assert_eq!(set(&keys).verify(&token(kid)).map(|_| ()), verified, "{kid:?} {keys:?}");
    }
}

fn pkcs8(pair: &RsaKeyPair) -> Vec<u8> {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    der.as_ref().to_vec()
}

#[test]
fn keys_are_read_as_they_are_written_and_those_of_no_use_are_named() {
    let ((_, rsa), (_, ec)) = (&SIGNERS[0], &SIGNERS[8]);
    let (key, point) = (rsa.key(), ec.key());
    let bytes = |text: &Value| URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap();
    let signed_number = encode([vec![0], bytes(&key["n"])].concat());
    let padded = base64::engine::general_purpose::URL_SAFE.encode(bytes(&key["n"]));
    let token = rsa.token(&json!({ "alg": "RS256" }));
    for n in [signed_number, padded] {
        assert!(set(&[with(&key, &json!({ "n": n }))]).verify(&token).is_ok(), "{n}");
    }
    let short = encode(bytes(&point["x"]).into_iter().skip_while(|byte| *byte == 0).collect::<Vec<u8>>());
    let token = ec.token(&json!({ "alg": "ES512" }));
    assert!(set(&[with(&point, &json!({ "x": short }))]).verify(&token).is_ok());

    // Libraries no longer make keys of 1,024 bits, so this one is a part of another key.
    let weak = encode(&bytes(&key["n"])[..128]);
    for (key, said) in [
        (with(&key, &json!({ "n": weak })), "RSA key of 1024 bits"),
        (with(&key, &json!({ "n": "", "e": "AQAB" })), "no number `n`"),
        (with(&key, &json!({ "e": null })), "no number `e`"),
        (with(&key, &json!({ "use": "enc" })), "not for signatures"),
        (with(&key, &json!({ "alg": "ES256" })), "keys of its kind are not for"),
        (with(&key, &json!({ "alg": "HS256" })), "HS256"),
        (with(&point, &json!({ "crv": "secp256k1" })), "secp256k1"),
        (with(&point, &json!({ "crv": "P-256" })), "too long"),
        (json!({ "kty": "OKP", "crv": "Ed448", "x": "AA" }), "Ed448"),
        (json!({ "kty": "oct", "k": "AA" }), "shared secret"),
        (json!("key"), "of the kind"),
        (json!(null), "of the kind"),
    ] {
        let read = set(std::slice::from_ref(&key));
        assert_eq!(read.usable(), 0, "{key}");
        assert!(read.unusable()[0].starts_with("key 1 ") && read.unusable()[0].contains(said), "{:?}", read.unusable());
    }
    for body in ["{}", "{\"keys\":[]}", "{\"keys\":null}"] {
        assert_eq!(KeySet::read(body.as_bytes()), Ok(KeySet::default()), "{body}");
    }
    for body in ["", "[]", "null", "{\"keys\":{}}", "{\"keys\":\"\"}"] {
        assert!(KeySet::read(body.as_bytes()).is_err(), "{body}");
    }
}
