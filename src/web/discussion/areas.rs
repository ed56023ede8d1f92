//! Critical areas with their named experts (L7).

use super::{
    Reader,
    say::{Say, remark},
};
use crate::{
    domain::lifecycle::CommandKind as C,
    web::parts::{Remark, Side, Turn},
};

pub struct AreaView {
    pub name: String,
    /// `Ana Silva or Jon Kim`, or that there is nobody.
    pub experts: String,
    pub signed: Option<Remark>,
    pub turn: Option<Turn>,
    pub sign_off: Option<Say>,
}

pub fn of(r: &Reader<'_>) -> Vec<AreaView> {
    let discussion = &r.d.device.cycle.discussion;
    let view = |area: &String| {
        let experts = r.d.experts(area);
        // A sign-off counts while whoever gave it is an expert of the area.
        let signed = discussion.areas.get(area).filter(|s| experts.contains(&s.mark.by));
        let turn = match experts.as_slice() {
            _ if experts.contains(&r.d.me) => Turn::You(Side::Ctrl),
            [one] => r.turn_of(*one, Side::Ctrl),
            _ => Turn::Side(Side::Ctrl),
        };
        AreaView {
            name: r.app.policy.area_name(area).to_owned(),
            experts: match experts.is_empty() {
                true => "No expert is named yet: an administrator does it under Groups.".to_owned(),
                false => format!("Experts: {}.", r.d.people.names(&experts)),
            },
            signed: signed.map(|s| remark(r, s)),
            turn: signed.is_none().then_some(turn),
            sign_off: r.d.may_sign_area(area).then(|| {
                Say::new(r, C::SignOffArea, &format!("area-{area}"), "#areas", "What you looked at, and conditions")
                    .about("area", area)
                    .optional()
            }),
        }
    };
    r.d.device.request.areas.iter().map(view).collect()
}
