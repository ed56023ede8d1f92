//! `cargo bench --bench queries -- DIR PAGE`: serves the statements that a page runs, and nothing else of it, from a bare
//! handler over sea-orm: the floor under that page. DIR holds a `custody.db` that nobody else has open. Prints its address
//! and serves until it is ended.

use axum::{Router, body::Body, extract::ConnectInfo, http::Request, routing::get};
use custody::{
    app::{App, Parts},
    domain::policy::Policy,
    ports::clock::Clock,
    service::feed,
    store::Db,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
};
use tower::ServiceExt;

fn main() {
    let mut given = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let (Some(data), Some(page)) = (given.next(), given.next()) else {
        println!("usage: cargo bench --bench queries -- DIR PAGE, with a custody.db in DIR");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("it starts");
    runtime.block_on(async {
        let (db, statements, bytes) = of_page(Path::new(&data), &page).await;
        eprintln!("{} statements, {bytes} bytes", statements.len());
        let (statements, body) = (Arc::new(statements), axum::body::Bytes::from(vec![b'x'; bytes]));
        let answer = move || {
            let (db, statements, body) = (db.clone(), statements.clone(), body.clone());
            async move {
                for s in statements.iter() {
                    db.query_all_raw(s.clone()).await.expect("it reads");
                }
                body
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
        println!("http://{}", listener.local_addr().expect("it is bound"));
        axum::serve(listener, Router::new().route("/", get(answer))).await.expect("it serves");
    });
}

/// What a page asks the database, as it is asked, and how long the page is.
async fn of_page(data: &Path, page: &str) -> (DatabaseConnection, Vec<Statement>, usize) {
    let mut db = Db::open(&data.join("custody.db")).await.expect("it opens");
    let plain = db.read.clone();
    let heard: Arc<Mutex<Vec<Statement>>> = Arc::default();
    let hears = heard.clone();
    db.read.set_metric_callback(move |info| hears.lock().expect("nobody panicked").push(info.statement.clone()));
    let parts =
        Parts::quiet(Policy::built_in(), Clock::System, "http://127.0.0.1:8080".parse().expect("it is an address"));
    let app = App::new(db, parts);
    feed::start(&app).await.expect("it reads");
    let routes = custody::http::router(app.clone());
    // What Custody asks of its own is not the page's: it waits for this.
    let _nothing_is_taken_in = app.projection.taking_in.lock().await;
    // Twice: what the first asks for to keep it is not asked again.
    let mut bytes = 0;
    for _ in 0..2 {
        heard.lock().expect("nobody panicked").clear();
        let mut request = Request::get(page).body(Body::empty()).expect("it is a request");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
        let answer = routes.clone().oneshot(request).await.expect("it answers");
        assert!(answer.status().is_success(), "{page} is {}", answer.status());
        bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("it is whole").len();
    }
    app.stop.cancel();
    let statements = std::mem::take(&mut *heard.lock().expect("nobody panicked"));
    (plain, statements, bytes)
}
