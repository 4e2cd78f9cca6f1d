#![allow(clippy::unwrap_used)]

mod hostile;

use super::*;

#[test]
fn a_code_is_shown_in_groups() {
    for (code, shown) in [
        ("WDJB-MJHT", "WDJB-MJHT"),
        ("WDJBMJHT", "WDJB MJHT"),
        ("FJC3RTKTA", "FJC 3RT KTA"),
        ("123456", "123 456"),
        ("1234", "1234"),
        ("ABCDEFGHIJ", "ABCD EFGH IJ"),
    ] {
        assert_eq!(in_groups(code), shown);
    }
}

#[test]
fn an_address_is_shown_in_the_form_to_type() {
    for (address, typed) in [
        (
            "https://login.example.edu/device",
            "login.example.edu/device",
        ),
        ("https://login.example.edu/", "login.example.edu"),
        (
            "http://127.0.0.1:4455/device",
            "http://127.0.0.1:4455/device",
        ),
    ] {
        assert_eq!(to_type(address), typed);
    }
}

#[test]
fn every_answer_of_the_token_endpoint_has_one_meaning() {
    let tokens = r#"{"access_token":"a","token_type":"Bearer","id_token":"i","refresh_token":"r","expires_in":300}"#;
    for (status, body, meaning) in [
        (200, tokens, "tokens"),
        (200, r#"{"access_token":"a""#, "bad"),
        (200, r#"{"error":"authorization_pending"}"#, "bad"),
        (200, "", "bad"),
        (
            400,
            r#"{"error":"authorization_pending","error_description":"x"}"#,
            "pending",
        ),
        (400, r#"{"error":"slow_down"}"#, "slow down"),
        (400, r#"{"error":"access_denied"}"#, "denied"),
        (400, r#"{"error":"authorization_declined"}"#, "denied"),
        (400, r#"{"error":"expired_token"}"#, "expired"),
        (400, r#"{"error":"invalid_grant"}"#, "expired"),
        (401, r#"{"error":"invalid_client"}"#, "refused"),
        (400, r#"{"error":"something of its own"}"#, "refused"),
        (400, r#"{"error":17}"#, "bad"),
        (400, "<html>", "bad"),
        (429, r#"{"error":"access_denied"}"#, "bad"),
        (500, r#"{"error":"access_denied"}"#, "bad"),
        (302, "", "bad"),
        (204, "", "bad"),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let found = match Reply::read(status, &HeaderMap::new(), body.as_bytes()) {
            Reply::Tokens(_) => "tokens",
            Reply::Later(Answer::Pending) => "pending",
            Reply::Later(Answer::SlowDown) => "slow down",
            Reply::Later(Answer::Bad { .. }) => "bad",
            Reply::Failed(Failure::Denied) => "denied",
            Reply::Failed(Failure::Expired) => "expired",
            Reply::Failed(Failure::Refused) => "refused",
            Reply::Failed(other) => panic!("{other:?}"),
        };
        assert_eq!(found, meaning, "{status} {body}");
    }
}
