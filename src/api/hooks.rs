//! What forges tell: tags, requests to merge, jobs (G2, A21, A22). They prove themselves, and are believed so far that the
//! repository is read.

use super::{
    problem::{Answer, Problem},
    token::origin,
};
use crate::{
    app::App,
    service::hooks::{self, Delivery, Heard, Proof, Readers},
};
use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::{Extensions, HeaderMap, StatusCode},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(hear))
}

/// What became of it.
#[derive(serde::Serialize, ToSchema)]
#[schema(as = HookHeard)]
pub struct HeardDto {
    heard: Heard,
}

/// What a forge tells: tags, requests to merge, jobs
///
/// It proves itself as forges do, by the secret that was made for this address; no token is needed.
#[utoipa::path(post, path = "/api/v1/hooks/{hook}", tag = "Forges",
    request_body(content = serde_json::Value, description = "What the forge sends."),
    responses((status = 200, description = "Heard; nothing is to be done.", body = HeardDto),
        (status = 202, description = "Heard; the repository is read.", body = HeardDto),
        (status = 401, description = "Who sends it is not proved.", body = super::problem::Details, content_type = "application/problem+json")))]
pub async fn hear(
    State(app): State<App>,
    Extension(readers): Extension<Readers>,
    Path(id): Path<String>,
    headers: HeaderMap,
    extensions: Extensions,
    body: Bytes,
) -> Answer<(StatusCode, Json<HeardDto>)> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    // Nobody learns which addresses there are.
    let hook = hooks::find(&app, &id).await?.ok_or_else(Problem::not_proved)?;
    let signed = text("webhook-id").zip(text("webhook-timestamp")).zip(text("webhook-signature"));
    let proof = Proof {
        token: text("x-gitlab-token"),
        signed: signed.map(|((id, at), signature)| (id, at, signature)),
        signature: text("x-hub-signature-256").or(text("x-gitea-signature")).or(text("x-forgejo-signature")),
    };
    hooks::prove(&app, &hook, &proof, &body, &origin(&extensions)).map_err(|_| Problem::not_proved())?;
    let (event, ids) = hook.forge.headers();
    let delivery = Delivery {
        event: text(event).unwrap_or_default(),
        id: ids.iter().find_map(|name| text(name)).unwrap_or_default(),
        body: &body,
    };
    let heard = hooks::hear(&app, &readers, &hook, delivery).await?;
    let status = match heard {
        Heard::Reading | Heard::Later => StatusCode::ACCEPTED,
        Heard::Repeated | Heard::NothingToDo => StatusCode::OK,
    };
    Ok((status, Json(HeardDto { heard })))
}
