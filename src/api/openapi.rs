//! The API's description (OpenAPI 3.1), made from the routes themselves: what every address has in common is added here.

mod words;

use super::{once::Changes, problem::Details};
use axum::{
    Extension,
    http::{HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::{PartialSchema, ToSchema, openapi::OpenApi};
use words::{ABOUT, PLACES, REFUSALS, TAGS};

/// The description, as it is sent.
#[derive(Clone)]
pub struct Described(pub Arc<Value>);

/// What is overwritten or removed by what was read, and is no device: `If-Match` may say what that was.
const MARKED: [&str; 13] = [
    "/api/v1/groups/{group}",
    "/api/v1/groups/{group}/channels/{channel}",
    "/api/v1/groups/{group}/members/{person}",
    "/api/v1/hosts/{host}",
    "/api/v1/me",
    "/api/v1/me/channels/{channel}",
    "/api/v1/people/{person}",
    "/api/v1/people/{person}/absences/{absence}",
    "/api/v1/servers/{server}",
    "/api/v1/servers/{server}/environment",
    "/api/v1/devices/{name}/framework",
    "/api/v1/devices/{name}/moving_on",
    "/api/v1/devices/{name}/moving_on/hold",
];

/// What is told without a token, and with one in more words.
const MORE_BY_TOKEN: [&str; 1] = ["/api/v1/devices/{name}/history"];

/// The whole description of these routes.
pub fn describe(of: OpenApi) -> Described {
    let mut all = serde_json::to_value(of).unwrap_or_default();
    all["openapi"] = json!("3.1.0");
    all["info"] = json!({ "title": "Custody", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT });
    all["servers"] = json!([{ "url": "/" }]);
    all["tags"] = TAGS.iter().map(|(name, about)| json!({ "name": name, "description": about })).collect();
    let paths = std::mem::take(&mut all["paths"]);
    let mut named = Map::new();
    for (path, mut item) in paths.as_object().cloned().unwrap_or_default() {
        let path = path.replace("{*", "{");
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            complete(&path, method, operation);
        }
        named.insert(path, item);
    }
    all["paths"] = Value::Object(named);
    let components = &mut all["components"];
    let mut schemas = Vec::from([(Details::name().into_owned(), Details::schema())]);
    Details::schemas(&mut schemas);
    for (name, schema) in schemas {
        components["schemas"][name] = serde_json::to_value(schema).unwrap_or_default();
    }
    for (status, name, why) in REFUSALS {
        let content = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
        components["responses"][name] = json!({ "description": why, "content": content });
        if matches!(status, "429" | "503") {
            components["responses"][name]["headers"]["Retry-After"] = json!({
                "required": true, "description": "So many seconds.", "schema": { "type": "integer", "minimum": 0 }
            });
        }
    }
    components["securitySchemes"]["bearer"] = json!({
        "type": "http", "scheme": "bearer",
        "description": "A token that its maker was shown once: custody_…"
    });
    close_bodies(&mut all);
    Described(Arc::new(all))
}

/// The addresses that change something and need a token, with their methods.
pub fn changes(described: &Described) -> Changes {
    let methods = [("post", Method::POST), ("put", Method::PUT), ("delete", Method::DELETE)];
    let items = described.0["paths"].as_object().into_iter().flatten();
    let found = items.flat_map(|(path, item)| {
        methods
            .iter()
            .filter(move |(m, _)| needs_token(&item[*m]))
            .map(move |(_, method)| (method.clone(), path.clone()))
    });
    Arc::new(found.collect())
}

/// Whether an operation is for nobody without a token: `{}` among the ways in stands for none.
fn needs_token(operation: &Value) -> bool {
    operation["security"].as_array().is_some_and(|ways| !ways.is_empty() && !ways.contains(&json!({})))
}

/// Adds to an operation what follows from its address: its id, its places, its headers, its refusals.
fn complete(path: &str, method: &str, operation: &mut Value) {
    let is_change = method != "get";
    let id: String = path.trim_start_matches("/api/v1/").replace(['{', '}', '.'], "").replace('/', "_");
    operation["operationId"] = json!(format!("{method}_{id}"));
    let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    parameters.iter_mut().for_each(plain);
    for place in path.split('/').filter_map(|p| p.strip_prefix('{')?.strip_suffix('}')) {
        if !parameters.iter().any(|p| p["in"] == "path" && p["name"] == place) {
            let about = PLACES.iter().find(|(name, _)| *name == place).map_or("", |(_, about)| about);
            parameters.push(json!({
                "name": place, "in": "path", "required": true, "description": about,
                "schema": { "type": "string", "minLength": 1 }
            }));
        }
    }
    if MORE_BY_TOKEN.contains(&path) {
        operation["security"] = json!([{}, { "bearer": [] }]);
    }
    let takes_token = operation["security"].as_array().is_some_and(|ways| !ways.is_empty());
    if !takes_token {
        operation["security"] = json!([]);
    }
    let needs_token = needs_token(operation);
    if is_change && needs_token {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Names this request: its repetition is answered, and not acted out again.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]([ -~]*[!-~])?$" }
        }));
    }
    let is_marked = MARKED.contains(&path);
    if is_marked && is_change {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": false,
            "description": "The ETag of what was read: where that is not what is there now, nothing is changed.",
            "schema": { "type": "string", "minLength": 1, "pattern": "^(\\*|\"[!#-~]*\")$" }
        }));
    }
    for (status, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
        describe_headers(status, answer, is_marked, is_change && needs_token);
    }
    let needs_revision = parameters.iter().any(|p| p["name"] == "If-Match");
    let has_body = operation.get("requestBody").is_some();
    let has_place = parameters.iter().any(|p| p["in"] == "path");
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    for (status, name, _) in REFUSALS {
        let comes = match status {
            "401" => takes_token,
            "403" => needs_token,
            "404" => has_place || has_body,
            "409" => is_change || has_place,
            "412" => needs_revision,
            "428" => needs_revision && !is_marked,
            "413" | "415" => has_body,
            "405" => false,
            "408" => has_body,
            _ => true,
        };
        if comes && operation["responses"].get(status).is_none() {
            operation["responses"][status] = json!({ "$ref": format!("#/components/responses/{name}") });
        }
    }
}

/// The headers of an answer: what its own words name is always sent, and so is the mark of what can be changed.
fn describe_headers(status: &str, answer: &mut Value, is_marked: bool, is_repeated: bool) {
    if is_marked && status == "200" {
        answer["headers"]["ETag"] = json!({ "description": "Of what can be changed.", "schema": { "type": "string" } });
    }
    for (_, header) in answer.get_mut("headers").and_then(Value::as_object_mut).into_iter().flatten() {
        header["required"] = json!(true);
    }
    if is_repeated && status.starts_with('2') {
        answer["headers"]["Idempotency-Replayed"] = json!({
            "description": "It is the answer of before: nothing was done again.",
            "schema": { "type": "string", "enum": ["true"] }
        });
    }
}

/// A parameter is there or is not: none of them is `null`.
fn plain(parameter: &mut Value) {
    let schema = &mut parameter["schema"];
    if let Some(types) = schema["type"].as_array() {
        let other: Vec<Value> = types.iter().filter(|t| **t != "null").cloned().collect();
        if let [one] = other.as_slice() {
            schema["type"] = one.clone();
        }
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let other: Vec<Value> = choices.iter().filter(|c| c["type"] != "null").cloned().collect();
        if let [one] = other.as_slice() {
            *schema = one.clone();
        }
    }
}

/// Bodies take what is described and nothing else (A29).
fn close_bodies(all: &mut Value) {
    let mut open: Vec<String> = Vec::new();
    let bodies = all["paths"].as_object().into_iter().flat_map(|paths| paths.values());
    for body in bodies.flat_map(|item| item.as_object().into_iter().flat_map(|i| i.values())) {
        names(&body["requestBody"], &mut open);
    }
    let mut done: Vec<String> = Vec::new();
    while let Some(name) = open.pop() {
        if done.contains(&name) {
            continue;
        }
        let schema = &mut all["components"]["schemas"][&name];
        if schema["properties"].is_object() && schema.get("additionalProperties").is_none() {
            schema["additionalProperties"] = json!(false);
        }
        names(schema, &mut open);
        done.push(name);
    }
}

/// The schemas that are referred to in here.
fn names(of: &Value, into: &mut Vec<String>) {
    match of {
        Value::Object(all) => {
            for (key, value) in all {
                match (key.as_str(), value.as_str()) {
                    ("$ref", Some(to)) => into.extend(to.strip_prefix("#/components/schemas/").map(str::to_owned)),
                    _ => names(value, into),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|v| names(v, into)),
        _ => {}
    }
}

/// This description
///
/// OpenAPI 3.1, made from the routes themselves.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "Custody",
    responses((status = 200, description = "The description.", body = Value)))]
pub async fn show(Extension(described): Extension<Described>) -> Response {
    let mut answer = axum::Json(&*described.0).into_response();
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}
