//! One step of a rollout, carried out once on one target by the engine, and what it said.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rollout_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub rollout_id: String,
    pub target: String,
    pub step: i32,
    pub undo: bool,
    pub attempt: i32,
    pub state: String,
    pub begun_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
    pub rc: Option<i32>,
    pub tasks_done: i32,
    pub tasks_all: i32,
    pub output: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
