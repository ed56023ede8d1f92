//! Files that are refused, each with where and why (rule E6).

use super::Policy;

/// File, line, column, key, a part of the reason, a part of the hint.
type Wrong = (&'static str, usize, usize, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const WRONG: &[Wrong] = &[
    ("[transfer]\napprovals = 0", 2, 13, "transfer.approvals",
        "No approval", "approvals = 1"),
    ("[transfer]\n\napprovals = -1", 3, 13, "transfer.approvals",
        "from 0 to 20, and -1", "approvals = 1"),
    ("[transfer]\napprovals = \"2\"", 2, 13, "transfer.approvals",
        "a text stands here", "approvals = 1"),
    ("[transfer]\napprovals = 3", 2, 13, "transfer.approvals",
        "fewer approvals (2) than any other (3)", "approvals_critical = 3"),
    ("[transfer]\napprovals = 2\napprovals_critical = 1", 3, 22, "transfer.approvals_critical",
        "(rule L7)", "2 or more"),
    ("[transfer]\nchecklist = []", 2, 13, "transfer.checklist",
        "empty checklist", "at least one"),
    ("[[transfer.checklist]]\nid = \"a\"\nname = \"A\"", 1, 1, "transfer.checklist.evidence",
        "has no evidence", "evidence ="),
    ("[[transfer.checklist]]\nid = \"a b\"\nname = \"A\"\nevidence = \"e\"", 2, 6, "transfer.checklist.id",
        "cannot be an id", "small letters"),
    ("[training]\ntopics = []", 2, 10, "training.topics",
        "nobody would be trained", "at least one"),
    ("[training]\ntopics = [\n  { id = \"a\", name = \"A\" },\n  { id = \"a\", name = \"B\" },\n]", 4, 10, "training.topics.id",
        "“a” stands here twice", "Keep one"),
    ("[training]\ntopics = [3]", 2, 11, "training.topics",
        "a whole number stands here", "{ id = …, name = … }"),
    ("[shift]\nacknowledge = \"nobody\"", 2, 15, "shift.acknowledge",
        "Nobody acknowledges “nobody”", "\"per_shift\""),
    ("[shift]\nbegins = []", 2, 10, "shift.begins",
        "no shift (rule H8)", "at least one"),
    ("[shift]\nbegins = [\"06:00\", \"6:00\"]", 2, 20, "shift.begins",
        "“6:00” is no time of day", "\"06:00\""),
    ("[shift]\nbegins = [\"06:00\", \"06:00\"]", 2, 20, "shift.begins",
        "twice", "Keep one"),
    ("[shift]\nwithin_minutes = 0", 2, 18, "shift.within_minutes",
        "from 1 to 20160", "within_minutes = 30"),
    ("[support]\ncontact_confirmation_days = 14", 2, 29, "support.contact_confirmation_days",
        "reminded 14 days before", "13 or less"),
    ("[areas]\ncritical = [{ id = \"a\", nmae = \"A\" }]", 2, 25, "areas.critical.nmae",
        "not known here", "Did you mean name?"),
    ("[servers]\nreduced_name_rule = '(contrib'", 2, 21, "servers.reduced_name_rule",
        "unclosed group", "single quotes"),
    ("[servers]\nreduced_name_rule = '.*'", 2, 21, "servers.reduced_name_rule",
        "refuses nothing", "custody policy show"),
    ("[servers]\npool = [\"contrib_1\", \"c0ntrib_2\"]", 2, 22, "servers.pool",
        "only looks as if", "Rename"),
    ("[servers]\npool = [\"contrib_1\", \"contrib_1\"]", 2, 22, "servers.pool",
        "twice", "Keep one"),
    ("[releases]\ntag_rule = 'a)|(b'", 2, 12, "releases.tag_rule",
        "unopened group", "single quotes"),
    ("[releases]\ntag_rule = '\\w+'", 2, 12, "releases.tag_rule",
        "take “main” for a release", "versions only"),
    ("[releases]\ntag_rule = 'v?\\d+\\.\\d+\\.\\d+.*'", 2, 12, "releases.tag_rule",
        "1.2.3-dirty", "versions only"),
    ("[environments.development]\ntakes = [\"tag\", \"branch\"]", 2, 17, "environments.development.takes",
        "nothing that a server takes", "hot_development"),
    ("[environments.development]\ntakes = [\"hot_development\"]", 2, 9, "environments.development.takes",
        "no release could be tried", "takes = [\"tag\"]"),
    ("[environments.production]\ntakes = [\"tag\"]", 2, 1, "environments.production.takes",
        "not known in [environments.production]", "takes belongs below [environments.development]"),
    ("[environments.production]\ntag_rule = '(rc'", 2, 12, "environments.production.tag_rule",
        "unclosed group", "single quotes"),
    ("[environments.prodution]\nlabel = \"P\"", 1, 15, "environments.prodution",
        "not known", "environments.production"),
    ("environments = 3", 1, 1, "environments",
        "is a section of sections", "[environments.development]"),
    ("[facility]\ntime_zone = \"Europe/Berlim\"", 2, 13, "facility.time_zone",
        "no time zone", "\"Europe/Berlin\""),
    ("[facility]\ndoc_phone = \"ask Eve\"", 2, 13, "facility.doc_phone",
        "not a telephone number", "+49"),
    ("[facility]\nname = \" \"", 2, 8, "facility.name",
        "empty", "leave the key out"),
    ("[facility]\nname = \"a\\u0000b\"", 2, 8, "facility.name",
        "control character", "Take it out"),
    ("[facility]\ninstruments = [\"SPB\", 3]", 2, 23, "facility.instruments",
        "a whole number stands here", "quotes"),
    ("[repositories]\nprotocols = [\"http\"]", 2, 14, "repositories.protocols",
        "no protocol “http”", "\"https\""),
    ("[telling]\nprotocols = [\"http\"]", 2, 14, "telling.protocols",
        "no protocol “http”", "\"https\""),
    ("[telling]\nprotocols = [\"http-loopback\"]", 2, 13, "telling.protocols",
        "this machine", "private_addresses = true"),
    ("[telling]\nprotocols = []", 2, 13, "telling.protocols",
        "no chat could be reached", "at least one"),
    ("[telling]\nhosts = [\"https://chat.example.org\"]", 2, 10, "telling.hosts",
        "not the plain name", "chat.example.org"),
    ("[imports]\nprotocols = [\"http-loopback\"]", 2, 13, "imports.protocols",
        "this machine", "private_addresses = true"),
    ("[imports]\nhosts = [\"NetBox.example.org\"]", 2, 10, "imports.hosts",
        "not the plain name", "netbox.example.org"),
    ("[cadence]\ndevelopment_days = -1", 2, 20, "cadence.development_days",
        "from 0 to 3650, and -1", "= 31"),
    ("[cadence]\nproduction_days = 7", 2, 19, "cadence.production_days",
        "after 7 days would be due soon 7 days before", "due_soon_days = 6"),
    ("[cadence]\ndevelopment_days = 10\ndue_soon_days = 10", 3, 17, "cadence.due_soon_days",
        "and so always", "9 or less"),
    ("[telling]\nretry_days = 0", 2, 14, "telling.retry_days",
        "from 1 to 30", "retry_days = 3"),
    ("[repositories]\nprotocols = []", 2, 13, "repositories.protocols",
        "Without a protocol", "at least one"),
    ("[repositories]\nprotocols = [\"https\", \"file\"]", 2, 13, "repositories.protocols",
        "folders", "file_roots"),
    ("[board]\nembed_origins = [\"wiki.example.org\"]", 2, 18, "board.embed_origins",
        "not an origin", "https://wiki.example.org"),
    ("[board]\nembed_origins = [\"https://wiki.example.org/page\"]", 2, 18, "board.embed_origins",
        "not an origin", "https://wiki.example.org"),
    ("[board]\nembed_origins = [\"https://*.example.org\"]", 2, 18, "board.embed_origins",
        "not an origin", "https://wiki.example.org"),
    ("[board]\nembed_origins = [\"https://a.org; script-src *\"]", 2, 18, "board.embed_origins",
        "not an origin", "https://wiki.example.org"),
    ("[board]\nembed_origins = [\"data:text/html,x\"]", 2, 18, "board.embed_origins",
        "not an origin", "https://wiki.example.org"),
    ("[board]\nembed_origins = [\"https://Wiki.example.org\"]", 2, 18, "board.embed_origins",
        "not an origin", "https://wiki.example.org"),
    ("[board]\nembed_origins = [\"https://wiki.example.org:443\"]", 2, 18, "board.embed_origins",
        "not an origin", "https://wiki.example.org"),
    ("[board]\nembed_origins = [\"'self'\"]", 2, 18, "board.embed_origins",
        "not an origin", "https://wiki.example.org"),
    ("[repositories]\nhosts = []", 2, 9, "repositories.hosts",
        "refused", "gitlab.com"),
    ("[repositories]\nhosts = [\"https://gitlab.com\"]", 2, 10, "repositories.hosts",
        "plain name", "git.example.org"),
    ("[repositories]\nhosts = [\"gitlab.c\u{43e}m\"]", 2, 10, "repositories.hosts",
        "plain name", "small letters"),
    ("[repositories]\nhosts = [\"*.org\"]", 2, 10, "repositories.hosts",
        "plain name", "*.example.org"),
    ("[repositories]\nhosts = [\"*\"]", 2, 10, "repositories.hosts",
        "plain name", "*.example.org"),
    ("[repositories]\nhosts = [\"git.example.org:8443\"]", 2, 10, "repositories.hosts",
        "plain name", "*.example.org"),
    ("[repositories]\nhosts = [\"127.1\"]", 2, 10, "repositories.hosts",
        "plain name", "*.example.org"),
    ("[repositories]\nprotocols = [\"http-loopback\"]", 2, 13, "repositories.protocols",
        "private address", "private_addresses = true"),
    ("[repositories]\nfile_roots = [\"/srv/../etc\"]", 2, 15, "repositories.file_roots",
        "full path", "/srv/git"),
    ("[repositories]\nssh_key = \"key\"", 2, 11, "repositories.ssh_key",
        "full path", "from the root"),
    ("[repositories]\nssh_key = '/etc/a$b'", 2, 11, "repositories.ssh_key",
        "full path", "without .. and quotes"),
    ("[observations]\nstatements = 1", 2, 14, "observations.statements",
        "true or false, and 1", "statements = true"),
    ("[sessions]\nidle_hours = 100", 2, 14, "sessions.idle_hours",
        "72 hours", "72 or less"),
    ("[sessions]\nabsolute_hours = 6", 2, 18, "sessions.absolute_hours",
        "idle for 12", "6 or less"),
    ("[[frameworks.known]]\nname = \"Karabo\"\nversions = []", 3, 12, "frameworks.known.versions",
        "no versions", "3.1.2"),
    ("[support]\ncontact_confirmation_days = 99999999999", 2, 29, "support.contact_confirmation_days",
        "99999999999", "= 180"),
    ("[handback]\nremind_days_before = 1.5", 2, 22, "handback.remind_days_before",
        "fraction", "= 7"),
    ("[transfer]\naprovals = 2", 2, 1, "transfer.aprovals",
        "not known in [transfer]", "Did you mean approvals?"),
    ("[transfer]\nanswer_days = 2", 2, 1, "transfer.answer_days",
        "not known", "belongs below [intake]"),
    ("[transfre]\napprovals = 2", 1, 2, "transfre",
        "not known", "Did you mean [transfer]?"),
    ("[[observations.collectors]]\nname = \"t\"\nkind = \"tangoo\"\naddresses = [\"http://t\"]\ncovers = [\"*\"]", 3, 8, "observations.collectors.kind",
        "no kind “tangoo”", "\"tango\""),
    ("[[observations.collectors]]\nname = \"t\"\nkind = \"tango\"\naddresses = [\"ftp://t\"]\ncovers = [\"*\"]", 4, 14, "observations.collectors.addresses",
        "not an http address", "https://tango.example.org/db"),
    ("[[observations.collectors]]\nname = \"t\"\nkind = \"tango\"\naddresses = [\"https://a:b@t\"]\ncovers = [\"*\"]", 4, 14, "observations.collectors.addresses",
        "pages show it", "environment variable"),
    ("[[observations.collectors]]\nname = \"t\"\nkind = \"tango\"\naddresses = [\"http://t\"]\ncovers = [\"*\"]\nauthorization = \"T\"", 4, 14, "observations.collectors.addresses",
        "unencrypted", "Use https"),
    ("[[observations.collectors]]\nname = \"t\"\nkind = \"tango\"\naddresses = [\"https://t\"]\ncovers = [\"*\"]\nauthorization = \"Bearer abc\"", 6, 17, "observations.collectors.authorization",
        "not the name", "the credential stands in it"),
    ("[[observations.collectors]]\nname = \"t\"\nkind = \"tango\"\naddresses = [\"https://t\"]\ncovers = []", 5, 10, "observations.collectors.covers",
        "(A24)", "cppServer"),
    ("[[observations.collectors]]\nname = \"t\"\nkind = \"tango\"\naddresses = [\"https://t\"]\ncovers = [\"*\"]\nevery_seconds = 1", 6, 17, "observations.collectors.every_seconds",
        "from 5 to 3600", "every_seconds = 30"),
    ("[[observations.collectors]]\nname = \"t\"\nkind = \"tango\"\naddresses = [\"https://t\"]\ncovers = [\"*\"]\nevery_seconds = 600\nstale_after_seconds = 3000", 6, 17, "observations.collectors.every_seconds",
        "silent (10 min) before", "300 or less"),
    ("[[observations.collectors]]\nname = \"t\"\nkind = \"tango\"\naddresses = [\"https://t\"]\ncovers = [\"*\"]\nstale_after_seconds = 20", 6, 23, "observations.collectors.stale_after_seconds",
        "stale (20 s) before", "90 or more"),
    ("[[observations.collectors]]\nname = \"k\"\nkind = \"karabo\"\naddresses = [\"https://t\"]\ncovers = [\"*\"]", 1, 1, "observations.collectors",
        "logger's database", "aggregators ="),
    ("[[observations.collectors]]\nname = \"k k\"\nkind = \"tango\"\naddresses = [\"https://t\"]\ncovers = [\"*\"]", 2, 8, "observations.collectors.name",
        "cannot be the name", "tango-scs"),
    ("[identity]\nlocal = false", 2, 9, "identity.local",
        "nobody could sign in", "[[identity.providers]]"),
    ("[identity]\nprotocols = [\"http\"]", 2, 14, "identity.protocols",
        "no protocol “http”", "\"https\""),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\n", 1, 1, "identity.providers",
        "where the client's secret is", "secret_variable ="),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\nsecret = \"hunter2\"", 6, 1, "identity.providers.secret",
        "not known here", "secret_file"),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\nsecret_variable = \"S\"\nsecret_file = \"/s\"", 7, 15, "identity.providers.secret_file",
        "two places", "Keep"),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\nsecret_variable = \"hunter2\"", 6, 19, "identity.providers.secret_variable",
        "not the name", "the secret stands in it"),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\nsecret_file = \"sign-in\"", 6, 15, "identity.providers.secret_file",
        "not a full path", "/etc/custody"),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"http://a.org\"\nclient_id = \"c\"\nsecret_variable = \"S\"\n", 4, 10, "identity.providers.issuer",
        "unencrypted", "Use https"),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"a.org\"\nclient_id = \"c\"\nsecret_variable = \"S\"\n", 4, 10, "identity.providers.issuer",
        "not an issuer", "Copy it"),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org/?x\"\nclient_id = \"c\"\nsecret_variable = \"S\"\n", 4, 10, "identity.providers.issuer",
        "no name, password, query", "Copy it"),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org/.well-known/openid-configuration\"\nclient_id = \"c\"\nsecret_variable = \"S\"\n", 4, 10, "identity.providers.issuer",
        "describes itself", "Leave out"),
    ("[[identity.providers]]\nid = \"a b\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\nsecret_variable = \"S\"\n", 2, 6, "identity.providers.id",
        "cannot be an id", "facility"),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\nsecret_variable = \"S\"\nscopes = [\"profile email\"]", 7, 11, "identity.providers.scopes",
        "not one scope", "each for itself"),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\nsecret_variable = \"S\"\nrules = 3", 7, 9, "identity.providers.rules",
        "a list of tables", "group ="),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\nsecret_variable = \"S\"\nrules = [{ group = \"g\", team = \"T\", kind = \"admins\" }]", 7, 44, "identity.providers.rules.kind",
        "no kind “admins”", "\"admin\""),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\nsecret_variable = \"S\"\nrules = [{ group = \"g\", team = \"T\", kind = \"experts\" }]", 7, 10, "identity.providers.rules",
        "experts for an area", "machine-protection"),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\nsecret_variable = \"S\"\nrules = [{ group = \"g\", team = \"T\", kind = \"experts\", area = \"x\" }]", 7, 62, "identity.providers.rules.area",
        "no critical area", "[areas]"),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\nsecret_variable = \"S\"\nrules = [{ group = \"g\", team = \"T\", kind = \"doc\", reviewer = true }]", 7, 10, "identity.providers.rules",
        "(rule T4)", "ctrl"),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\nsecret_variable = \"S\"\nrules = [{ group = \"g\", team = \"T\", kind = \"doc\" }, { group = \"h\", team = \"T\", kind = \"admin\" }]", 7, 53, "identity.providers.rules",
        "another kind of group of “T”: doc", "another team"),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\nsecret_variable = \"S\"\nrules = [{ group = \"g\", team = \"T\", kind = \"doc\" }, { group = \"h\", team = \"t\", kind = \"doc\" }]", 7, 53, "identity.providers.rules",
        "writes “t” as “T”", "the same everywhere"),
    ("[[identity.providers]]\nid = \"a\"\nname = \"A\"\nissuer = \"https://a.org\"\nclient_id = \"c\"\nsecret_variable = \"S\"\nrules = [{ group = \"g\", team = \"T\", kind = \"doc\" }]\n[[identity.providers]]\nid = \"b\"\nname = \"B\"\nissuer = \"https://b.org\"\nclient_id = \"c\"\nsecret_variable = \"S\"\nrules = [{ group = \"h\", team = \"T\", kind = \"admin\" }]", 14, 10, "identity.providers.rules",
        "another kind of group of “T”: doc", "another team"),
    ("approvals = 2", 1, 1, "approvals",
        "not known", "belongs below [transfer]"),
    ("colour = 'red'", 1, 1, "colour",
        "not known", "custody policy show"),
    ("transfer = 2", 1, 1, "transfer",
        "is a section", "Write [transfer]"),
    ("[transfer]\napprovals = 2\napprovals = 1", 3, 1, "",
        "duplicate key", "A line is like"),
    ("[transfer]\napprovals = two", 2, 13, "",
        "cannot be read as TOML", "A line is like"),
    ("# ä\n[facility]\nname = \"é\" x", 3, 12, "",
        "cannot be read as TOML", "A line is like"),
];

/// E6: a wrong file is refused with the line, the key, the reason and a way on.
#[test]
fn a_wrong_file_is_refused_with_the_line() {
    for &(file, line, column, key, reason, hint) in WRONG {
        let errors = Policy::parse(file).expect_err(file);
        let first = errors.first();
        let report = errors.render("policy.toml", file);
        assert_eq!((first.line, first.column), (line, column), "{report}");
        assert_eq!(first.key, key, "{report}");
        assert!(first.reason.contains(reason), "{report}");
        assert!(first.hint.contains(hint), "{report}");
        assert!(key.is_empty() || errors.len() == 1, "one cause, one error:\n{report}");
    }
}

/// E6: all that is wrong is said at once, in the file's order, with a caret below each place.
#[test]
fn all_errors_are_reported_at_once() {
    let file = "[sessions]\nidle = 3\n\n[transfer]\n\tapprovals = 0\n[facility]\ntime_zone = \"Mars/Base\"\n";
    let errors = Policy::parse(file).unwrap_err();
    let lines: Vec<_> = errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [2, 5, 7]);
    let report = errors.render("policy.toml", file);
    let expected = "policy.toml:5:14: transfer.approvals: No approval would let a device through \
                    without a review (rule T4).\n  5 | \tapprovals = 0\n    | \t            ^\n  \
                    Ask for 1 or more, for example approvals = 1.\n";
    assert!(report.contains(expected), "{report}");
    assert!(errors.to_string().starts_with("line 2, column 1: sessions.idle: "));
}

proptest::proptest! {
    /// E6: whatever is typed into a policy is read or refused at a line that is there.
    #[test]
    fn no_file_is_too_odd(at in 0..super::DEFAULT.len(), cut in 0..40usize, typed in "\\PC{0,6}|[\"'\\[\\]{}=,.\n\u{feff}é]{1,4}") {
        let end = super::DEFAULT.floor_char_boundary((at + cut).min(super::DEFAULT.len()));
        let start = super::DEFAULT.floor_char_boundary(at);
        let file = format!("{}{typed}{}", &super::DEFAULT[..start], &super::DEFAULT[end..]);
        if let Err(errors) = Policy::parse(&file) {
            let lines = file.matches('\n').count() + 1;
            for error in errors.iter() {
                assert!((1..=lines).contains(&error.line) && error.column > 0, "{error}");
            }
            assert!(errors.render("policy.toml", &file).contains(" | "));
        }
    }
}
