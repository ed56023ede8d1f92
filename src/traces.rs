//! Traces for OpenTelemetry: each request, what it changes and the git that it waits for, sent to a collector where one is
//! set. Source: OTLP over HTTP (protobuf); W3C Trace Context.

use axum::http::{HeaderMap, Method, StatusCode};
use opentelemetry::{propagation::TextMapPropagator, trace::TracerProvider};
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{SdkTracer, SdkTracerProvider},
};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::runtime::Handle;
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};
use url::Url;

/// A collector has this long to take what is sent.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is left at the end has this long: Custody is gone within ten seconds of being told (F13).
const LAST: Duration = Duration::from_secs(1);

/// Whether anything is sent: names for it are made then only.
static ON: AtomicBool = AtomicBool::new(false);

/// The sending of traces. What a collector does not take is dropped.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins to send to the collector at this address, from within the runtime.
    pub fn start(collector: &Url) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let to = format!("{}/v1/traces", collector.as_str().trim_end_matches('/'));
        let client =
            reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()?;
        let sender = Sender { client, runtime: Handle::current(), is_away: AtomicBool::new(false) };
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(sender)
            .with_endpoint(to)
            .build()?;
        let provider = SdkTracerProvider::builder()
            .with_resource(Resource::builder().with_service_name("custody").build())
            .with_batch_exporter(exporter)
            .build();
        ON.store(true, Ordering::Relaxed);
        Ok(Self(provider))
    }

    /// What turns Custody's own spans into traces.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        let tracer: SdkTracer = self.0.tracer("custody");
        let own = filter_fn(|m| m.is_span() && *m.level() <= Level::INFO && m.target().starts_with("custody"));
        tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false).with_filter(own)
    }

    /// Sends what is left.
    pub async fn stop(self) {
        let last = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(LAST));
        if let Ok(Err(error)) = last.await {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Names a request's span, and has it continue the trace that it came with.
pub fn name(span: &Span, method: &Method, route: &str, headers: &HeaderMap) {
    if !ON.load(Ordering::Relaxed) {
        return;
    }
    span.record("otel.name", format!("{method} {route}"));
    span.record("otel.kind", "server");
    let came_with = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    // Refused where the log takes no such spans: there is nothing to continue then.
    let _ = span.set_parent(came_with);
}

/// How a request ended.
pub fn answered(span: &Span, status: StatusCode) {
    span.record("status", status.as_u16());
    if status.is_server_error() && ON.load(Ordering::Relaxed) {
        span.record("otel.status_code", "ERROR");
    }
}

/// Sends from the runtime whatever thread asks: what is sent is gathered on one of its own.
#[derive(Debug)]
struct Sender {
    client: reqwest::Client,
    runtime: Handle,
    /// Whether the collector did not take what was sent last.
    is_away: AtomicBool,
}

impl Sender {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request: reqwest::Request = request.try_into()?;
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let answer = client.execute(request).await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            Ok::<_, reqwest::Error>((status, headers, answer.bytes().await?))
        });
        let (status, headers, body) = sent.await??;
        let mut answer = Response::new(body);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }

    fn taken(&self) {
        if self.is_away.swap(false, Ordering::Relaxed) {
            tracing::info!("the collector takes traces again");
        }
    }

    /// Said once, not for every batch.
    fn not_taken(&self, why: &str) {
        if !self.is_away.swap(true, Ordering::Relaxed) {
            tracing::warn!(why, "the collector takes no traces; they are dropped until it does");
        }
    }
}

#[async_trait::async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.send(request).await;
        match &sent {
            Ok(answer) if answer.status().is_success() => self.taken(),
            Ok(answer) => self.not_taken(&format!("it answered {}", answer.status())),
            Err(error) => {
                let mut why = error.to_string();
                let mut cause = error.source();
                while let Some(c) = cause {
                    why = format!("{why}: {c}");
                    cause = c.source();
                }
                self.not_taken(&why);
            }
        }
        sent
    }
}
