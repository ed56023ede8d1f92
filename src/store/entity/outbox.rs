//! What is on its way to somebody.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub channel_id: String,
    pub person_id: Option<String>,
    pub team_id: Option<String>,
    /// `None` where it is about no device on record.
    pub device_id: Option<String>,
    pub key: String,
    pub text: String,
    pub path: String,
    pub urgent: bool,
    pub at: DateTimeUtc,
    pub message: String,
    pub digest: Option<String>,
    pub lane: Option<String>,
    pub state: String,
    pub due_at: DateTimeUtc,
    pub attempts: i64,
    pub tried_since: Option<DateTimeUtc>,
    pub lease: Option<String>,
    pub lease_until: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    pub error: String,
    /// `None` where the record says it when it is sent.
    pub mail_to: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
