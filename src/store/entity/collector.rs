//! How a collector is doing. What it asks stands in the policy.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "collector")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub due_at: DateTimeUtc,
    pub lease: Option<String>,
    pub lease_until: Option<DateTimeUtc>,
    pub tried_at: Option<DateTimeUtc>,
    pub view_at: Option<DateTimeUtc>,
    pub failures: i32,
    pub error: String,
    pub note: String,
    pub instances: i32,
    pub refused: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
