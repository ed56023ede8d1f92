//! The box of the cadence: how regularly it is deployed in each environment (G7).

use crate::{
    app::App,
    domain::{id::PersonId, lifecycle::StateName},
    service::devices::DeviceView,
    web::cadence::{Of, View},
};

/// For what is developed or owned; nothing is deployed of the rest.
pub fn draw(app: &App, v: &DeviceView) -> Vec<View> {
    use StateName::{CtrlOwned, ReducedSupport, UnderReview};
    if !matches!(v.device.state.name(), ReducedSupport | UnderReview | CtrlOwned) {
        return Vec::new();
    }
    let contributors: Vec<PersonId> = v.device.contributors.iter().copied().collect();
    let of = Of {
        contributors: &contributors,
        ctrl_contact: v.device.ctrl_contact,
        hold: v.device.moving_on.hold.as_ref(),
        people: &v.people,
        me: v.me,
    };
    v.cadence.iter().map(|shown| View::of(app, &shown.cadence, shown.going_on, &of, v.now)).collect()
}
