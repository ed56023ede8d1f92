//! The last that was reported of an instance on a server.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "instance")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub instance: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub server: String,
    pub class: String,
    pub host: String,
    pub support_class: Option<String>,
    pub device_id: Option<String>,
    pub version: String,
    pub since: DateTimeUtc,
    pub seen_at: DateTimeUtc,
    pub gone_at: Option<DateTimeUtc>,
    pub stated_by: Option<String>,
    pub collector: Option<String>,
    pub support: String,
    pub support_why: String,
    pub support_since: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
