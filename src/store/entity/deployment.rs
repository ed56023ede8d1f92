//! One release on its way onto one server.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deployment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub device_id: String,
    pub tag: String,
    pub server: String,
    pub state: String,
    pub asked_by: String,
    pub at: DateTimeUtc,
    pub jti: Option<String>,
    pub permit_until: Option<DateTimeUtc>,
    pub request_key: Option<String>,
    pub unsettled: bool,
    pub body: String,
    // For figures (G11), in seconds since 1970: only what has begun in production has a `begun`.
    pub released: Option<i64>,
    pub begun: Option<i64>,
    pub succeeded: Option<i64>,
    pub failed: Option<i64>,
    pub mended: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
