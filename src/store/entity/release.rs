//! A verified tag; only `stands` ever changes, what its forge says of its protection, and what is read of its framework.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "release")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub device_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag: String,
    pub object: String,
    pub commit_id: String,
    pub tree: String,
    pub verified_at: DateTimeUtc,
    pub stands: bool,
    /// `None` while no forge has said so.
    pub protected: Option<bool>,
    pub protected_told_at: Option<DateTimeUtc>,
    /// What it is built against, where that is asked for.
    pub framework: Option<String>,
    pub framework_version: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
