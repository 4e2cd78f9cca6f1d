use super::*;

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}

fn key(text: &str) -> [u8; 32] {
    hex(text).try_into().unwrap()
}

/// RFC 9180 appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode, sequence number 0.
#[test]
fn the_test_vector_of_the_standard_comes_out() {
    let info = hex("4f6465206f6e2061204772656369616e2055726e");
    let ephemeral = key("f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600");
    let secret = key("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb");
    let (plain, aad) = (
        hex("4265617574792069732074727574682c20747275746820626561757479"),
        hex("436f756e742d30"),
    );
    let encapsulated = hex("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a");
    let cipher_text = hex(
        "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
    );
    let secret = ReceiverSecret(Private::new(secret));
    let receiver = secret.receiver();
    assert_eq!(
        receiver.0,
        key("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a")
    );
    let sealed = receiver.seal_by(&Private::new(ephemeral), &info, &aad, &plain);
    assert_eq!(sealed, [encapsulated, cipher_text].concat());
    assert_eq!(**secret.open_by(&info, &aad, &sealed).unwrap(), plain);
}

#[test]
fn points_of_low_order_are_refused() {
    let secret = ReceiverSecret::random();
    for low in [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        assert!(shared_point(&secret.0, low).is_none());
        let sealed = [&low[..], &[0; 40]].concat();
        assert!(secret.open(b"", &sealed).is_err());
    }
    assert!(secret.open(b"", &[0; 10]).is_err());
}

/// Keys as `openssl genpkey -algorithm x25519` and `openssl pkey -pubout` write them (RFC 7748, section 6.1, Bob's keys).
const SECRET_PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEIF2rCH5iSopLeeF/i4OADuZvO7EpJhi2/Rwviyf/iODr
-----END PRIVATE KEY-----
";
const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VuAyEA3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08=
-----END PUBLIC KEY-----
";

#[test]
fn keys_of_openssl_are_read_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    let read = |text: &str| {
        fs::write(&file, text).unwrap();
        (Receiver::read(&file), ReceiverSecret::read(&file))
    };
    let public = key("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    let (Ok(receiver), Err(BadKey::Malformed(_))) = read(PUBLIC_PEM) else {
        panic!("a public key is a receiver and no secret");
    };
    assert_eq!(receiver.0, public);
    let (Err(BadKey::Malformed(_)), Ok(secret)) = read(SECRET_PEM) else {
        panic!("a private key is a secret and no receiver");
    };
    assert_eq!(secret.receiver().0, public);
    assert!(read(&PUBLIC_PEM.replace('\n', "\r\n")).0.is_ok());

    // 03 21 00 and 32 zero bytes: a point of low order
    let low = format!("MCowBQYDK2VuAyEA{}=", "A".repeat(43));
    for (what, text) in [
        ("nothing", String::new()),
        ("no PEM", "no key".to_owned()),
        (
            "a point of low order",
            format!("-----BEGIN PUBLIC KEY-----\n{low}\n-----END PUBLIC KEY-----\n"),
        ),
        // 1.3.101.112 is Ed25519
        ("another kind of key", PUBLIC_PEM.replace("K2Vu", "K2Vw")),
        ("another kind of secret", SECRET_PEM.replace("K2Vu", "K2Vw")),
        ("a key that is cut short", PUBLIC_PEM.replace("+IK08=", "=")),
        (
            "another label",
            PUBLIC_PEM.replace("PUBLIC KEY", "CERTIFICATE"),
        ),
    ] {
        let (receiver, secret) = read(&text);
        assert!(matches!(receiver, Err(BadKey::Malformed(_))), "{what}");
        assert!(matches!(secret, Err(BadKey::Malformed(_))), "{what}");
    }
    let sentence = Receiver::read(&file).unwrap_err().to_string();
    assert!(
        sentence.contains("holds no X25519 key in PEM"),
        "{sentence}"
    );
    let absent = folder.path().join("absent.pem");
    assert!(matches!(Receiver::read(&absent), Err(BadKey::File { .. })));
}
