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
