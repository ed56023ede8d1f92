//! A device: the columns that lists and keys need, and the whole in `body`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub revision: i64,
    pub state: String,
    pub since: DateTimeUtc,
    pub cycle: i64,
    pub lead_group: String,
    pub summary: String,
    pub ctrl_contact: Option<String>,
    pub placed_class: Option<String>,
    pub support: Option<String>,
    pub urgency: i64,
    pub support_why: String,
    pub support_since: DateTimeUtc,
    pub orphan_at: Option<DateTimeUtc>,
    pub due: Date,
    pub when_stopped: String,
    pub may_stop: bool,
    pub repository: String,
    pub body: String,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
