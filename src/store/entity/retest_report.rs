//! What came of a re-test, as somebody reported it; it never changes.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "retest_report")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub retest_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub passed: bool,
    pub person_id: Option<String>,
    pub job: Option<String>,
    pub release_tag: Option<String>,
    pub commit_id: Option<String>,
    pub link: String,
    pub text: String,
    pub at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
