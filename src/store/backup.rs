//! A database as one file that stands for itself, taken while others write (F12).

use super::{Result, connection::Db};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use std::path::Path;

/// Writes all that is committed now into an empty file. What is written meanwhile is not in it, and waits for nothing.
/// Source: SQLite's `VACUUM INTO`.
pub async fn copy(c: &DatabaseConnection, to: &Path) -> Result<()> {
    let to = to.to_str().ok_or_else(|| DbErr::Custom("the file's name is no text".to_owned()))?;
    c.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [to.into()])).await?;
    Ok(())
}

/// What is wrong with a file as a database, in SQLite's words; `None` where nothing is.
pub async fn find_fault(c: &DatabaseConnection) -> Result<Option<String>> {
    let said = c.query_all_raw(Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check(1)")).await?;
    let first: Option<String> = said.first().map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(first.filter(|word| word != "ok"))
}

/// A copy, read as it is.
pub async fn open(file: &Path) -> Result<DatabaseConnection> {
    Db::open_to_read(file).await
}
