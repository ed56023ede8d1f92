//! An update of a device to a version of its framework, and what came of it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "framework_update")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub device_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub framework: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: String,
    pub was: String,
    pub at: DateTimeUtc,
    pub state: String,
    pub tries: i32,
    pub due_at: Option<DateTimeUtc>,
    pub why: Option<String>,
    pub branch: Option<String>,
    pub commit_id: Option<String>,
    pub diff: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
