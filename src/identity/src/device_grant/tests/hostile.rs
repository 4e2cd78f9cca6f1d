//! Tests with a hostile provider. Whatever it answers, and in whatever order, nobody is signed in without a valid
//! token, the booth gives up in time, and no log line contains a code or anything about a person.

use std::{
    collections::VecDeque,
    io::Write,
    sync::{Mutex, PoisonError},
};

use futures::executor::block_on;
use openidconnect::http::Response;
use proptest::prelude::*;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use super::super::*;
use crate::jwt::{self, Signer};

const ISSUER: &str = "https://login.example.edu";
const CLIENT: &str = "booth-1";
/// Each of these texts occurs nowhere else, so that a leak into the log can be found.
const SUBJECT: &str = "canary-subject-4711";
const NAME: &str = "Canary Nämnsson";
const DEVICE_CODE: &str = "canary-device-code";
const USER_CODE: &str = "CANARYXQ";
const ACCESS_TOKEN: &str = "canary-access-token";
const CANARIES: [&str; 6] = [
    SUBJECT,
    NAME,
    DEVICE_CODE,
    USER_CODE,
    "CANA RYXQ",
    ACCESS_TOKEN,
];

/// What is wrong with a token. `None` is a valid token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    StrangersKey,
    StrangersKeyWithoutName,
    AlgorithmNone,
    /// The token is "signed" with the provider's public key as if it were a shared secret.
    SharedSecret,
    PayloadSwapped,
    Audience,
    MoreAudiences,
    AuthorisedParty,
    Issuer,
    Expired,
    MadeLongAgo,
    MadeInTheFuture,
    Nonce,
    AccessTokenHash,
    NoSubject,
    Missing,
    NotAToken,
    CutShort,
    NotBearer,
    NoAccessToken,
}

const FLAWS: [Flaw; 21] = [
    Flaw::None,
    Flaw::StrangersKey,
    Flaw::StrangersKeyWithoutName,
    Flaw::AlgorithmNone,
    Flaw::SharedSecret,
    Flaw::PayloadSwapped,
    Flaw::Audience,
    Flaw::MoreAudiences,
    Flaw::AuthorisedParty,
    Flaw::Issuer,
    Flaw::Expired,
    Flaw::MadeLongAgo,
    Flaw::MadeInTheFuture,
    Flaw::Nonce,
    Flaw::AccessTokenHash,
    Flaw::NoSubject,
    Flaw::Missing,
    Flaw::NotAToken,
    Flaw::CutShort,
    Flaw::NotBearer,
    Flaw::NoAccessToken,
];

/// One answer of the token endpoint.
#[derive(Debug, Clone)]
enum Said {
    Tokens(Flaw),
    Error(u16, String),
    Bytes(u16, Vec<u8>),
    RetryAfter(String),
    BrokenLink,
}

fn said() -> impl Strategy<Value = Said> {
    let words = prop::sample::select(vec![
        "authorization_pending",
        "slow_down",
        "access_denied",
        "expired_token",
        "invalid_grant",
        "invalid_client",
        "server_error",
        "canary-subject-4711",
        "",
    ]);
    prop_oneof![
        2 => prop::sample::select(FLAWS.to_vec()).prop_map(Said::Tokens),
        6 => Just(Said::Error(400, "authorization_pending".to_owned())),
        3 => (prop::sample::select(vec![200, 302, 400, 401, 403, 429, 500, 503]), words)
            .prop_map(|(status, word)| Said::Error(status, word.to_owned())),
        1 => (prop::sample::select(vec![200, 204, 400, 500]), prop::collection::vec(any::<u8>(), 0..80))
            .prop_map(|(status, bytes)| Said::Bytes(status, bytes)),
        1 => "[0-9]{0,25}|-1|soon".prop_map(Said::RetryAfter),
        2 => Just(Said::BrokenLink),
    ]
}

/// A provider that gives scripted answers, with a clock on which waiting takes no time.
struct Hostile {
    key: Signer,
    stranger: Signer,
    begun: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    script: VecDeque<Said>,
    passed: Duration,
    /// The tokens that were issued and the times at which the token endpoint was polled.
    given: Vec<Flaw>,
    asked: Vec<Duration>,
}

impl Hostile {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, path: &str) -> Result<HttpResponse, web::Error> {
        match path {
            "/.well-known/openid-configuration" => json_answer(
                200,
                &json!({
                    "issuer": ISSUER,
                    "authorization_endpoint": format!("{ISSUER}/authorize"),
                    "device_authorization_endpoint": format!("{ISSUER}/code"),
                    "token_endpoint": format!("{ISSUER}/token"),
                    "jwks_uri": format!("{ISSUER}/keys"),
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
                }),
            ),
            "/keys" => json_answer(
                200,
                &json!({ "keys": [self.key.public_jwk("key").unwrap()] }),
            ),
            "/code" => json_answer(
                200,
                &json!({
                    "device_code": DEVICE_CODE,
                    "user_code": USER_CODE,
                    "verification_uri": format!("{ISSUER}/device"),
                    "verification_uri_complete": format!("{ISSUER}/device?user_code={USER_CODE}"),
                    "expires_in": 900,
                }),
            ),
            "/token" => {
                let mut state = self.state();
                let passed = state.passed;
                state.asked.push(passed);
                let said = state.script.pop_front();
                if let Some(Said::Tokens(flaw)) = &said {
                    state.given.push(*flaw);
                }
                drop(state);
                self.say(said.unwrap_or(Said::Error(400, "authorization_pending".to_owned())))
            }
            other => panic!("the booth asked for {other}"),
        }
    }

    fn say(&self, said: Said) -> Result<HttpResponse, web::Error> {
        match said {
            Said::Tokens(flaw) => json_answer(200, &self.tokens(flaw)),
            Said::Error(status, word) => {
                let text = format!("for {SUBJECT}, {NAME}, {USER_CODE}");
                json_answer(status, &json!({ "error": word, "error_description": text }))
            }
            Said::Bytes(status, bytes) => {
                Ok(Response::builder().status(status).body(bytes).unwrap())
            }
            Said::RetryAfter(value) => Ok(Response::builder()
                .status(503)
                .header("retry-after", value)
                .body(NAME.as_bytes().to_vec())
                .unwrap()),
            Said::BrokenLink => Err(web::Error::TooLarge { limit: 1 }),
        }
    }

    fn tokens(&self, flaw: Flaw) -> Value {
        let now = jiff::Timestamp::now().as_second();
        let mut claims = json!({
            "iss": ISSUER, "aud": CLIENT, "sub": SUBJECT, "name": NAME, "iat": now, "exp": now + 300,
        });
        let mut header = json!({ "kid": "key" });
        let mut key = &self.key;
        match flaw {
            Flaw::StrangersKey => key = &self.stranger,
            Flaw::StrangersKeyWithoutName => (key, header) = (&self.stranger, json!({})),
            Flaw::Audience => claims["aud"] = json!("another-booth"),
            Flaw::MoreAudiences => claims["aud"] = json!([CLIENT, "another-booth"]),
            Flaw::AuthorisedParty => claims["azp"] = json!("another-booth"),
            Flaw::Issuer => claims["iss"] = json!("https://login.example.org"),
            Flaw::Expired => claims["exp"] = json!(now - 1),
            Flaw::MadeLongAgo => claims["iat"] = json!(now - 3600),
            Flaw::MadeInTheFuture => claims["iat"] = json!(now + 120),
            Flaw::Nonce => claims["nonce"] = json!("n"),
            Flaw::AccessTokenHash => claims["at_hash"] = json!("AAAAAAAAAAAAAAAAAAAAAA"),
            Flaw::NoSubject => drop(claims.as_object_mut().unwrap().remove("sub")),
            _ => {}
        }
        let genuine = key.sign(header, &claims).unwrap();
        let mut parts = genuine.split('.');
        let (head, payload, signature) = (
            parts.next().unwrap(),
            parts.next().unwrap(),
            parts.next().unwrap(),
        );
        let token = match flaw {
            Flaw::AlgorithmNone => format!("{}.{payload}.", jwt::encode(br#"{"alg":"none"}"#)),
            Flaw::SharedSecret => format!(
                "{}.{payload}.{signature}",
                jwt::encode(br#"{"alg":"HS256","kid":"key"}"#)
            ),
            Flaw::PayloadSwapped => {
                claims["sub"] = json!("somebody-else");
                format!(
                    "{head}.{}.{signature}",
                    jwt::encode(claims.to_string().as_bytes())
                )
            }
            Flaw::NotAToken => "no.token".to_owned(),
            Flaw::CutShort => genuine[..genuine.len() - 8].to_owned(),
            _ => genuine,
        };
        let mut tokens = json!({
            "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 300, "id_token": token,
        });
        match flaw {
            Flaw::Missing => drop(tokens.as_object_mut().unwrap().remove("id_token")),
            Flaw::NotBearer => tokens["token_type"] = json!("mac"),
            Flaw::NoAccessToken => drop(tokens.as_object_mut().unwrap().remove("access_token")),
            _ => {}
        }
        tokens
    }
}

fn json_answer(status: u16, body: &Value) -> Result<HttpResponse, web::Error> {
    Ok(Response::builder()
        .status(status)
        .body(body.to_string().into_bytes())
        .unwrap())
}

/// The test's implementation of the flow's link: the provider, and a clock that advances when the flow waits.
struct World(Arc<Hostile>);

impl Link for World {
    fn call(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, web::Error>> {
        let answer = self.0.answer(request.uri().path());
        Box::pin(async move { answer })
    }

    fn now(&self) -> Instant {
        self.0.begun + self.0.state().passed
    }

    fn sleep(&self, pause: Duration) -> BoxFuture<'static, ()> {
        self.0.state().passed += pause;
        Box::pin(async {})
    }
}

/// The result of one sign-in.
struct Run {
    end: Result<Grant, Failure>,
    given: Vec<Flaw>,
    asked: Vec<Duration>,
    log: String,
}

fn run(script: &[Said]) -> Run {
    let provider = Arc::new(Hostile {
        key: Signer::generate().unwrap(),
        stranger: Signer::generate().unwrap(),
        begun: Instant::now(),
        state: Mutex::new(State {
            script: script.iter().cloned().collect(),
            ..State::default()
        }),
    });
    let settings = Settings {
        allow_http_loopback: false,
        ..Settings::loopback(ISSUER, CLIENT)
    };
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let end = tracing::subscriber::with_default(subscriber, || {
        block_on(async {
            let booth = DeviceGrant::over(
                &settings,
                Credentials::None,
                Arc::new(World(provider.clone())),
            );
            let mut steps = booth.begin();
            let Some(Step::CodeReady(_)) = steps.next().await else {
                panic!("a code was expected");
            };
            let end = match steps.next().await {
                Some(Step::Approved(grant)) => Ok(grant),
                Some(Step::Failed(failure)) => Err(failure),
                other => panic!("an end was expected, not {other:?}"),
            };
            assert!(steps.next().await.is_none());
            end
        })
    });
    let mut state = provider.state();
    Run {
        end,
        given: std::mem::take(&mut state.given),
        asked: std::mem::take(&mut state.asked),
        log: log.text(),
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn only_the_genuine_token_signs_in() {
    for flaw in FLAWS {
        let run = run(&[
            Said::Error(400, "authorization_pending".to_owned()),
            Said::Tokens(flaw),
        ]);
        assert_eq!(run.end.is_ok(), flaw == Flaw::None, "{flaw:?}");
        for canary in CANARIES {
            assert!(!run.log.contains(canary), "{flaw:?}: {}", run.log);
        }
    }
    // This shows that the test really captures the log.
    assert!(
        run(&[Said::Tokens(Flaw::Audience)])
            .log
            .contains("made for another client")
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_answers_signs_in_without_a_genuine_token(script in prop::collection::vec(said(), 0..12)) {
        let run = run(&script);
        match &run.end {
            Ok(grant) => {
                // The valid token was the last one, and no token before it was accepted.
                prop_assert_eq!(run.given.last(), Some(&Flaw::None));
                prop_assert_eq!(grant.claims.subject.expose(), SUBJECT);
            }
            Err(_) => prop_assert!(!run.given.contains(&Flaw::None)),
        }
        prop_assert!(run.given.len() <= 1 || run.given[..run.given.len() - 1].iter().all(|flaw| *flaw == Flaw::NoAccessToken));
        // The code lives for 180 s and is polled every five seconds.
        prop_assert!(run.asked.iter().all(|at| *at <= Duration::from_secs(180)));
        prop_assert!(run.asked.windows(2).all(|two| two[1] - two[0] >= Duration::from_secs(5)));
        for canary in CANARIES {
            prop_assert!(!run.log.contains(canary), "{}", run.log);
        }
    }
}
