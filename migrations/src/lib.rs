//! The database's shape, step by step. A step that was released is never edited: another one follows it.

pub use sea_orm_migration::prelude::*;

mod m0001_registry;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_registry::Migration)]
    }
}
