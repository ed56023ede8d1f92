use super::*;

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(key, value): &(&str, &str)| (key.to_string(), value.to_string());
    pairs.iter().map(owned).collect()
}

fn settle(flags: &Flags, pairs: &[(&str, &str)], file: &str) -> Result<Settings, SettingsError> {
    Settings::settle(flags, environment(pairs), file, Some(Path::new(FILE)))
}

fn message(flags: &Flags, pairs: &[(&str, &str)], file: &str) -> String {
    settle(flags, pairs, file).unwrap_err().to_string()
}

fn none() -> Flags {
    Flags::default()
}

/// E7: without a word the program runs, on this machine only.
#[test]
fn defaults_hold_where_nothing_is_said() {
    let settings = settle(&none(), &[], "").unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.database(), Path::new("./data/custody.db"));
    assert_eq!(settings.public_url(settings.listen).as_str(), "http://127.0.0.1:8080/");
    assert_eq!((settings.log, settings.log_level.as_str()), (LogFormat::Text, "info"));
    assert!(!settings.secure_cookies);
    assert_eq!(settings.policy, None);
    assert_eq!((settings.metrics, settings.checkpoints.as_ref()), (MetricsFor::Loopback, None));
    assert_eq!(settings.read_policy().unwrap(), Policy::built_in());
}

/// E7: for every key, a flag wins over its variable, that over the file, that over the default.
#[test]
fn flags_win_over_variables_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let policy = |name: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, "").unwrap();
        path.display().to_string()
    };
    let (one, two, three) = (policy("one"), policy("two"), policy("three"));
    type Seen = fn(&Settings) -> String;
    let rows: [(&str, Seen, [&str; 3]); 15] = [
        ("data", |s| s.data.display().to_string(), ["/a", "/b", "/c"]),
        (
            "database",
            |s| s.server.as_ref().unwrap().as_str().to_owned(),
            ["postgres://a.example/one", "postgres://u:secret@b.example:5433/two", "postgres:///three?host=/run"],
        ),
        ("listen", |s| s.listen.to_string(), ["127.0.0.1:1", "127.0.0.1:2", "[::1]:3"]),
        (
            "public_url",
            |s| s.public_url(s.listen).to_string(),
            ["https://a.example/", "https://b.example/", "http://c.example/"],
        ),
        ("policy", |s| s.policy.as_ref().unwrap().display().to_string(), [&one, &two, &three]),
        ("log", |s| s.log.to_string(), ["json", "text", "json"]),
        ("log_level", |s| s.log_level.clone(), ["warn", "debug", "info,tower_http=debug"]),
        ("secure_cookies", |s| s.secure_cookies.to_string(), ["true", "false", "true"]),
        (
            "smtp",
            |s| s.mail.as_ref().unwrap().0.as_str().to_owned(),
            ["smtp://a.example.org", "smtps://b.example.org", "smtp://c.example.org:587?tls=required"],
        ),
        ("mail_from", |s| s.mail.as_ref().unwrap().1.to_string(), ["a@example.org", "b@example.org", "c@example.org"]),
        ("metrics", |s| s.metrics.to_string(), ["off", "all", "loopback"]),
        ("checkpoints", |s| s.checkpoints.as_ref().unwrap().display().to_string(), ["/x/1", "/x/2", "/x/3"]),
        ("checkpoint_minutes", |s| s.checkpoint_minutes.to_string(), ["1", "20", "10080"]),
        ("trusted_proxies", |s| s.trusted_proxies.to_string(), ["192.0.2.1/32", "10.1.0.0/16", "10.2.0.0/16,::1/128"]),
        (
            "otlp",
            |s| s.otlp.as_ref().unwrap().to_string(),
            ["http://127.0.0.1:4318/", "https://a.example/", "https://b.example/otlp"],
        ),
    ];
    assert_eq!(rows.map(|(key, ..)| key), KEYS);
    for (key, seen, [low, middle, high]) in rows {
        // Mail has both of its keys or none.
        let other = match key {
            "smtp" => "mail_from = \"d@example.org\"\n",
            "mail_from" => "smtp = \"smtp://d.example.org\"\n",
            _ => "",
        };
        let file = format!("{other}{key} = \"{low}\"");
        assert_eq!(seen(&settle(&none(), &[], &file).unwrap()), low, "{key}");
        let variable = [(key, middle)];
        assert_eq!(seen(&settle(&none(), &variable, &file).unwrap()), middle, "{key}");
        assert_eq!(seen(&settle(&none(), &variable, other).unwrap()), middle, "{key}");
        let mut flags = none();
        let value = Some(high.to_owned());
        match key {
            "data" => flags.place.data = value,
            "database" => flags.place.database = value,
            "listen" => flags.listen = value,
            "public_url" => flags.public_url = value,
            "policy" => flags.policy = value,
            "log" => flags.log = value,
            "log_level" => flags.log_level = value,
            "smtp" => flags.smtp = value,
            "mail_from" => flags.mail_from = value,
            "metrics" => flags.metrics = value,
            "checkpoints" => flags.checkpoints = value,
            "checkpoint_minutes" => flags.checkpoint_minutes = value,
            "otlp" => flags.otlp = value,
            "trusted_proxies" => flags.trusted_proxies = value,
            _ => flags.secure_cookies = value,
        }
        assert_eq!(seen(&settle(&flags, &variable, &file).unwrap()), high, "{key}");
    }
}

/// A wrong value is answered with what to give, and every way to give it.
#[test]
fn a_wrong_value_names_every_way_to_set_it_right() {
    let flags = Flags { listen: Some("8080".to_owned()), ..none() };
    assert_eq!(
        message(&flags, &[], ""),
        "listen = \"8080\": give an address and a port, like 127.0.0.1:8080 \
         (flag --listen, CUSTODY_LISTEN, or listen in custody.toml)"
    );
    for (key, given, expected) in [
        ("public_url", "custody.example.org", "without a path, like https://custody.example.org"),
        ("public_url", "https://example.org/custody", "without a path"),
        ("public_url", "https://me:secret@example.org", "without a path"),
        ("public_url", "ftp://example.org", "like https://"),
        ("policy", "/nowhere/policy.toml", "there is no such file; name one"),
        ("log", "xml", "give text or json (flag --log, CUSTODY_LOG, or log in custody.toml)"),
        ("log_level", "loud", "give one of off, error"),
        ("log_level", "info,loud", "(flag --log-level, CUSTODY_LOG_LEVEL, or log_level in"),
        ("log_level", "custody=loud", "parts like info,tower_http=debug"),
        ("secure_cookies", "maybe", "give true or false"),
        ("data", " ", "give a path"),
        ("listen", "127.0.0.1:99999", "give an address and a port"),
        ("metrics", "everybody", "give off, loopback or all"),
        ("checkpoints", "./data/checkpoints", "outside the data directory"),
        ("checkpoint_minutes", "0", "from 1 to 10080"),
        ("otlp", "127.0.0.1:4318", "like http://127.0.0.1:4318"),
        ("otlp", "https://me:secret@otel.example.org", "like http://127.0.0.1:4318"),
        ("trusted_proxies", "proxy.example.org", "like 127.0.0.1,10.1.0.0/16"),
        ("trusted_proxies", "0.0.0.0/0", "is everybody"),
    ] {
        for text in [message(&none(), &[(key, given)], ""), message(&none(), &[], &format!("{key} = \"{given}\""))] {
            assert!(text.starts_with(&format!("{key} = \"{given}\": ")), "{text}");
            assert!(text.contains(expected), "{text}");
        }
    }
    assert!(message(&none(), &[], "listen = 8080").starts_with("listen = \"8080\": give an address"));
    assert!(message(&none(), &[], "listen = [1]").contains("give one value"));
    let both = message(&none(), &[("log", "xml"), ("listen", "x")], "");
    assert_eq!(both.lines().count(), 2, "all at once: {both}");
}

/// A key that nothing reads is refused, with the one that was meant.
#[test]
fn an_unknown_key_of_the_file_is_refused() {
    let text = message(&none(), &[], "lisen = \"127.0.0.1:1\"");
    assert_eq!(text, "custody.toml: \"lisen\" is not known. Did you mean listen?");
    assert!(message(&none(), &[], "log-level = \"info\"").ends_with("Did you mean log_level?"));
    assert!(message(&none(), &[], "[server]\nport = 1").contains("There are data, database, listen"));
    assert!(message(&none(), &[], "config = \"x\"").contains("is not known"));
    let text = message(&none(), &[], "log = \"text\"\nlisten 3");
    assert!(text.starts_with("custody.toml cannot be read as TOML"), "{text}");
    assert!(text.contains("line 2"), "{text}");
}

/// The session is kept to https where the public address is https, unless told otherwise.
#[test]
fn secure_cookies_follow_the_public_address() {
    let secure = |file: &str| settle(&none(), &[], file).unwrap().secure_cookies;
    assert!(secure("public_url = \"https://custody.example.org\""));
    assert!(!secure("public_url = \"http://custody.example.org\""));
    assert!(secure("secure_cookies = true\npublic_url = \"http://localhost:8080\""));
    assert!(!secure("secure_cookies = false\npublic_url = \"https://custody.example.org\""));
    let text = message(&none(), &[], "secure_cookies = true\npublic_url = \"http://custody.example.org\"");
    assert!(text.contains("nobody could sign in"), "{text}");
}

/// Links lead to the address that was bound, never to "every address" or port 0.
#[test]
fn the_public_address_follows_what_was_bound() {
    let settings = settle(&none(), &[("listen", "0.0.0.0:0")], "").unwrap();
    let url = |bound: &str| settings.public_url(bound.parse().unwrap()).to_string();
    assert_eq!(url("0.0.0.0:4321"), "http://localhost:4321/");
    assert_eq!(url("[::1]:4321"), "http://[::1]:4321/");
    assert_eq!(url("192.0.2.7:80"), "http://192.0.2.7/");
}

/// The file is the one named, by flag before variable; a named one must be there.
#[test]
fn the_settings_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let named =
        |path: &str| Flags { place: DataFlags { config: Some(path.to_owned()), ..DataFlags::default() }, ..none() };
    let (one, two) = (write("one.toml", "log = \"json\""), write("two.toml", "log_level = \"warn\""));
    let settings = Settings::load_from(&none(), environment(&[("config", &one)])).unwrap();
    assert_eq!(settings.log, LogFormat::Json);
    let settings = Settings::load_from(&named(&two), environment(&[("config", &one)])).unwrap();
    assert_eq!((settings.log, settings.log_level.as_str()), (LogFormat::Text, "warn"));
    let text = Settings::load_from(&named("/nowhere.toml"), environment(&[])).unwrap_err().to_string();
    assert!(text.starts_with("/nowhere.toml cannot be read: No such file"), "{text}");
    let settings = Settings::load_from(&none(), environment(&[("listen", "")])).unwrap();
    assert_eq!(settings.listen.port(), 8080, "an empty variable is not set");
}

/// E6: a policy beside the data holds without being named; a wrong one is shown with its line.
#[test]
fn a_policy_beside_the_data_holds() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    std::fs::write(&file, "transfer.approvals = 2").unwrap();
    let data = folder.path().display().to_string();
    let settings = settle(&none(), &[("data", &data)], "").unwrap();
    assert_eq!(settings.policy.as_ref(), Some(&file));
    assert_eq!(settings.read_policy().unwrap().transfer.approvals, 2);
    std::fs::write(&file, "transfer.approvals = 0").unwrap();
    let text = settings.read_policy().unwrap_err().to_string();
    assert!(text.contains("policy.toml:1:22: transfer.approvals:"), "{text}");
}

/// O5: a mail server needs a sender, and a wrong address of one does not show its password.
#[test]
fn mail_is_set_up_as_a_whole() {
    assert!(settle(&none(), &[], "").unwrap().mail.is_none());
    let text = message(&none(), &[("smtp", "smtp://mail.example.org")], "");
    assert!(text.contains("mail_from") && text.contains("say whom mail is from"), "{text}");
    let text = message(&none(), &[("smtp", "smtp://custody:s3cret@mail.example.org"), ("mail_from", "nobody")], "");
    assert!(
        !text.contains("s3cret") && text.contains("in clear") && text.contains("like custody@example.org"),
        "{text}"
    );
}
