//! A real Tango system on loopback: MariaDB, the database device, TangoTest and a Starter (Debian's `mariadb-server`,
//! `tango-db`, `tango-test`, `tango-starter`, `libtango-tools`, `python3-tango`), read by the project's own script and
//! reported by the real `custody observe` (G10).

use crate::{app::TestApp, given::application, reserved::Reserved, waiting::PATIENCE};
use chrono::{Duration, Utc};
use custody::{
    domain::{
        drift::Kind,
        server::{Server, SupportClass},
    },
    service::{
        incidents,
        tokens::{self, TokenScope},
    },
    store,
};
use std::{
    collections::BTreeMap,
    fs::File,
    io::Write,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::Instant,
};
use tempfile::TempDir;

const HOME: &str = "tgTest";
const RIGHT: &str = "TangoTest/contrib_scs";
const WRONG: &str = "TangoTest/elsewhere";

/// What runs of a Tango system; every process of it ends with it.
struct Tango {
    dir: TempDir,
    host: String,
    address: String,
    /// Of the database device and of MariaDB.
    _ports: [Reserved; 2],
    /// By name, in the order of their starts.
    processes: Vec<(String, Child)>,
}

fn said(command: &str, by: &[&str]) -> String {
    let done = Command::new(command).args(by).output().unwrap_or_else(|e| panic!("{command}: {e}"));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

impl Tango {
    async fn start() -> Tango {
        let needs = "apt-get install mariadb-server tango-db tango-test tango-starter libtango-tools python3-tango";
        let programs = ["/usr/sbin/mariadbd", "/usr/lib/tango/DataBaseds", "/usr/lib/tango/TangoTest"];
        assert!(programs.iter().all(|p| Path::new(p).exists()), "Tango is not installed: {needs}");
        let dir = tempfile::tempdir().unwrap();
        let (data, socket) = (dir.path().join("data"), dir.path().join("s"));
        let user = said("id", &["-un"]);
        let made = Command::new("mariadb-install-db")
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--user={user}"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let ports = [Reserved::new(), Reserved::new()];
        let [address, port] = [ports[0].at.to_string(), ports[1].at.port().to_string()];
        let mut tango = Tango { host: said("hostname", &[]), address, _ports: ports, processes: Vec::new(), dir };
        let mut mariadb = Command::new("/usr/sbin/mariadbd");
        mariadb
            .args(["--no-defaults", "--bind-address=127.0.0.1", "--innodb-buffer-pool-size=8M", "--skip-log-bin"])
            .arg(format!("--user={user}"))
            .arg(format!("--port={port}"))
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", socket.display()))
            .arg(format!("--pid-file={}", tango.dir.path().join("pid").display()));
        tango.run("mariadb", mariadb);
        let client = || {
            let mut c = Command::new("mariadb");
            c.args(["--no-defaults", "-u", "root", "-S"]).arg(&socket).stderr(Stdio::null());
            c
        };
        until("MariaDB", || client().args(["-e", "SELECT 1"]).stdout(Stdio::null()).status().unwrap().success()).await;
        let sql = std::fs::read_to_string("/usr/share/dbconfig-common/data/tango-db/install/mysql").unwrap();
        let mut fill = client().stdin(Stdio::piped()).spawn().unwrap();
        let grants = ["127.0.0.1", "localhost"].map(|from| {
            format!("CREATE USER tango@'{from}' IDENTIFIED BY 'tango'; GRANT ALL ON tango.* TO tango@'{from}';\n")
        });
        let all = format!("CREATE DATABASE tango; USE tango;\n{sql}\n{}", grants.concat());
        fill.stdin.take().unwrap().write_all(all.as_bytes()).unwrap();
        assert!(fill.wait().unwrap().success(), "the tables of Tango");
        let mut database = Command::new("/usr/lib/tango/DataBaseds");
        database.args(["2", "-ORBendPoint", &format!("giop:tcp:{}", tango.address)]);
        database.env("MYSQL_HOST", format!("127.0.0.1:{port}"));
        database.env("MYSQL_USER", "tango").env("MYSQL_PASSWORD", "tango");
        tango.run("database", database);
        until("the database", || tango.admin(&["--ping-database", "1"])).await;
        tango
    }

    /// Starts a process; whatever it says goes into a file.
    fn run(&mut self, name: &str, mut command: Command) {
        let log = File::create(self.dir.path().join(format!("{name}.log").replace('/', "-"))).unwrap();
        command.env("TANGO_HOST", &self.address).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.processes.push((name.to_owned(), command.spawn().unwrap_or_else(|e| panic!("{name}: {e}"))));
    }

    fn admin(&self, args: &[&str]) -> bool {
        let mut command = Command::new("tango_admin");
        command.args(args).env("TANGO_HOST", &self.address).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().unwrap().success()
    }

    fn python(&self, args: &[&str]) -> Output {
        // Debian's own, for which python3-tango is made.
        Command::new("/usr/bin/python3").args(args).env("TANGO_HOST", &self.address).output().unwrap()
    }

    /// The database knows this server of TangoTest's, with this device; it does not run yet.
    fn knows(&self, server: &str, device: &str) {
        assert!(self.admin(&["--add-server", server, "TangoTest", device]));
    }

    /// TangoTest as this server, with this device.
    async fn serve(&mut self, server: &str, device: &str) {
        let mut command = Command::new("/usr/lib/tango/TangoTest");
        command.arg(server.split('/').next_back().unwrap()).env("ORBendPoint", "giop:tcp:127.0.0.1:");
        self.run(server, command);
        until(server, || self.admin(&["--ping-device", device, "1"])).await;
    }

    /// A Starter that watches this server, and starts nothing by itself.
    async fn watch(&mut self, server: &str) {
        let starter = format!("tango/admin/{}", self.host);
        assert!(self.admin(&["--add-server", &format!("Starter/{}", self.host), "Starter", &starter]));
        let plan = format!(
            "import tango; db = tango.Database(); i = tango.DbServerInfo(); i.name = '{server}'; i.host = '{}'; i.mode = 1; \
             i.level = 0; db.put_server_info(i); db.put_device_property('{starter}', {{'StartDsPath': ['/usr/lib/tango']}})",
            self.host
        );
        let done = self.python(&["-c", &plan]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let mut command = Command::new("/usr/lib/tango/Starter");
        command.arg(&self.host).env("ORBendPoint", "giop:tcp:127.0.0.1:");
        self.run("Starter", command);
        until("the Starter", || self.admin(&["--ping-device", &starter, "1"])).await;
        let read = format!("import tango; print(tango.DeviceProxy('{starter}').read_attribute('Servers').value)");
        until("the Starter looks", || String::from_utf8_lossy(&self.python(&["-c", &read]).stdout).contains("FAULT"))
            .await;
    }

    /// Ends a process, in order or at once.
    fn stop(&mut self, name: &str, signal: &str) {
        let at = self.processes.iter().position(|(n, _)| n == name).unwrap();
        let (_, mut process) = self.processes.remove(at);
        assert!(Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success());
        process.wait().unwrap();
    }

    /// What the script says of a server.
    fn told(&self, server: &str) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/tools/tango_observe.py");
        self.python(&[script.to_str().unwrap(), "--server", server])
    }
}

impl Drop for Tango {
    fn drop(&mut self) {
        for (_, process) in self.processes.iter_mut().rev() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Both servers' agents: the script's words, reported by the real program.
struct Agents<'a> {
    test: &'a TestApp,
    tokens: BTreeMap<&'static str, std::path::PathBuf>,
}

impl<'a> Agents<'a> {
    async fn new(test: &'a TestApp, dir: &Path) -> Agents<'a> {
        let mut tokens = BTreeMap::new();
        for server in [RIGHT, WRONG] {
            let scope = TokenScope::Observe(server.into());
            let (_, secret) = tokens::create(&test.app, &test.caller("lena"), server, scope, 30).await.unwrap();
            let file = dir.join(server.replace('/', "-"));
            std::fs::write(&file, secret).unwrap();
            tokens.insert(server, file);
        }
        Agents { test, tokens }
    }

    /// Reports both servers; what the program said.
    async fn report(&self, tango: &Tango) -> String {
        let mut all = String::new();
        for (server, token) in &self.tokens {
            let told = tango.told(server);
            assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
            let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_custody"));
            command.args(["observe", "--from", "-", "--to", &self.test.url, "--token-file"]).arg(token);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
            let mut child = command.spawn().unwrap();
            let mut input = child.stdin.take().unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut input, &told.stdout).await.unwrap();
            drop(input);
            let done = child.wait_with_output().await.unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            all += &String::from_utf8_lossy(&done.stdout);
        }
        all
    }
}

/// Where the device is seen running.
fn places(test: &TestApp) -> Vec<(String, String)> {
    let state = test.app.projection.read();
    let id = state.card_by_name(HOME).unwrap().id;
    state.places(id).iter().map(|p| (p.seen.instance.clone(), p.seen.server.0.clone())).collect()
}

fn kinds(test: &TestApp) -> Vec<Kind> {
    let state = test.app.projection.read();
    state.card_by_name(HOME).unwrap().incidents.iter().map(|i| i.drift.kind).collect()
}

/// G10: TangoTest is on the board where it runs; on the wrong server it is an incident with the next report; killed, it
/// is silent only after the policy's patience, and gone once a Starter says so.
#[tokio::test]
async fn g10_tango_test_is_seen_where_it_runs() {
    let test = TestApp::new().await;
    // Tango's moments are the machine's.
    test.advance(Utc::now() - test.app.clock.now());
    let tx = test.app.db.begin().await.unwrap();
    for (name, class) in [(RIGHT, SupportClass::Reduced), (WRONG, SupportClass::Full)] {
        let host = if class == SupportClass::Full { "scs-rr-ctrl-01" } else { "scs-rr-contrib-01" };
        let environment = class.into();
        let server =
            Server { name: name.into(), class, host: host.to_owned(), instrument: "SCS".to_owned(), environment };
        store::servers::insert(&tx, &server, Utc::now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut asked = application(&test, HOME);
    asked.request.classes = vec!["TangoTest".to_owned()];
    test.reduced_support_on(RIGHT, asked).await;
    test.advance(Duration::minutes(11));
    let mut tango = Tango::start().await;
    let dir = tempfile::tempdir().unwrap();
    let agents = Agents::new(&test, dir.path()).await;

    tango.knows(RIGHT, "scs/tg_test/1");
    tango.knows(WRONG, "scs/tg_test/2");
    tango.serve(RIGHT, "scs/tg_test/1").await;
    assert_eq!(agents.report(&tango).await.lines().filter(|l| l.starts_with("1 reported")).count(), 1);
    assert_eq!(places(&test), [("scs/tg_test/1".to_owned(), RIGHT.to_owned())]);
    assert_eq!(kinds(&test), []);
    assert!(test.stranger().page("/?q=scs/tg_test/1").await.contains("scs/tg_test/1"));

    // Of a name that is mistyped nothing is found, and that is no report that nothing runs.
    let mistyped = tango.told("TangoTest/contrib_sc");
    let said = String::from_utf8_lossy(&mistyped.stderr).into_owned();
    assert_eq!((mistyped.status.code(), mistyped.stdout.len()), (Some(2), 0), "{said}");
    assert!(said.contains("--server TangoTest/contrib_sc: the Tango database knows no server like this"), "{said}");
    // A report says whose it is, however empty: another server's token does not take it.
    let none = String::from_utf8(tango.told(WRONG).stdout).unwrap();
    let none: serde_json::Value = serde_json::from_str(&none).unwrap();
    assert_eq!(none, serde_json::json!({ "complete": true, "observations": [], "server": WRONG }));

    // Stopped there in order, it is started elsewhere.
    tango.stop(RIGHT, "-TERM");
    tango.serve(WRONG, "scs/tg_test/2").await;
    agents.report(&tango).await;
    assert_eq!(places(&test), [("scs/tg_test/2".to_owned(), WRONG.to_owned())]);
    assert_eq!(kinds(&test), [Kind::WrongServer]);
    assert!(test.stranger().page("/").await.contains(Kind::WrongServer.label()), "operators see it");

    // Killed, it stays exported: nobody answers there, which is no proof.
    tango.stop(WRONG, "-KILL");
    let since = test.app.clock.now();
    agents.report(&tango).await;
    assert_eq!(kinds(&test), [Kind::WrongServer]);
    test.advance(Duration::minutes(11));
    agents.report(&tango).await;
    incidents::round::round(&test.app, Some(since), true).await.unwrap();
    let silent = test.stranger().page("/incidents?kind=silent").await;
    assert!(silent.contains(WRONG) && silent.contains("opened just now") && places(&test).len() == 1, "{silent}");

    // A Starter knows.
    tango.watch(WRONG).await;
    agents.report(&tango).await;
    assert_eq!((places(&test).len(), kinds(&test)), (0, Vec::new()));
    assert!(!test.stranger().page("/incidents?kind=silent").await.contains("opened just now"));
}
