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

/// E3: what is answered around every door, as when Custody starts or stops, is a problem at the programs' one and nowhere
/// else; its headers stay.
#[tokio::test]
async fn e3_what_goes_wrong_around_the_doors_is_a_problem_for_programs() {
    let dir = tempfile::tempdir().unwrap();
    let parts = Parts::quiet(Policy::built_in(), Clock::System, "http://127.0.0.1:8080".parse().unwrap());
    let app = App::new(Db::open(&dir.path().join("custody.db")).await.unwrap(), parts);
    // The board is never built, and Custody stops.
    app.stop.cancel();
    let all = router(app.clone());
    let kind = |answer: &Response| answer.headers().get(header::CONTENT_TYPE).map(|t| t.to_str().unwrap().to_owned());
    for (path, problem) in [
        ("/api/v1/devices", true),
        ("/api/v1/status/magnet", true),
        ("/.well-known/jwks.json", true),
        ("/api/docs", false),
        ("/devices.csv", false),
    ] {
        let asked = Request::get(path).body(Body::empty()).unwrap();
        let answer = all.clone().oneshot(asked).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (503, &b"2"[..]), "{path}");
        let is_problem = kind(&answer).is_some_and(|kind| kind == "application/problem+json");
        assert_eq!(is_problem, problem, "{path}");
    }
    let slow = (StatusCode::REQUEST_TIMEOUT, [("x-request-id", "7")], "a text").into_response();
    let told = api::complete(slow);
    assert_eq!(kind(&told).unwrap(), "application/problem+json");
    assert_eq!(told.headers()["x-request-id"], "7");
    let body = axum::body::to_bytes(told.into_body(), 4096).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((body["code"].as_str(), body["status"].as_u64()), (Some("too_slow"), Some(408)));
    app.db.close().await.unwrap();
}

/// A35, F2: what takes too long, panics or comes while Custody stops is told to people on a page, in the brightness that
/// they chose, which claims no more than is known.
#[tokio::test]
async fn a35_what_goes_wrong_around_the_doors_is_a_page_for_people() {
    let dir = tempfile::tempdir().unwrap();
    let parts = Parts::quiet(Policy::built_in(), Clock::System, "http://127.0.0.1:8080".parse().unwrap());
    let app = App::new(Db::open(&dir.path().join("custody.db")).await.unwrap(), parts);
    let asked = |method: &str| {
        let request =
            Request::builder().method(method).uri("/devices/magnet/deploy?a=1").header("cookie", "theme=night");
        let request = request.header("referer", "http://127.0.0.1:8080/devices/magnet");
        web::around::Asked::of(&request.body(Body::empty()).unwrap())
    };
    let text = async |page: Response| {
        let bytes = axum::body::to_bytes(page.into_body(), 1 << 20).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    let bare = |status: u16| {
        let headers = [("x-request-id", "7"), ("retry-after", "2")];
        (StatusCode::from_u16(status).unwrap(), headers, "a text").into_response()
    };
    for (status, says) in [
        (408, "look whether it was before you send it again"),
        (500, "look whether it was saved before you send it again"),
        (503, "Custody cannot answer now"),
    ] {
        let page = asked("POST").page(&app, &bare(status)).unwrap();
        let of = (page.status().as_u16(), page.headers()["retry-after"].as_bytes());
        assert_eq!(of, (status, &b"2"[..]));
        let page = text(page).await;
        assert!(page.contains(says) && page.contains("data-theme=\"night\""), "{status}: {page}");
        assert_eq!(page.contains("Nothing was saved"), status == 503, "{status}: {page}");
    }
    let page = text(asked("GET").page(&app, &bare(408)).unwrap()).await;
    assert!(page.contains("href=\"/devices/magnet/deploy?a=1\">Try again</a>"), "{page}");
    let page = text(asked("POST").page(&app, &bare(408)).unwrap()).await;
    assert!(page.contains("href=\"/devices/magnet\">Try again</a>"), "a form is sent again from its page: {page}");
    assert!(asked("GET").page(&app, &bare(404)).is_none());
    let drawn = (StatusCode::INTERNAL_SERVER_ERROR, axum::response::Html("a page")).into_response();
    assert!(asked("GET").page(&app, &drawn).is_none());
    // Nobody is let in any more: what the doors answer then has the content policy of every page.
    app.stop.cancel();
    let asked = Request::get("/devices/magnet").body(Body::empty()).unwrap();
    let answer = router(app.clone()).oneshot(asked).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (503, &b"2"[..]));
    assert_eq!(answer.headers()["content-security-policy"], CONTENT_POLICY);
    assert!(text(answer).await.contains("Custody cannot answer now"));
    app.db.close().await.unwrap();
}
