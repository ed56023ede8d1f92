//! The flags that settings can be given by, with the help that documents all three ways.

use clap::Args;
use serde::Serialize;

/// Where the settings' file and the data are; shared by every command that needs the data.
#[derive(Debug, Clone, Default, Args, Serialize)]
pub struct DataFlags {
    /// File with settings, one for each line, like listen = "127.0.0.1:8080"
    ///
    /// Keys are the long flags with _ for -. A flag wins over its environment
    /// variable, that over the file, and the file over the default.
    /// [env: CUSTODY_CONFIG] [default: custody.toml here, if there is one]
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<String>,

    /// Directory of the data; the database is custody.db in it
    ///
    /// [env: CUSTODY_DATA] [file: data] [default: ./data]
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,

    /// PostgreSQL in the place of custody.db, like postgres://custody@db.example.org/custody
    ///
    /// Several replicas may share it. A password is better kept in the
    /// variable, the file or ~/.pgpass. [env: CUSTODY_DATABASE] [file: database]
    /// [default: none]
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// Every setting of `custody serve`, as text: [`super::Settings`] says what is right.
#[derive(Debug, Clone, Default, Args, Serialize)]
pub struct Flags {
    #[command(flatten)]
    #[serde(flatten)]
    pub place: DataFlags,

    /// Address and port to listen on
    ///
    /// Port 0 takes a free one. [env: CUSTODY_LISTEN] [file: listen] [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,

    /// Address under which people open Custody, for links in messages
    ///
    /// Like https://custody.example.org, without a path. [env: CUSTODY_PUBLIC_URL]
    /// [file: public_url] [default: http:// and the address listened on]
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,

    /// The facility's policy; `custody policy show` prints the built-in one
    ///
    /// [env: CUSTODY_POLICY] [file: policy] [default: policy.toml in the data
    /// directory if it exists, else the built-in policy]
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,

    /// Format of the log on standard error: text or json
    ///
    /// [env: CUSTODY_LOG] [file: log] [default: text]
    #[arg(long, value_name = "FORMAT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,

    /// What is logged: off, error, warn, info, debug or trace
    ///
    /// Parts can differ, like info,tower_http=debug. [env: CUSTODY_LOG_LEVEL]
    /// [file: log_level] [default: info]
    #[arg(long, value_name = "LEVEL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,

    /// Whether browsers may send the session over https only: true or false
    ///
    /// [env: CUSTODY_SECURE_COOKIES] [file: secure_cookies] [default: true if
    /// the public address is https]
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secure_cookies: Option<String>,

    /// Mail server through which people are told, like smtps://name:password@mail.example.org
    ///
    /// smtp:// is without encryption, or with it by ?tls=required. A password is
    /// better kept in the variable or the file. [env: CUSTODY_SMTP] [file: smtp]
    /// [default: none, and no mail is sent]
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp: Option<String>,

    /// Whom mail is from, like "Custody <custody@example.org>"
    ///
    /// [env: CUSTODY_MAIL_FROM] [file: mail_from] [default: none; needed where smtp is set]
    #[arg(long, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_from: Option<String>,

    /// Who may read the figures at /metrics: off, loopback or all
    ///
    /// loopback is whoever asks from this machine under its own address, not
    /// through a proxy. [env: CUSTODY_METRICS] [file: metrics] [default: loopback]
    #[arg(long, value_name = "WHO")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<String>,

    /// Folder outside the data into which signed checkpoints of the journal are written
    ///
    /// custody audit verify --checkpoints finds by them what was done to the
    /// journal, and that an older back-up was restored.
    /// [env: CUSTODY_CHECKPOINTS] [file: checkpoints] [default: none]
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoints: Option<String>,

    /// How often a checkpoint is written, in minutes
    ///
    /// [env: CUSTODY_CHECKPOINT_MINUTES] [file: checkpoint_minutes] [default: 60]
    #[arg(long, value_name = "MINUTES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_minutes: Option<String>,

    /// Proxies that are believed when they say for whom they ask, with commas between them
    ///
    /// Addresses or networks, like 127.0.0.1,10.1.0.0/16; the proxy sets
    /// X-Forwarded-For. Limits count for whoever asks, then, and the journal has
    /// their address. [env: CUSTODY_TRUSTED_PROXIES] [file: trusted_proxies] [default: none]
    #[arg(long, value_name = "ADDRESSES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_proxies: Option<String>,

    /// Collector of OpenTelemetry that traces are sent to, by OTLP over HTTP
    ///
    /// Like http://127.0.0.1:4318; what it does not take is dropped.
    /// [env: CUSTODY_OTLP] [file: otlp] [default: none, and no traces are kept]
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp: Option<String>,
}
