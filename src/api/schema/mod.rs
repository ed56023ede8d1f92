//! What the words and shapes of the rules look like in the API's description. They are said here, so that the rules
//! themselves know nothing of it; a test holds them against what is really sent.

pub mod commands;
pub mod rollouts;
mod shapes;

use crate::{
    domain::{
        cadence,
        contact::{Hours, WhenStopped},
        cycle::HelpKind,
        delivery::Every,
        deployment::{DeploymentState, Environment},
        drift,
        forge::Forge,
        id::{DeploymentId, DeviceId, GroupId, PersonId, RetestId, ServerName},
        lifecycle::{CommandKind, GateId, StateName, Turn},
        moving_on::Cause,
        overrides::Skip,
        policy::CollectorKind,
        request::LevelOfSupport,
        retest,
        server::SupportClass,
        stage::Stage,
        support::Support,
        tag::TagName,
        telling,
    },
    service::{groups::TeamKind, hooks::Heard},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::borrow::Cow;
use strum::IntoEnumIterator;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

/// A schema as it is written in JSON.
pub(super) fn schema(of: Value) -> RefOr<Schema> {
    serde_json::from_value(of).expect("a schema that is written out by hand is one")
}

/// One of these words.
fn one_of(words: impl Iterator<Item = Value>) -> RefOr<Schema> {
    schema(json!({ "type": "string", "enum": words.collect::<Vec<_>>() }))
}

fn said(word: impl Serialize) -> Value {
    serde_json::to_value(word).expect("a word is always JSON")
}

/// Types whose schema is written out, each under its name.
macro_rules! described {
    ($($type:ty as $name:literal: $schema:expr),* $(,)?) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $schema
            }
        }
        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }
        }
    )*};
}
pub(super) use described;

described! {
    CollectorKind as "CollectorKind": one_of(CollectorKind::iter().map(said)),
    CommandKind as "CommandName": one_of(CommandKind::iter().map(said)),
    Cause as "HoldCause": one_of(Cause::iter().map(said)),
    DeploymentState as "DeploymentState": one_of(DeploymentState::iter().map(said)),
    Every as "Every": one_of(Every::iter().map(|e| e.to_string().into())),
    Environment as "Environment": one_of(Environment::iter().map(said)),
    Forge as "ForgeKind": one_of(Forge::iter().map(said)),
    GateId as "GateId": one_of(GateId::iter().map(said)),
    Heard as "Heard": one_of(Heard::iter().map(said)),
    HelpKind as "HelpKind": one_of(HelpKind::iter().map(said)),
    Hours as "Hours": one_of(Hours::iter().map(said)),
    LevelOfSupport as "LevelOfSupport": one_of(LevelOfSupport::iter().map(said)),
    Skip as "Skip": one_of(Skip::iter().map(said)),
    Stage as "StageName": one_of(Stage::iter().map(said)),
    StateName as "State": one_of(StateName::iter().map(said)),
    Support as "Support": one_of(Support::iter().map(said)),
    SupportClass as "SupportClass": one_of(SupportClass::iter().map(said)),
    cadence::Standing as "CadenceStanding": one_of(cadence::Standing::iter().map(said)),
    cadence::WhyNot as "CadenceWhyNot": one_of(cadence::WhyNot::iter().map(said)),
    cadence::Whose as "CadenceTurn": one_of(cadence::Whose::iter().map(said)),
    TeamKind as "GroupKind": one_of(TeamKind::iter().map(|k| k.to_string().into())),
    Turn as "Turn": one_of(Turn::iter().map(said)),
    WhenStopped as "WhenStopped": one_of(WhenStopped::iter().map(said)),
    retest::Standing as "RetestStanding": one_of(retest::Standing::iter().map(said)),
    drift::Kind as "IncidentKind": one_of(drift::Kind::iter().map(said)),
    telling::Kind as "ChannelKind": one_of(telling::Kind::iter().map(|k| k.to_string().into())),
    telling::Wanted as "ChannelTakes": one_of(telling::Wanted::iter().map(|k| k.to_string().into())),
    DeploymentId as "DeploymentId": schema(json!({ "type": "string", "format": "uuid" })),
    DeviceId as "DeviceId": schema(json!({ "type": "string", "format": "uuid" })),
    GroupId as "GroupId": schema(json!({ "type": "string", "format": "uuid" })),
    PersonId as "PersonId": schema(json!({ "type": "string", "format": "uuid" })),
    RetestId as "RetestId": schema(json!({ "type": "string", "format": "uuid" })),
    ServerName as "ServerName": schema(json!({
        "type": "string",
        "description": "A device server's name as the control system knows it, like cppServer/contrib_scs_01."
    })),
    TagName as "TagName": schema(json!({
        "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[A-Za-z0-9_+][A-Za-z0-9._+/-]*$",
        "description": "A tag's plain name, like 1.4.2; the facility's rule for versions stands in its policy."
    })),
}
