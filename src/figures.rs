//! What is counted since the start, for Prometheus. Each [`crate::app::App`] counts for itself: nothing here is the
//! process's own.
//! Source of names and form: Prometheus, "Metric and label naming" and text exposition format 0.0.4.

use axum::http::{Method, StatusCode};
use chrono::{DateTime, Utc};
use metrics::{Histogram, Key, Label, Level, Metadata, Recorder, counter, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Upper bounds of the parts into which durations fall, in seconds.
const BOUNDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

const DURATIONS: &str = "custody_http_request_duration_seconds";

/// The classes of statuses, from 100 on.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// What is counted from many rows is counted anew after so long, however often it is asked for: it changes over days.
const COUNTED_FOR: Duration = Duration::from_secs(60);

/// A method under its own name; whatever else somebody sends is one more (A35).
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The answers of one route to one method.
pub struct Answers {
    by_class: [AtomicU64; CLASSES.len()],
    durations: Histogram,
}

impl Answers {
    /// An answer that was given again as it was: one more, and as good as no time.
    pub fn count(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        self.by_class[class].fetch_add(1, Ordering::Relaxed);
    }

    /// An answer that was worked out, in this time until it began.
    pub fn count_worked_out(&self, status: StatusCode, took: Duration) {
        self.count(status);
        self.durations.record(took.as_secs_f64());
    }
}

/// By route, and by method.
type ByRoute = HashMap<String, HashMap<&'static str, Arc<Answers>>>;

/// How many devices are behind in each environment.
type Behind = Vec<(&'static str, u64)>;

/// What has been counted since the start.
pub struct Figures {
    /// Durations alone: whatever is one number is kept here.
    recorder: PrometheusRecorder,
    answers: RwLock<ByRoute>,
    panics: AtomicU64,
    streams: Arc<AtomicU64>,
    /// In seconds since 1970; 0 where there is none.
    checkpoint: AtomicI64,
    /// What is behind, by environment (G7), and when that was counted.
    behind: Mutex<Option<(Instant, Behind)>>,
}

impl Default for Figures {
    fn default() -> Self {
        let recorder = PrometheusBuilder::new().set_buckets(&BOUNDS).expect("there are bounds").build_recorder();
        recorder.describe_histogram(
            DURATIONS.into(),
            None,
            "Time until an answer began, of requests that were worked out; small answers given again from memory take none."
                .into(),
        );
        Self {
            recorder,
            answers: RwLock::default(),
            panics: AtomicU64::default(),
            streams: Arc::default(),
            checkpoint: AtomicI64::default(),
            behind: Mutex::default(),
        }
    }
}

/// A stream that is open; dropped, it is none.
pub struct OpenStream(Arc<AtomicU64>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Figures {
    /// Where answers of this route to this method are counted. The route as it is written in the source, never the
    /// address: that may hold a secret, and there are as many as anybody likes.
    pub fn answers(&self, route: &str, method: &Method) -> Arc<Answers> {
        let method = name(method);
        let all = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(answers) = all.get(route).and_then(|of| of.get(method)) {
            return answers.clone();
        }
        drop(all);
        let mut all = self.answers.write().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let labels = vec![Label::new("route", route.to_owned()), Label::new("method", method)];
            let metadata = Metadata::new(module_path!(), Level::INFO, None);
            let durations = self.recorder.register_histogram(&Key::from_parts(DURATIONS, labels), &metadata);
            Arc::new(Answers { by_class: Default::default(), durations })
        };
        all.entry(route.to_owned()).or_default().entry(method).or_insert_with(new).clone()
    }

    /// What is behind in its cadence, where that was counted lately (G7).
    pub fn behind(&self) -> Option<Behind> {
        let counted = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        counted.as_ref().filter(|(at, _)| at.elapsed() < COUNTED_FOR).map(|(_, all)| all.clone())
    }

    /// That was counted just now.
    pub fn set_behind(&self, all: &[(&'static str, u64)]) {
        *self.behind.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), all.to_vec()));
    }

    /// Something panicked, and was caught.
    pub fn panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    /// A stream is open from now on, as long as this is kept.
    pub fn open_stream(&self) -> OpenStream {
        self.streams.fetch_add(1, Ordering::Relaxed);
        OpenStream(self.streams.clone())
    }

    /// Checkpoints are to be taken from this moment on: where none ever is, that grows old too.
    pub fn expects_checkpoints(&self, at: DateTime<Utc>) {
        let _ = self.checkpoint.compare_exchange(0, at.timestamp(), Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The journal met its checkpoints at this moment, and the newest is of where it ended then (A36).
    pub fn checkpointed(&self, at: DateTime<Utc>) {
        self.checkpoint.store(at.timestamp(), Ordering::Relaxed);
    }

    /// When it last did, or was to begin with; `None` where no checkpoints are taken here.
    pub fn last_checkpoint(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.checkpoint.load(Ordering::Relaxed), 0).filter(|at| at.timestamp() > 0)
    }

    /// Puts single durations together; to be called now and then, or they are kept one by one.
    pub fn gather_durations(&self) {
        self.recorder.handle().run_upkeep();
    }

    /// Everything that is counted, and what `beside` says by the macros of the crate `metrics`: as it is at this moment,
    /// for it is written into a recorder of its own.
    pub fn render(&self, beside: impl FnOnce()) -> String {
        let moment = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&moment, || {
            self.write();
            beside();
        });
        self.recorder.handle().render() + &moment.handle().render()
    }

    fn write(&self) {
        describe_counter!(
            "custody_http_requests_total",
            "Requests that were answered, by route, method and class of status."
        );
        let all = self.answers.read().unwrap_or_else(PoisonError::into_inner);
        for (route, by_method) in &*all {
            for (method, answers) in by_method {
                for (class, many) in CLASSES.into_iter().zip(&answers.by_class) {
                    let many = many.load(Ordering::Relaxed);
                    if many > 0 {
                        let route = route.clone();
                        counter!("custody_http_requests_total", "route" => route, "method" => *method, "status" => class)
                            .absolute(many);
                    }
                }
            }
        }
        describe_counter!("custody_panics_total", "Panics that were caught: each is an error of Custody's own.");
        counter!("custody_panics_total").absolute(self.panics.load(Ordering::Relaxed));
        describe_gauge!("custody_open_streams", "Boards and programs that are connected and follow what happens.");
        gauge!("custody_open_streams").set(self.streams.load(Ordering::Relaxed) as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two apps in one process count for themselves; what is of no known method or status is bounded (A35).
    #[test]
    fn each_counts_for_itself() {
        let (one, two) = (Figures::default(), Figures::default());
        let get = one.answers("/devices/{name}", &Method::GET);
        get.count_worked_out(StatusCode::OK, Duration::from_millis(3));
        one.answers("/devices/{name}", &Method::GET).count(StatusCode::NOT_MODIFIED);
        one.answers("/", &Method::from_bytes(b"BREW").unwrap()).count(StatusCode::from_u16(799).unwrap());
        let open = one.open_stream();
        one.panicked();
        let text = one.render(|| gauge!("custody_beside").set(1.5));
        for line in [
            r#"custody_http_requests_total{route="/devices/{name}",method="GET",status="2xx"} 1"#,
            r#"custody_http_requests_total{route="/devices/{name}",method="GET",status="3xx"} 1"#,
            r#"custody_http_requests_total{route="/",method="other",status="5xx"} 1"#,
            r#"custody_http_request_duration_seconds_bucket{route="/devices/{name}",method="GET",le="0.0025"} 0"#,
            r#"custody_http_request_duration_seconds_bucket{route="/devices/{name}",method="GET",le="0.005"} 1"#,
            r#"custody_http_request_duration_seconds_count{route="/devices/{name}",method="GET"} 1"#,
            "custody_panics_total 1",
            "# HELP custody_open_streams Boards and programs that are connected and follow what happens.",
            "custody_open_streams 1",
            "custody_beside 1.5",
            "# TYPE custody_http_requests_total counter",
            "# TYPE custody_http_request_duration_seconds histogram",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in {text}");
        }
        drop(open);
        one.gather_durations();
        assert!(one.render(|| {}).contains("custody_open_streams 0"));
        let other = two.render(|| {});
        assert!(other.contains("custody_panics_total 0") && !other.contains("/devices"), "{other}");
    }
}
