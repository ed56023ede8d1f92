//! PostgreSQL as the README has replicas reach it: over the network, with a password, and certain of whom they speak to
//! (E7).

use super::{openssl, readme};
use crate::{
    backup::{custody, said},
    postgres::{self, Cluster},
    reserved::Reserved,
    served::Served,
};
use sea_orm::sqlx::{self, Connection, PgConnection};
use std::{fs, path::Path};

/// Whoever may come, by the README's line: from this machine.
fn who() -> String {
    readme::with(
        readme::block("In `pg_hba.conf` a line lets the replicas in", "text"),
        &[("10.1.0.0/24", "127.0.0.1/32")],
    )
}

/// A server by the README's settings, on this port of this machine, with a certificate of this authority.
fn installed(dir: &Path, port: u16) -> Cluster {
    let [ca_key, ca, key, certificate] = ["ca.key", "ca.pem", "db.key", "db.pem"].map(|name| dir.join(name));
    openssl::certificate("localhost", Some((ca_key.as_path(), ca.as_path())), &key, &certificate);
    for file in [dir, key.as_path(), certificate.as_path()] {
        postgres::own(file);
    }
    let settings = readme::with(
        readme::block("1. The database, on `db.example.org`.", "ini"),
        &[
            ("'*'", "'127.0.0.1'"),
            ("/etc/postgresql/db.example.org.key", key.to_str().unwrap()),
            ("/etc/postgresql/db.example.org.pem", certificate.to_str().unwrap()),
        ],
    );
    let server = Cluster::start_as_installed(port, &settings, &who());
    let made = readme::with(
        readme::block("After that, with `ca.pem`", "sh"),
        &[
            ("systemctl restart postgresql\n", ""),
            ("sudo -u postgres ", ""),
            // Nobody is there to be asked for it.
            (
                "createuser --pwprompt custody",
                "createuser custody; psql -qc \"ALTER ROLE custody PASSWORD 'se@cret'\" postgres",
            ),
        ],
    );
    server.shell(&made);
    server
}

/// E7: replicas reach it by the address of the README, under a name and a password, and encrypted; by no other way does it
/// let them in.
#[tokio::test(flavor = "multi_thread")]
async fn e7_the_database_is_reached_as_the_readme_has_it() {
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at = |name: &str| dir.path().join(name);
    for name in ["ca", "other"] {
        openssl::authority(&at(&format!("{name}.key")), &at(&format!("{name}.pem")));
    }
    let reserved = Reserved::new();
    let port = reserved.at.port();
    let server = installed(dir.path(), port);
    let environment = readme::block("3. On each its own", "sh");
    let line =
        environment.lines().find_map(|line| line.strip_prefix("CUSTODY_DATABASE='")?.strip_suffix('\'')).unwrap();
    let address = |host: &str, authority: &str| {
        let ca = at(authority).display().to_string();
        let host = format!("@{host}:{port}/");
        readme::with(
            line.to_owned(),
            &[("@db.example.org/", &host), (":PASSWORD@", ":se%40cret@"), ("/etc/custody/ca.pem", &ca)],
        )
    };
    let right = address("localhost", "ca.pem");
    let log = at("log");
    let (settings, to) = ([("CUSTODY_DATABASE", right.as_str())], fs::File::create(&log).unwrap().into());
    let served = Served::start_logged("127.0.0.1:0", "serve", data.path(), "Custody is at ", &settings, to);
    served.get("/").await;
    let logged = fs::read_to_string(&log).unwrap();
    assert!(!logged.contains("already exists"), "what is as it should be is no news: {logged}");
    let mut aside = PgConnection::connect(server.address("postgres").as_str()).await.unwrap();
    let sessions: Vec<bool> =
        sqlx::query_scalar("SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'custody'")
            .fetch_all(&mut aside)
            .await
            .unwrap();
    assert!(!sessions.is_empty() && sessions.iter().all(|ssl| *ssl), "{sessions:?}");
    aside.close().await.unwrap();
    drop(served);

    // Every command says what to do about it.
    let of_certificate =
        "Name the server as its certificate does, and with sslrootcert the authority that signed that.";
    let plain = right.replace("verify-full", "disable");
    let wrong = right.replace("se%40cret", "guessed");
    let exported = at("exported");
    let commands: [(&[&str], i32); 5] = [
        (&["serve", "--listen", "127.0.0.1:0"], 2),
        (&["keys", "list"], 1),
        (&["audit", "verify"], 1),
        (&["audit", "export"], 1),
        (&["audit", "export", "--to", exported.to_str().unwrap()], 1),
    ];
    let of_files = "A file that its address names (sslrootcert, sslcert, sslkey, or a socket in host) is not there";
    for (address, why, advice) in [
        (address("localhost", "none.pem"), "No such file or directory", of_files),
        (address("localhost", "other.pem"), "invalid peer certificate", of_certificate),
        (address("127.0.0.1", "ca.pem"), "invalid peer certificate", of_certificate),
        (plain, "no encryption", "ask with sslmode=verify-full."),
        (wrong, "password authentication failed", "or in ~/.pgpass."),
    ] {
        let database = ["--database", &address];
        for (args, code) in commands {
            let ended = custody(&[args, &database[..]].concat(), &[]);
            let text = said(&ended);
            assert_eq!(ended.status.code(), Some(code), "{args:?}: {text}");
            for says in [" cannot be opened: ", why, advice] {
                assert!(text.contains(says), "{args:?}: {says}: {text}");
            }
            assert!(!text.contains("cret") && !text.contains("guessed"), "{text}");
        }
    }
    assert!(!exported.exists());
    let nobody = right.replace(&format!(":{port}/"), ":1/");
    let text = said(&custody(&["keys", "list", "--database", &nobody], &[]));
    assert!(text.contains("localhost:1 cannot be opened: nobody there takes a connection. Have the"), "{text}");
    // The key is for nobody else to read.
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(at("db.key")).unwrap()) & 0o077, 0);
}
