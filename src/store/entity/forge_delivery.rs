//! A delivery that was heard: its repetition is not heard again. What it told may still wait to be looked at.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "forge_delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hook_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub delivery: String,
    pub at: DateTimeUtc,
    /// What it told, as JSON, until it has been looked at.
    pub waiting: Option<String>,
    pub due_at: Option<DateTimeUtc>,
    pub tries: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
