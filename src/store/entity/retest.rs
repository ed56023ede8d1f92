//! A dependent that is asked to try out a new release.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "retest")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub device_id: String,
    pub on_id: String,
    pub tag: String,
    pub commit_id: String,
    pub opened_at: DateTimeUtc,
    pub state: String,
    pub reports: i32,
    pub overtaken_by: Option<String>,
    pub overtaken_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
