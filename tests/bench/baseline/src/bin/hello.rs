//! The floor under every figure over HTTP: a bare axum that says hello, and one that serves given bytes from memory.
//! `hello FILE`; prints its address.

use axum::{Router, body::Bytes, http::header, routing::get};

#[tokio::main]
async fn main() {
    let file = std::env::args().nth(1).expect("usage: hello FILE");
    let bytes = Bytes::from(std::fs::read(file).expect("the file can be read"));
    let page = move || {
        let bytes = bytes.clone();
        async move { ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], bytes) }
    };
    let routes = Router::new().route("/", get(|| async { "Hello" })).route("/page", get(page));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
    println!("http://{}", listener.local_addr().expect("it is bound"));
    axum::serve(listener, routes).await.expect("it serves");
}
