//! What a deploy tool shows to the demo: a token in a file of the demo's directory, in the name of one of CTRL (G9).

use super::folder::Folder;
use crate::{
    app::App,
    service::{
        Caller, Error, Result, accounts,
        tokens::{self, TokenScope},
    },
};
use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
};

/// In whose name the demo's deploy tool asks.
pub const WHO: &str = "lena";

/// Days for which the token counts.
const DAYS: u32 = 90;

/// Makes the token, unless an earlier start left one that still counts.
pub async fn provide(app: &App, folder: &Folder) -> Result<()> {
    let file = folder.deploy_token();
    if let Ok(kept) = fs::read_to_string(&file)
        && tokens::authenticate(app, kept.trim(), "demo").await?.is_some()
    {
        return Ok(());
    }
    let who = accounts::find(app, WHO).await?.ok_or(Error::NotFound)?;
    let scope = TokenScope::Deploy { device: None, server: None };
    let (_, secret) = tokens::create(app, &Caller::person(who, "demo"), "Deploy tool of the demo", scope, DAYS).await?;
    write(&file, &secret).map_err(|e| Error::Internal(Box::new(e)))
}

/// For the account that runs the demo and no other.
fn write(file: &std::path::Path, secret: &str) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut to = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    writeln!(to, "{secret}")
}
