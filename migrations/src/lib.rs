//! The database's shape, step by step. A step that was released is never edited: another one follows it.

pub use sea_orm_migration::prelude::*;

mod dialect;
mod m0001_registry;
mod m0002_outbox;
mod m0003_shift;
mod m0004_changes;
mod m0005_tools;
mod m0006_absence;
mod m0007_deployment;
mod m0008_release_stage;
mod m0009_incident;
mod m0010_forge;
mod m0011_collector;
mod m0012_environment;
mod m0013_forge_word;
mod m0014_moving_on_again;
mod m0015_session_origin;
mod m0017_programs;
mod m0018_import;
mod m0019_replicas;
mod m0020_strangers;
mod m0021_open;
mod m0022_covers;
mod m0023_own_key;
mod m0024_whole_report;
mod m0025_roster;
mod m0026_folded;
mod m0027_stopped;
mod m0028_last_deployed;
mod m0029_group_mail;
mod m0030_deployments_found;
mod m0031_session_proof;
mod m0032_newest_last;
mod m0033_outbox_tried;
mod m0034_few_pages;
mod m0035_doors;
mod m0036_framework;
mod m0038_dependents;
mod m0039_delivery;
mod m0040_rollouts;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_registry::Migration),
            Box::new(m0002_outbox::Migration),
            Box::new(m0003_shift::Migration),
            Box::new(m0004_changes::Migration),
            Box::new(m0005_tools::Migration),
            Box::new(m0006_absence::Migration),
            Box::new(m0007_deployment::Migration),
            Box::new(m0008_release_stage::Migration),
            Box::new(m0009_incident::Migration),
            Box::new(m0010_forge::Migration),
            Box::new(m0011_collector::Migration),
            Box::new(m0012_environment::Migration),
            Box::new(m0013_forge_word::Migration),
            Box::new(m0014_moving_on_again::Migration),
            Box::new(m0015_session_origin::Migration),
            Box::new(m0017_programs::Migration),
            Box::new(m0018_import::Migration),
            Box::new(m0019_replicas::Migration),
            Box::new(m0020_strangers::Migration),
            Box::new(m0021_open::Migration),
            Box::new(m0022_covers::Migration),
            Box::new(m0023_own_key::Migration),
            Box::new(m0024_whole_report::Migration),
            Box::new(m0025_roster::Migration),
            Box::new(m0026_folded::Migration),
            Box::new(m0027_stopped::Migration),
            Box::new(m0028_last_deployed::Migration),
            Box::new(m0029_group_mail::Migration),
            Box::new(m0030_deployments_found::Migration),
            Box::new(m0031_session_proof::Migration),
            Box::new(m0032_newest_last::Migration),
            Box::new(m0033_outbox_tried::Migration),
            Box::new(m0034_few_pages::Migration),
            Box::new(m0035_doors::Migration),
            Box::new(m0036_framework::Migration),
            Box::new(m0038_dependents::Migration),
            Box::new(m0039_delivery::Migration),
            Box::new(m0040_rollouts::Migration),
        ]
    }
}
