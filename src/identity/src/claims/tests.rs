#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

fn mapping(toml: &str) -> Mapping {
    toml::from_str(toml).expect("the mapping of the test")
}

fn claims(mapping: &Mapping, token: Value) -> Result<Claims, Unusable> {
    mapping.apply("https://login.example.edu", &token)
}

#[test]
fn the_usual_claims_need_no_mapping() {
    let token = json!({
        "sub": "abcd0001", "name": "Alva Björk",
        "eduperson_affiliation": ["student", "member"], "eduperson_assurance": ["AL2"],
    });
    let alva = claims(&Mapping::default(), token).unwrap();
    assert_eq!(alva.subject.expose(), "abcd0001");
    assert_eq!(alva.name.expose(), "Alva Björk");
    assert_eq!(alva.affiliation, ["student", "member"]);
    assert_eq!(alva.assurance, "AL2");
    assert!(!alva.attendant);
}

/// Each kind of provider has its own mapping and token; the expected person is the same.
#[test]
fn each_provider_is_mapped_to_the_same_person() {
    let alva = ("abcd0001", "Alva Björk", vec!["student"], "AL2");
    let cases = [
        (
            "AD FS: user principal name, groups, no full name",
            r#"
            subject = ["upn"]
            subject_scope = "ad.example.edu"
            name = ["given_name family_name"]
            affiliation = ["group"]
            affiliation_values = [{ value = "grp-all-students", means = "student" }]
            assurance = ["assurance"]
            "#,
            json!({
                "sub": "Xk3Yq=", "upn": "abcd0001@ad.example.edu", "given_name": "Alva", "family_name": "Björk",
                "group": ["grp-all-students", "grp-canteen"], "assurance": "AL2",
            }),
        ),
        (
            "Entra: preferred_username, app roles",
            r#"
            subject = ["preferred_username"]
            subject_scope = "example.edu"
            affiliation = ["roles"]
            affiliation_values = [{ value = "Student", means = "student" }]
            assurance_values = [{ value = "1", means = "AL2" }]
            "#,
            json!({
                "sub": "pairwise", "preferred_username": "abcd0001@example.edu", "name": "Alva Björk",
                "roles": ["Student"], "acr": "1",
            }),
        ),
        (
            "Shibboleth: one value is a text, not a list",
            r#"
            affiliation = ["eduperson_affiliation"]
            assurance = ["eduperson_assurance"]
            assurance_values = [
                { value = "http://www.swamid.se/policy/assurance/al3", means = "AL3" },
                { value = "http://www.swamid.se/policy/assurance/al2", means = "AL2" },
            ]
            "#,
            json!({
                "sub": "abcd0001", "name": "Alva Björk", "eduperson_affiliation": "student",
                "eduperson_assurance": [
                    "http://www.swamid.se/policy/assurance/al1", "http://www.swamid.se/policy/assurance/al2",
                ],
            }),
        ),
        (
            "a proxy: scoped affiliation, nested claims",
            r#"
            subject = ["eduperson_principal_name"]
            subject_scope = "example.edu"
            name = ["display_name", "name"]
            affiliation = ["/saml/eduPersonScopedAffiliation"]
            affiliation_values = [{ value = "student@example.edu", means = "student" }]
            assurance = ["/saml/assurance"]
            "#,
            json!({
                "sub": "0f2c", "eduperson_principal_name": "abcd0001@example.edu", "name": "Alva Björk",
                "saml": { "eduPersonScopedAffiliation": ["member@example.edu", "student@example.edu"], "assurance": "AL2" },
            }),
        ),
    ];
    for (what, toml, token) in cases {
        let found = claims(&mapping(toml), token).unwrap_or_else(|error| panic!("{what}: {error}"));
        let found = (
            found.subject.expose().as_str(),
            found.name.expose().as_str(),
            found.affiliation.iter().map(String::as_str).collect(),
            found.assurance.as_str(),
        );
        assert_eq!(found, alva, "{what}");
    }
}

#[test]
fn a_token_without_a_usable_subject_is_refused() {
    let scoped = mapping("subject_scope = \"example.edu\"");
    for (mapping, token, expected) in [
        (
            Mapping::default(),
            json!({ "name": "Alva" }),
            Unusable::NoSubject,
        ),
        (
            Mapping::default(),
            json!({ "sub": "" }),
            Unusable::NoSubject,
        ),
        (
            Mapping::default(),
            json!({ "sub": 17 }),
            Unusable::NoSubject,
        ),
        (Mapping::default(), json!([]), Unusable::NoSubject),
        (
            Mapping::default(),
            json!({ "sub": "a".repeat(LONGEST + 1) }),
            Unusable::TooLong,
        ),
        (
            scoped.clone(),
            json!({ "sub": "abcd0001" }),
            Unusable::OtherScope,
        ),
        (
            scoped.clone(),
            json!({ "sub": "abcd0001@example.edu.evil.org" }),
            Unusable::OtherScope,
        ),
        (
            scoped.clone(),
            json!({ "sub": "abcd0001@notexample.edu" }),
            Unusable::OtherScope,
        ),
        (
            scoped,
            json!({ "sub": "@example.edu" }),
            Unusable::OtherScope,
        ),
    ] {
        assert_eq!(claims(&mapping, token.clone()), Err(expected), "{token}");
    }
}

#[test]
fn the_role_makes_an_attendant() {
    let mapping = mapping("attendant = { claim = \"groups\", value = \"booth-staff\" }");
    for (groups, expected) in [
        (json!(["staff", "booth-staff"]), true),
        (json!("booth-staff"), true),
        (json!(["booth-staffer"]), false),
        (json!([]), false),
        (Value::Null, false),
    ] {
        let token = json!({ "sub": "efgh0002", "groups": groups });
        assert_eq!(claims(&mapping, token).unwrap().attendant, expected);
    }
}
