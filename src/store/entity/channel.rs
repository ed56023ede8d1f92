//! How a person or a group is told outside Custody.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "channel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub person_id: Option<String>,
    pub team_id: Option<String>,
    pub kind: String,
    pub address: String,
    pub login: String,
    pub secret: String,
    pub stream: String,
    pub topic: String,
    pub wanted: String,
    pub digest_at: Option<String>,
    pub quiet_from: Option<String>,
    pub quiet_to: Option<String>,
    pub changed_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
