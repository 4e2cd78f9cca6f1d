use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router as Routes,
    extract::{Path as At, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post, put},
};
use jiff::civil::date;
use serde_json::{Value, json};

use super::*;

/// What the router's OpenAPI description asks of the bodies that we send: the required names, and of each known name the
/// values that its text allows.
fn contract(view: &str, body: &Value) -> Result<(), String> {
    let (required, known): (&[&str], &[(&str, &[&str])]) = match view {
        "PersonUpdateView" => (
            &["fullName", "identifier", "identifierCode"],
            &[
                ("fullName", &[]),
                ("identifier", &[]),
                ("identifierCode", &["ESI"]),
                ("personOrganisationUpdateViews", &[]),
            ],
        ),
        "PersonOrganisationUpdateView" => (
            &["organisationIdentifier"],
            &[
                ("organisationIdentifier", &[]),
                ("email", &[]),
                ("phone", &[]),
                ("fax", &[]),
                ("academicLevel", &["BACHELOR", "MASTER", "DOCTORATE"]),
            ],
        ),
        _ => (
            &[
                "cardStatusType",
                "cardType",
                "expiresAt",
                "issuedAt",
                "issuerIdentifier",
                "personIdentifier",
            ],
            &[
                ("cardNumber", &[]),
                ("cardStatusType", &["ACTIVE", "INACTIVE"]),
                (
                    "cardType",
                    &[
                        "UNKNOWN",
                        "PASSIVE",
                        "SMART_NO_CDZ",
                        "SMART_CDZ",
                        "SMART_MAY_SP",
                        "SMART_PASSIVE",
                        "SMART_PASSIVE_EMULATION",
                    ],
                ),
                ("displayName", &[]),
                ("expiresAt", &[]),
                ("issuedAt", &[]),
                ("issuerIdentifier", &[]),
                ("personIdentifier", &[]),
                ("processorIdentifier", &[]),
            ],
        ),
    };
    let object = body.as_object().ok_or("no object")?;
    for name in required {
        if !object.contains_key(*name) {
            return Err(format!("{view} lacks {name}"));
        }
    }
    for (name, value) in object {
        let (_, allowed) = known
            .iter()
            .find(|(known, _)| known == name)
            .ok_or(format!("{view} has no {name}"))?;
        let good =
            allowed.is_empty() || value.as_str().is_some_and(|value| allowed.contains(&value));
        let is_text = value.is_string() || name == "personOrganisationUpdateViews";
        if !good || !is_text {
            return Err(format!("{view}.{name} is {value}"));
        }
        if name.ends_with("At")
            && value
                .as_str()
                .and_then(|day| day.parse::<Date>().ok())
                .is_none()
        {
            return Err(format!("{view}.{name} is no yyyy-MM-dd"));
        }
    }
    for inner in object
        .get("personOrganisationUpdateViews")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        contract("PersonOrganisationUpdateView", inner)?;
    }
    Ok(())
}

type Answer = (StatusCode, Json<Value>);

/// A router that follows the API description.
#[derive(Clone, Default)]
struct Stored(Arc<Mutex<BTreeMap<String, Value>>>);

fn refused(status: StatusCode, code: &str, message: &str) -> Answer {
    (status, Json(json!({"code": code, "message": message})))
}

impl Stored {
    fn keep(
        &self,
        headers: &HeaderMap,
        view: &str,
        name: &str,
        body: Value,
        fresh: bool,
    ) -> Answer {
        if headers
            .get("authorization")
            .is_none_or(|value| value != "Bearer sesame")
        {
            return refused(StatusCode::UNAUTHORIZED, "ER-0001", "who are you");
        }
        if let Err(wrong) = contract(view, &body) {
            return refused(StatusCode::BAD_REQUEST, "ER-0019", &wrong);
        }
        let mut kept = self.0.lock().unwrap();
        match (kept.contains_key(name), fresh) {
            (true, true) => return refused(StatusCode::CONFLICT, "ER-0002", "is there already"),
            (false, false) => return refused(StatusCode::NOT_FOUND, "ER-0003", "is not there"),
            _ => {}
        }
        kept.insert(name.to_owned(), body.clone());
        let status = if fresh {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        (status, Json(body))
    }

    async fn serve(self) -> String {
        let make = |view: &'static str, name: &'static str| {
            post(
                move |State(stored): State<Self>, headers: HeaderMap, Json(body): Json<Value>| async move {
                    let key = body[name].as_str().unwrap_or_default().to_owned();
                    stored.keep(&headers, view, &key, body, true)
                },
            )
        };
        let change = |view: &'static str| {
            put(
                move |State(stored): State<Self>,
                      At(key): At<String>,
                      headers: HeaderMap,
                      Json(body): Json<Value>| async move {
                    stored.keep(&headers, view, &key, body, false)
                },
            )
        };
        let status = get(
            |State(stored): State<Self>, At(key): At<String>, headers: HeaderMap| async move {
                assert!(
                    headers.get("authorization").is_none(),
                    "asking needs no key"
                );
                match stored.0.lock().unwrap().get(&key) {
                    None => refused(StatusCode::NOT_FOUND, "ER-0003", "is not there"),
                    Some(card) => (
                        StatusCode::OK,
                        Json(json!({
                            "cardNumber": key,
                            "status": card["cardStatusType"],
                            "expiresAt": card["expiresAt"],
                            "issuerName": "A university",
                        })),
                    ),
                }
            },
        );
        let routes = Routes::new()
            .route(
                "/esc-rest/api/v2/persons",
                make("PersonUpdateView", "identifier"),
            )
            .route("/esc-rest/api/v2/persons/{esi}", change("PersonUpdateView"))
            .route(
                "/esc-rest/api/v2/cards",
                make("CardUpdateView", "cardNumber"),
            )
            .route("/esc-rest/api/v2/cards/{escn}", change("CardUpdateView"))
            .route("/esc-rest/api/v2/cards/{escn}/status", status)
            .with_state(self);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        format!("http://{address}/esc-rest")
    }
}

fn link(address: &str, key: Option<&str>) -> Router {
    Router {
        client: web::client(&web::Options::default()).unwrap(),
        base: Settings {
            address: address.to_owned(),
            key: None,
        }
        .base()
        .unwrap(),
        key: key.map(|key| Zeroizing::new(format!("{key}\n"))),
    }
}

fn person() -> Person {
    Person {
        esi: "urn:schac:personalUniqueCode:int:esi:ladok.se:9e342e78-5b6c-4902-966e-50e28a21e601"
            .parse()
            .unwrap(),
        name: "Alva Björk".to_owned().into(),
        pic: "999978433".to_owned(),
        email: Some("alva@example.org".to_owned().into()),
        level: Some(Level::Master),
    }
}

fn card() -> Card {
    Card {
        number: "25539be8-6423-103e-add8-988999978433".parse().unwrap(),
        holder: person().esi,
        pic: "999978433".to_owned(),
        issued: date(2026, 11, 25),
        expires: date(2029, 6, 30),
        active: true,
        chip: Chip::default(),
    }
}

#[tokio::test]
async fn persons_and_cards_are_made_known_and_kept_up_to_date() {
    let stored = Stored::default();
    let router = link(&stored.clone().serve().await, Some("sesame"));
    for _ in 0..2 {
        router.put_person(&person()).await.unwrap();
        router.put_card(&card()).await.unwrap();
    }
    let status = router.status(card().number).await.unwrap().unwrap();
    assert_eq!(
        (status.standing, status.expires),
        (Standing::Active, Some(date(2029, 6, 30)))
    );
    router
        .put_card(&Card {
            active: false,
            ..card()
        })
        .await
        .unwrap();
    let status = router.status(card().number).await.unwrap().unwrap();
    assert_eq!(status.standing, Standing::Inactive);
    assert_eq!(router.status(Uuid::nil()).await.unwrap(), None);
    assert_eq!(stored.0.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn without_the_right_key_only_the_status_is_answered() {
    let address = Stored::default().serve().await;
    let wrong = link(&address, Some("open")).put_card(&card()).await;
    assert!(matches!(wrong, Err(Error::Refused)));
    let none = link(&address, None);
    assert!(matches!(
        none.put_person(&person()).await,
        Err(Error::NoKey)
    ));
    assert_eq!(none.status(card().number).await.unwrap(), None);
}

#[tokio::test]
async fn the_routers_own_sentence_is_reported() {
    let router = link(&Stored::default().serve().await, Some("sesame"));
    // This body breaks the router's API description.
    let answer = router
        .put("cards", "x", &json!({"cardNumber": "x"}))
        .await
        .unwrap_err();
    assert_eq!(
        answer.to_string(),
        "the router refuses it: ER-0019 CardUpdateView lacks cardStatusType"
    );
}

#[test]
fn a_student_identifier_has_its_form() {
    for (text, good) in [
        ("urn:schac:personalUniqueCode:int:esi:SE:123", true),
        (
            "urn:schac:personalUniqueCode:int:esi:ladok.se:9e342e78-5b6c-4902-966e-50e28a21e601",
            true,
        ),
        ("URN:SCHAC:personalUniqueCode:int:esi:HR:1", true),
        ("urn:schac:personalUniqueCode:int:esi:SE", false),
        ("urn:schac:personalUniqueCode:int:esi::1", false),
        ("urn:schac:personalUniqueCode:int:esi:SE:", false),
        ("urn:schac:personalUniqueCode:int:esi:SE:a/../b", false),
        ("urn:schac:personalUniqueCode:int:esi:SE:å", false),
        ("ångström", false),
        ("", false),
    ] {
        assert_eq!(text.parse::<Esi>().is_ok(), good, "{text}");
    }
    let long = format!(
        "urn:schac:personalUniqueCode:int:esi:SE:{}",
        "1".repeat(300)
    );
    assert!(long.parse::<Esi>().is_err());
    assert!(!format!("{:?}", person()).contains("9e342e78"));
}

#[test]
fn an_address_is_known_or_encrypted() {
    let base = |address: &str| {
        Settings {
            address: address.to_owned(),
            key: None,
        }
        .base()
        .map(|url| url.to_string())
    };
    assert_eq!(
        base("sandbox").unwrap(),
        "https://sandbox.europeanstudentcard.eu/esc-rest/"
    );
    assert_eq!(base("https://a.example/x").unwrap(), "https://a.example/x/");
    assert_eq!(base("http://a.example/x"), None);
    assert_eq!(base("moon"), None);
}
