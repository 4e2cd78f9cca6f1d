//! The provider's endpoints.

use std::{collections::HashMap, time::Instant};

use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, RawForm, RawQuery, Request as HttpRequest, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use common::jws::Unsigned;
use jiff::Timestamp;
use openidconnect::url::form_urlencoded;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    super::jwt::encode, Control, Fault, MOST_REQUESTS, Person, Request, TOKEN_LIFE, Verdict, page,
};

const HUGE: usize = 8 << 20;
const HOUR: i64 = 3600;
/// The letters of a code (RFC 8628, section 6.1). There are no vowels, so a code cannot be a word, and no letters that
/// look alike.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

pub(super) fn router(control: Control) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks", get(keys))
        .route("/device/auth", post(code))
        .route("/token", post(token))
        .route("/userinfo", get(userinfo))
        .route("/device", get(show_page).post(decide))
        .layer(middleware::from_fn_with_state(control.clone(), misbehave))
        .layer(DefaultBodyLimit::max(64 << 10))
        .with_state(control)
}

/// Injects the faults that affect every endpoint.
async fn misbehave(State(control): State<Control>, request: HttpRequest, next: Next) -> Response {
    let fault = control.fault().filter(|fault| fault.is_general());
    let Some(fault) = fault.filter(|fault| control.happens(*fault)) else {
        let mut answer = next.run(request).await;
        set_clock(&control, &mut answer);
        return answer;
    };
    let json = [(header::CONTENT_TYPE, "application/json")];
    match fault {
        Fault::Hang => std::future::pending().await,
        Fault::HalfAnswer => (json, r#"{"access_token":"abc","token_ty"#).into_response(),
        Fault::Rubbish => (json, "<h1>It works!</h1>").into_response(),
        Fault::Huge => (json, Body::from(vec![b'['; HUGE])).into_response(),
        Fault::Redirect => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Returns the error of the provider's clock in seconds.
fn clock_error(control: &Control) -> i64 {
    match control.fault() {
        Some(Fault::ClockAhead) => HOUR,
        Some(Fault::ClockBehind) => -HOUR,
        _ => 0,
    }
}

fn set_clock(control: &Control, answer: &mut Response) {
    let off = clock_error(control);
    if off == 0 {
        return;
    }
    let time = Timestamp::now().saturating_add(jiff::SignedDuration::from_secs(off));
    let date = time
        .ok()
        .map(|time| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .and_then(|text| HeaderValue::from_str(&text).ok());
    if let Some(date) = date {
        answer.headers_mut().insert(header::DATE, date);
    }
}

async fn discovery(State(control): State<Control>) -> Json<Value> {
    let issuer = &control.0.issuer;
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "device_authorization_endpoint": format!("{issuer}/device/auth"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["urn:ietf:params:oauth:grant-type:device_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": ["openid", "profile"],
    });
    if control.happens(Fault::NoDeviceGrant)
        && let Some(document) = document.as_object_mut()
    {
        document.remove("device_authorization_endpoint");
    }
    if control.happens(Fault::OtherIssuer) {
        document["issuer"] = json!("https://login.example.org");
    }
    Json(document)
}

async fn keys(State(control): State<Control>) -> Json<Value> {
    let books = control.books();
    let keys: Vec<Value> = books
        .keys
        .signer
        .public_jwk(&books.keys.key_id)
        .into_iter()
        .collect();
    Json(json!({ "keys": keys }))
}

type Form = HashMap<String, String>;

fn form(bytes: &[u8]) -> Form {
    form_urlencoded::parse(bytes).into_owned().collect()
}

/// Returns an error answer (RFC 6749, section 5.2).
fn refusal(status: StatusCode, error: &str) -> Response {
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    (status, no_store, Json(json!({ "error": error }))).into_response()
}

fn bad(error: &str) -> Response {
    refusal(StatusCode::BAD_REQUEST, error)
}

fn is_our_client(control: &Control, form: &Form) -> bool {
    form.get("client_id") == Some(&control.0.options.client_id)
        && !control.happens(Fault::ClientRefused)
}

fn unknown_client() -> Response {
    refusal(StatusCode::UNAUTHORIZED, "invalid_client")
}

/// Issues a code (RFC 8628, section 3.2).
async fn code(State(control): State<Control>, RawForm(bytes): RawForm) -> Response {
    let form = form(&bytes);
    if !is_our_client(&control, &form) {
        return unknown_client();
    }
    if control.happens(Fault::DeviceGrantRefused) {
        return bad("unauthorized_client");
    }
    let scope = form.get("scope").map(String::as_str).unwrap_or_default();
    if !scope.split(' ').any(|scope| scope == "openid") {
        return bad("invalid_scope");
    }
    let user_code = user_code();
    let device_code = encode(&rand::random::<[u8; 32]>());
    let page = format!("{}/device", control.0.pages);
    let life = if control.happens(Fault::ShortLife) {
        1
    } else {
        control.0.options.code_life
    };
    let mut answer = json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": life,
        "interval": control.0.options.interval,
    });
    if let Some(answer) = answer.as_object_mut() {
        if control.happens(Fault::NoInterval) {
            answer.remove("interval");
        }
        if control.happens(Fault::NoCompleteAddress) {
            answer.remove("verification_uri_complete");
        }
    }
    let mut books = control.books();
    if books.requests.len() >= MOST_REQUESTS {
        books.requests.pop_front();
    }
    books.requests.push_back(Request {
        device_code,
        user_code,
        made: Instant::now(),
        verdict: Verdict::Waiting,
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

fn user_code() -> String {
    let letters: Vec<char> = rand::random::<[u8; 8]>()
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect();
    let half = |part: &[char]| part.iter().collect::<String>();
    format!("{}-{}", half(&letters[..4]), half(&letters[4..]))
}

/// Answers a poll for tokens (RFC 8628, section 3.5).
async fn token(State(control): State<Control>, RawForm(bytes): RawForm) -> Response {
    let form = form(&bytes);
    control.books().polls += 1;
    if !is_our_client(&control, &form) {
        return unknown_client();
    }
    if form.get("grant_type").map(String::as_str)
        != Some("urn:ietf:params:oauth:grant-type:device_code")
    {
        return bad("unsupported_grant_type");
    }
    if control.happens(Fault::SlowDown) {
        return bad("slow_down");
    }
    let life = control.code_life();
    let person = {
        let mut books = control.books();
        let asked = form.get("device_code");
        let request = books
            .requests
            .iter_mut()
            .find(|request| Some(&request.device_code) == asked);
        let Some(request) = request else {
            return bad("invalid_grant");
        };
        match &request.verdict {
            Verdict::Used => return bad("invalid_grant"),
            Verdict::Denied => return bad("access_denied"),
            Verdict::Waiting if request.made.elapsed() >= life => return bad("expired_token"),
            Verdict::Waiting => return bad("authorization_pending"),
            Verdict::Approved(person) => {
                let person = person.clone();
                request.verdict = Verdict::Used;
                person
            }
        }
    };
    give_tokens(&control, person)
}

fn give_tokens(control: &Control, person: Person) -> Response {
    let access_token = encode(&rand::random::<[u8; 32]>());
    let mut answer = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": TOKEN_LIFE.as_secs(),
        "scope": "openid profile",
    });
    if !control.happens(Fault::NoIdToken) {
        match id_token(control, &person, &access_token) {
            Some(token) => answer["id_token"] = json!(token),
            None => return refusal(StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        }
    }
    let mut books = control.books();
    books
        .tokens
        .retain(|_, (_, made)| made.elapsed() < TOKEN_LIFE);
    books.tokens.insert(access_token, (person, Instant::now()));
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

fn claims_of(person: &Person) -> Value {
    json!({
        "sub": person.subject,
        "name": person.name,
        "eduperson_affiliation": person.affiliation,
        "eduperson_assurance": [person.assurance],
        "groups": person.groups,
    })
}

fn id_token(control: &Control, person: &Person, access_token: &str) -> Option<String> {
    let now = Timestamp::now().as_second() + clock_error(control);
    let either =
        |fault, wrong: &str, right: &str| json!(if control.happens(fault) { wrong } else { right });
    let mut claims = claims_of(person);
    claims["iss"] = either(
        Fault::WrongIssuer,
        "https://login.example.org",
        &control.0.issuer,
    );
    claims["aud"] = either(
        Fault::WrongAudience,
        "another-client",
        &control.0.options.client_id,
    );
    let hashed = if control.happens(Fault::OtherAccessToken) {
        "another token"
    } else {
        access_token
    };
    // The value is the left half of the hash (OpenID Connect Core 1.0, section 3.1.3.6).
    claims["at_hash"] = json!(encode(&Sha256::digest(hashed.as_bytes())[..16]));
    claims["iat"] = json!(now);
    claims["exp"] = json!(now + 300);
    if control.happens(Fault::Nonce) {
        claims["nonce"] = json!("of somebody else");
    }
    if control.happens(Fault::Unsigned) {
        let unsigned = Unsigned::new(&json!({ "alg": "none", "typ": "JWT" }), &claims);
        return Some(unsigned.with_signature(&[]));
    }
    let wrong = control.happens(Fault::WrongSignature);
    let books = control.books();
    let keys = &books.keys;
    let signer = if wrong { &keys.stranger } else { &keys.signer };
    signer.sign(json!({ "kid": keys.key_id }), &claims).ok()
}

async fn userinfo(State(control): State<Control>, headers: HeaderMap) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    match token.and_then(|token| control.person_of(token)) {
        Some(person) => Json(claims_of(&person)).into_response(),
        None => {
            let why = [(header::WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#)];
            (StatusCode::UNAUTHORIZED, why).into_response()
        }
    }
}

async fn show_page(State(control): State<Control>, RawQuery(query): RawQuery) -> Html<String> {
    let query = form(query.unwrap_or_default().as_bytes());
    let code = query.get("user_code").map(|code| normal(code));
    let life = control.code_life();
    let waits = |code: &String| {
        control
            .books()
            .requests
            .iter()
            .any(|request| request.user_code == *code && request.is_open(life))
    };
    Html(match code {
        None => page::ask_for_code(false),
        Some(code) if waits(&code) => page::ask_who(
            &control.0.options.client_name,
            &code,
            &control.0.options.people,
        ),
        Some(_) => page::ask_for_code(true),
    })
}

async fn decide(State(control): State<Control>, RawForm(bytes): RawForm) -> Html<String> {
    let form = form(&bytes);
    let code = form.get("user_code").map(|code| normal(code));
    let person = form.get("person").and_then(|subject| {
        let mut people = control.people().iter();
        people.find(|person| person.subject == *subject).cloned()
    });
    let approved = person.is_some();
    let verdict = match person {
        Some(person) => Verdict::Approved(person),
        None => Verdict::Denied,
    };
    Html(
        match control.decide(Some(&code.unwrap_or_default()), verdict) {
            Ok(()) => page::done(approved),
            Err(_) => page::ask_for_code(true),
        },
    )
}

/// Converts a typed code to the form in which it was issued.
fn normal(typed: &str) -> String {
    let letters: Vec<char> = typed
        .to_uppercase()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(LETTERS.len())
        .collect();
    match letters.split_at_checked(4) {
        Some((first, rest)) if !rest.is_empty() => {
            format!("{}-{}", String::from_iter(first), String::from_iter(rest))
        }
        _ => String::from_iter(letters),
    }
}
