//! `custody audit verify`: follows the journal's chain.

use super::{Outcome, args::AuditVerifyArgs};
use crate::store;
use std::io::Write;

pub fn verify(args: &AuditVerifyArgs, out: &mut dyn Write, err: &mut dyn Write) -> std::io::Result<Outcome> {
    let settings = match args.settings() {
        Ok(settings) => settings,
        Err(problem) => {
            writeln!(err, "{problem}")?;
            return Ok(Outcome::Refused);
        }
    };
    let file = settings.database();
    if !file.exists() {
        writeln!(err, "There is no database at {}: name its directory with --data.", file.display())?;
        return Ok(Outcome::Refused);
    }
    super::run_async(async move {
        let checked = async {
            let db = store::Db::open_to_read(&file).await?;
            let result = store::journal::verify(&db).await;
            db.close().await?;
            result
        };
        match checked.await {
            Ok(Ok(chain)) => {
                writeln!(
                    out,
                    "{} entries, each follows the one before it. The last hash is {}",
                    chain.len(),
                    chain.head()
                )?;
                Ok(Outcome::Done)
            }
            Ok(Err(broken)) => {
                writeln!(err, "The journal was changed. At {broken}.")?;
                Ok(Outcome::Failed)
            }
            Err(e) => {
                writeln!(err, "The journal cannot be read: {e}")?;
                Ok(Outcome::Failed)
            }
        }
    })
}
