//! nginx (Debian's `nginx-light`) as the README has it: the same text, with other addresses and other files.

use super::{openssl, readme};
use crate::{reserved::Reserved, waiting::PATIENCE};
use std::{
    fs,
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Where the README has Custody.
const HOST: &str = "custody.example.org";

/// nginx with TLS before some replicas, ended with the test.
pub struct Nginx {
    process: Child,
    dir: tempfile::TempDir,
    address: Reserved,
}

impl Nginx {
    pub fn before(replicas: &[SocketAddr]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path();
        openssl::certificate(HOST, None, &place.join("key.pem"), &place.join("cert.pem"));
        let address = Reserved::new();
        let servers: String = replicas.iter().map(|at| format!("    server {at} max_fails=0;\n")).collect();
        let file = |name: &str| place.join(name).display().to_string();
        let text = readme::with(
            readme::block("**In front of it**", "nginx"),
            &[
                ("    server 127.0.0.1:8080 max_fails=0;\n", &servers),
                ("listen 443 ", &format!("listen {} ", address.at)),
                ("/etc/ssl/custody/fullchain.pem", &file("cert.pem")),
                ("/etc/ssl/custody/key.pem", &file("key.pem")),
            ],
        );
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {};\n", file(what)))
            .concat();
        // SAFETY: it only reads.
        let user = if unsafe { libc::geteuid() } == 0 { "user root;\n" } else { "" };
        let around = format!(
            "{user}daemon off;\npid {};\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{text}}}\n",
            file("pid")
        );
        fs::write(place.join("nginx.conf"), around).unwrap();
        let process = Command::new("/usr/sbin/nginx")
            .arg("-e")
            .arg(place.join("errors"))
            .arg("-c")
            .arg(place.join("nginx.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx starts: install nginx-light, as tests/run does");
        let nginx = Self { process, dir, address };
        let begun = Instant::now();
        while TcpStream::connect(nginx.address.at).is_err() {
            assert!(begun.elapsed() < PATIENCE, "nginx does not listen: {}", nginx.errors());
            std::thread::sleep(Duration::from_millis(20));
        }
        nginx
    }

    /// The address under which people open Custody.
    pub fn url(&self) -> String {
        format!("https://{HOST}:{}", self.address.at.port())
    }

    /// Somebody who finds that name, and trusts its certificate and no other.
    pub fn client(&self) -> reqwest::Client {
        let authority = fs::read(self.dir.path().join("cert.pem")).unwrap();
        reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .resolve(HOST, self.address.at)
            .tls_certs_only([reqwest::Certificate::from_pem(&authority).unwrap()])
            .build()
            .unwrap()
    }

    /// What it has complained of, but for replicas that nobody was at.
    pub fn errors(&self) -> String {
        let all = fs::read_to_string(self.dir.path().join("errors")).unwrap_or_default();
        all.lines().filter(|l| !l.contains("Connection refused")).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Asked to end, it ends its workers too.
        // SAFETY: our own child.
        unsafe { libc::kill(self.process.id() as i32, libc::SIGTERM) };
        let _ = self.process.wait();
    }
}
