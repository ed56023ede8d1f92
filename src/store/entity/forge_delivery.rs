//! A delivery that was heard: its repetition is not heard again.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "forge_delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hook_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub delivery: String,
    pub at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
