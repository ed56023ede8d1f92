//! The API's description (OpenAPI 3.1), made from the routes themselves: what every address has in common is added here.

use super::{once::Changes, problem::Details};
use axum::{
    Extension,
    http::{HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::{PartialSchema, ToSchema, openapi::OpenApi};

/// The description, as it is sent.
#[derive(Clone)]
pub struct Described(pub Arc<Value>);

/// What the parts of the API are about, in the order of the description.
const TAGS: [(&str, &str); 16] = [
    ("Devices", "Devices on record, and every step of their lives."),
    ("Releases", "Tags that Custody verified, and the stages that they pass."),
    ("Deployments", "What goes where: asked for, permitted, reported on."),
    ("Overrides", "What two people of CTRL let through in an emergency."),
    ("Status", "What operators see: may one rely on it, and whom to call."),
    ("Shift", "Changes of support that the shift acknowledges."),
    ("Observations", "What runs, as agents and collectors see it."),
    ("Events", "Everything that happened, in its order."),
    ("Work", "What waits for whom."),
    ("Me", "The person that a token speaks for."),
    ("People", "People, and when they are away."),
    ("Groups", "Groups of people, and the roles that they give."),
    ("Servers", "Device servers and their hosts."),
    ("Tokens", "What programs sign in with."),
    ("Forges", "Forges that tell of new tags."),
    ("Custody", "Custody itself."),
];

/// What a part of an address is, by its name.
const PLACES: [(&str, &str); 17] = [
    ("absence", "The absence's id."),
    ("anything", "An instance, device, class, server, host or person, however it is spelled."),
    ("channel", "The channel's id; mail for one's own mail."),
    ("collector", "The collector's name in the policy."),
    ("deployment", "The deployment's id."),
    ("group", "The group's id."),
    ("id", "Its id."),
    ("message", "The message's id in the outbox."),
    ("name", "The device's name."),
    ("number", "Its number within the device."),
    ("person", "The person's id."),
    ("server", "The server's name, its slash sent as %2F."),
    ("session", "The session's id."),
    ("tag", "The tag's name."),
    ("token", "The token's id."),
    ("hook", "The address's own part."),
    ("host", "The host's name."),
];

/// Answers that are no success: when, as which status, why.
const REFUSALS: [(&str, &str, &str); 14] = [
    ("400", "Unreadable", "What was sent cannot be read."),
    ("401", "NoToken", "No token, or one that opens nothing."),
    ("403", "NotYours", "It is not for this token, or not for whom it speaks for, to do."),
    ("404", "NothingHere", "There is no such thing, or its existence is private."),
    ("405", "AnotherMethod", "The header Allow lists what this address takes."),
    ("408", "TooSlow", "It took too long; what was asked for may still be done."),
    ("409", "Refused", "Nothing was changed: the gates say what is missing."),
    ("412", "Changed", "It is not what it was when it was read: what has happened since, or what is there now."),
    ("413", "TooLarge", "The body is larger than 2 MiB."),
    ("415", "OtherType", "The body is no JSON, or is compressed."),
    ("422", "Entries", "Some entries need a change."),
    ("428", "RevisionNeeded", "The header If-Match is needed: the device's ETag as it was read."),
    ("429", "TooOften", "Too many requests: wait as long as Retry-After says."),
    ("503", "Unavailable", "Custody cannot answer now; its detail says whether anything may have been saved."),
];

const ABOUT: &str = "The registry of record for contributed devices: who owns them, what support they get, whom to call.\n\n\
    Errors are problem details (RFC 9457) with a stable `code`; a refused step lists every gate, met or not. \
    `ETag` and `If-Match` keep a change from being decided by what is out of date. A repetition with the same \
    `Idempotency-Key` is answered and not acted out again. Lists go on at `next`, sent as `after`. \
    Fields may be added; what is here keeps its name and its meaning.";

/// What is overwritten or removed by what was read, and is no device: `If-Match` may say what that was.
const MARKED: [&str; 12] = [
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
    "/api/v1/devices/{name}/moving_on",
    "/api/v1/devices/{name}/moving_on/hold",
];

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
    for (_, name, why) in REFUSALS {
        let content = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
        components["responses"][name] = json!({ "description": why, "content": content });
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
        let with_token = |of: &Value| of["security"].as_array().is_some_and(|s| !s.is_empty());
        methods
            .iter()
            .filter(move |(m, _)| with_token(&item[*m]))
            .map(move |(_, method)| (method.clone(), path.clone()))
    });
    Arc::new(found.collect())
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
    let has_token = operation.get("security").is_some_and(|s| s.as_array().is_some_and(|s| !s.is_empty()));
    if !has_token {
        operation["security"] = json!([]);
    }
    if is_change && has_token {
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
    if is_marked && let Some(shown) = operation["responses"].get_mut("200") {
        shown["headers"]["ETag"] = json!({ "description": "Of what can be changed.", "schema": { "type": "string" } });
    }
    let needs_revision = parameters.iter().any(|p| p["name"] == "If-Match");
    let has_body = operation.get("requestBody").is_some();
    let has_place = parameters.iter().any(|p| p["in"] == "path");
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    for (status, name, _) in REFUSALS {
        let comes = match status {
            "401" | "403" => has_token,
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
