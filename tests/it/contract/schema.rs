//! Validates the part of JSON Schema (2020-12) that the contract uses. An unknown keyword fails the test.

use jiff::{Timestamp, civil::Date};
use regex_lite::Regex;
use serde_json::Value;

/// Keywords that are annotations for people.
const FOR_PEOPLE: [&str; 1] = ["description"];

/// The violations of a schema by `value`, each with its place. `resolve` follows a `$ref`.
pub(super) fn judge<'a>(
    resolve: &impl Fn(&'a Value) -> &'a Value,
    schema: &'a Value,
    value: &Value,
) -> Vec<String> {
    let mut wrong = Vec::new();
    walk(resolve, schema, value, "", &mut wrong);
    wrong
}

/// Panics if the schema has a keyword anywhere that [`judge`] does not understand.
pub(super) fn check(schema: &Value) {
    for (word, rule) in schema.as_object().expect("a schema is an object") {
        match word.as_str() {
            "properties" => rule.as_object().unwrap().values().for_each(check),
            "items" => check(rule),
            "oneOf" => rule.as_array().unwrap().iter().for_each(check),
            "$ref"
            | "type"
            | "enum"
            | "const"
            | "required"
            | "additionalProperties"
            | "minimum"
            | "maximum"
            | "minLength"
            | "maxItems"
            | "format" => {}
            "pattern" => drop(Regex::new(rule.as_str().unwrap()).unwrap()),
            word => assert!(FOR_PEOPLE.contains(&word), "{word} is not understood"),
        }
    }
}

fn walk<'a>(
    resolve: &impl Fn(&'a Value) -> &'a Value,
    schema: &'a Value,
    value: &Value,
    at: &str,
    wrong: &mut Vec<String>,
) {
    let target = resolve(schema);
    if !std::ptr::eq(target, schema) {
        return walk(resolve, target, value, at, wrong);
    }
    let mut must = |holds: bool, why: String| {
        if !holds {
            wrong.push(format!("{at}: {why}"));
        }
    };
    let rules = schema.as_object().expect("a schema is an object");
    let text = value.as_str();
    let number = value.as_f64();
    for (word, rule) in rules {
        match word.as_str() {
            "type" => {
                let fits = match rule {
                    Value::Array(types) => types.iter().any(|one| is_of(one, value)),
                    one => is_of(one, value),
                };
                must(fits, format!("{value} is not of type {rule}"));
            }
            "enum" => must(
                rule.as_array().unwrap().contains(value),
                format!("{value} is none of {rule}"),
            ),
            "const" => must(rule == value, format!("{value} is not {rule}")),
            "minimum" => must(
                number.is_none_or(|number| number >= rule.as_f64().unwrap()),
                format!("{value} is below {rule}"),
            ),
            "maximum" => must(
                number.is_none_or(|number| number <= rule.as_f64().unwrap()),
                format!("{value} is above {rule}"),
            ),
            "minLength" => must(
                text.is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().unwrap()),
                format!("{value} is shorter than {rule}"),
            ),
            "maxItems" => must(
                value
                    .as_array()
                    .is_none_or(|items| items.len() as u64 <= rule.as_u64().unwrap()),
                format!("more than {rule} items"),
            ),
            "pattern" => must(
                text.is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)),
                format!("{value} does not match {rule}"),
            ),
            "format" => must(
                text.is_none_or(|text| is_in_format(rule.as_str().unwrap(), text)),
                format!("{value} is no {rule}"),
            ),
            "required" => {
                for name in rule.as_array().unwrap() {
                    let has = |fields: &serde_json::Map<_, _>| {
                        fields.contains_key(name.as_str().unwrap())
                    };
                    must(
                        value.as_object().is_none_or(has),
                        format!("{name} is missing"),
                    );
                }
            }
            "additionalProperties" => {
                assert_eq!(*rule, Value::Bool(false));
                for name in value
                    .as_object()
                    .into_iter()
                    .flat_map(|fields| fields.keys())
                {
                    let known = rules["properties"].get(name).is_some();
                    must(known, format!("{name} is not known"));
                }
            }
            "oneOf" => {
                let fitting = rule.as_array().unwrap().iter().filter(|one| {
                    let mut wrong = Vec::new();
                    walk(resolve, one, value, at, &mut wrong);
                    wrong.is_empty()
                });
                let fitting = fitting.count();
                must(
                    fitting == 1,
                    format!("{value} fits {fitting} of the schemas"),
                );
            }
            "properties" | "items" => {}
            word => assert!(FOR_PEOPLE.contains(&word), "{word} is not understood"),
        }
    }
    for (name, inner) in rules
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if let Some(value) = value.get(name) {
            walk(resolve, inner, value, &format!("{at}/{name}"), wrong);
        }
    }
    if let (Some(inner), Some(items)) = (rules.get("items"), value.as_array()) {
        for (number, value) in items.iter().enumerate() {
            walk(resolve, inner, value, &format!("{at}/{number}"), wrong);
        }
    }
}

fn is_of(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        name => panic!("type {name} is not understood"),
    }
}

fn is_in_format(format: &str, text: &str) -> bool {
    match format {
        "uuid" => text.len() == 36 && text.parse::<uuid::Uuid>().is_ok(),
        "date-time" => text.parse::<Timestamp>().is_ok(),
        "date" => text.parse::<Date>().is_ok(),
        format => panic!("format {format} is not understood"),
    }
}
