use super::*;
use crate::{app::Parts, domain::policy::Policy, ports::clock::Clock, store::Db};
use axum::{body::Body, routing::get};
use tower::ServiceExt;

async fn breaks() -> &'static str {
    panic!("as a test wants it")
}

/// What panics is answered and counted, behind either kind of layers.
#[tokio::test]
async fn a_panic_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let parts = Parts::quiet(Policy::built_in(), Clock::System, "http://127.0.0.1:8080".parse().unwrap());
    let app = App::new(Db::open(&dir.path().join("custody.db")).await.unwrap(), parts);
    let small = lean(app.clone(), Router::new().route("/small", get(breaks)));
    let all = small.merge(common(app.clone(), Router::new().route("/large", get(breaks))));
    let all = all.layer(middleware::from_fn_with_state(app.clone(), counted));
    for path in ["/small", "/large", "/none"] {
        let asked = Request::get(path).body(Body::empty()).unwrap();
        let status = all.clone().oneshot(asked).await.unwrap().status();
        assert_eq!(status, if path == "/none" { 404 } else { 500 });
    }
    let figures = app.figures.render(|| {});
    for line in [
        "custody_panics_total 2",
        r#"custody_http_requests_total{route="/small",method="GET",status="5xx"} 1"#,
        r#"custody_http_requests_total{route="/large",method="GET",status="5xx"} 1"#,
        r#"custody_http_requests_total{route="unmatched",method="GET",status="4xx"} 1"#,
    ] {
        assert!(figures.lines().any(|l| l == line), "{line} in {figures}");
    }
    app.db.close().await.unwrap();
}
