use serde_json::{Value, json};

use super::*;

/// The example of RFC 7515, appendix A.5 in its payload, with a header of our own.
fn token() -> String {
    let unsigned = Unsigned::new(&json!({"alg": "EdDSA"}), &json!({"iss": "joe"}));
    unsigned.with_signature(b"signature")
}

fn verified(text: &str, algorithm: &str) -> Result<Value, Error> {
    let jws = Unverified::split(text, 1000)?;
    jws.verify(algorithm, |_, signature| signature == b"signature")?;
    jws.payload()
}

/// RFC 8037, appendix A.4: header, payload and signature of the standard's example are put together as it has them.
#[test]
fn the_example_of_the_standard_comes_out() {
    let signature = BASE64URL_NOPAD
        .decode(b"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")
        .unwrap();
    let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let text = format!("{message}.{}", BASE64URL_NOPAD.encode(&signature));
    let jws = Unverified::split(&text, 1000).unwrap();
    assert_eq!(jws.payload, b"Example of Ed25519 signing");
    let seen = |signed: &[u8], with: &[u8]| signed == message.as_bytes() && with == signature;
    assert_eq!(jws.verify("EdDSA", seen), Ok(()));
    let unsigned = Unsigned::new(&json!({"alg": "EdDSA"}), &json!({"iss": "joe"}));
    assert!(unsigned.message().starts_with(b"eyJhbGciOiJFZERTQSJ9."));
}

#[test]
fn only_the_expected_algorithm_is_verified() {
    let good = token();
    assert_eq!(verified(&good, "EdDSA").unwrap()["iss"], "joe");
    assert_eq!(verified(&good, "ES256"), Err(Error::Algorithm));
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "eddsa"}),
        json!({"alg": ""}),
    ] {
        let text = Unsigned::new(&header, &json!({})).with_signature(b"signature");
        assert_eq!(verified(&text, "EdDSA"), Err(Error::Algorithm), "{header}");
    }
}

#[test]
fn hostile_texts_are_refused() {
    let good = token();
    let (message, _) = good.rsplit_once('.').unwrap();
    let crit = json!({"alg": "EdDSA", "crit": ["b64"], "b64": false});
    for (what, text) in [
        ("nothing", String::new()),
        ("two parts", message.to_owned()),
        ("four parts", format!("{good}.AA")),
        ("padding", format!("{good}=")),
        ("spaces", format!(" {good}")),
        ("the other base64 alphabet", good.replace('.', "+.")),
        ("too long", format!("{message}.{}", "A".repeat(1000))),
        ("no JSON", "AA.AA.AA".to_owned()),
        ("empty parts", "..".to_owned()),
        (
            "no algorithm",
            Unsigned::new(&json!({}), &json!({})).with_signature(b"signature"),
        ),
        (
            "an extension that must be understood",
            Unsigned::new(&crit, &json!({})).with_signature(b"signature"),
        ),
    ] {
        assert_eq!(verified(&text, "EdDSA"), Err(Error::Malformed), "{what}");
    }
    let unsigned = format!("{message}.");
    assert_eq!(verified(&unsigned, "EdDSA"), Err(Error::Signature));
}

#[test]
fn a_payload_does_not_show_in_a_debug_print() {
    let text = token();
    let shown = format!("{:?}", Unverified::split(&text, 1000).unwrap());
    assert!(!shown.contains("joe"), "{shown}");
}

proptest::proptest! {
    #[test]
    fn nothing_from_outside_panics(text in "[A-Za-z0-9_.\\-=]{0,200}") {
        let _ = verified(&text, "EdDSA");
    }
}
