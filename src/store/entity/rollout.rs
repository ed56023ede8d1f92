//! A rollout: the columns that lists and the runner need, and the whole in `body`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rollout")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub number: String,
    pub revision: i64,
    pub state: String,
    pub kind: String,
    pub window_until: DateTimeUtc,
    pub runner: Option<String>,
    pub runner_until: Option<DateTimeUtc>,
    pub body: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
