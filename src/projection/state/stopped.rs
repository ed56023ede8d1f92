//! What has stopped of devices on record: it is found by its names like what runs, and counts nowhere as running (O2).

use super::{
    Place, State, find,
    put::{number, words},
};
use crate::{
    domain::{
        id::{DeviceId, ServerName},
        observation::Known,
    },
    projection::search::{Around, Owner, Target},
};
use std::{cmp::Reverse, collections::HashMap, sync::Arc};

/// How urgent an instance is that has stopped: less than any that runs, and more telling than the device's own name.
pub(super) const STOPPED: u8 = 1;

impl State {
    /// What has stopped of a device.
    pub fn stopped(&self, device: DeviceId) -> &[Place] {
        self.stopped_of.get(&device).map_or(&[], Vec::as_slice)
    }

    /// The instance that says most of a device: of those that run the one that needs most attention, else the one that
    /// stopped last.
    pub fn telling(&self, device: DeviceId) -> Option<&Place> {
        let worst = self.places(device).iter().min_by_key(|p| Reverse(p.verdict.support));
        worst.or_else(|| self.stopped(device).iter().max_by_key(|p| p.seen.gone))
    }

    /// Where the same instance runs now.
    pub fn moved(&self, stopped: &Known) -> Option<&Place> {
        self.places(stopped.device?).iter().find(|p| p.seen.instance == stopped.seen.instance)
    }

    pub(super) fn remove_stopped(&mut self, instance: &str, server: &ServerName) {
        let Some((place, slot)) = remove(&mut self.stopped, instance, server) else { return };
        if let Some(device) = place.device
            && let Some(of) = self.stopped_of.get_mut(&device)
        {
            of.retain(|p| !Arc::ptr_eq(p, &place));
            if of.is_empty() {
                self.stopped_of.remove(&device);
            }
        }
        for word in words(&place) {
            self.unname(&word);
        }
        self.index.remove(slot);
    }

    /// What has stopped is found as long as a device brings it; of what nobody registered nothing is kept.
    pub(super) fn put_stopped(&mut self, place: Place) {
        let Some(device) = place.device else { return };
        let owner = Owner { device: self.give_number(device), urgency: STOPPED };
        let slot = self.index.insert(&place.seen.instance, Target::Instance(place.clone()), owner);
        let on = self.stopped.entry(place.seen.server.clone()).or_default();
        let at = find(on, &place.seen.instance).unwrap_or_else(|at| at);
        on.insert(at, (place.clone(), number(slot)));
        let [class, server, host] = words(&place).map(|word| self.name(word));
        self.index.place(slot, Around { class, server, host });
        self.stopped_of.entry(device).or_default().push(place);
    }
}

/// Takes an instance out of those of its server; it, and the slot of its name.
pub(super) fn remove(
    all: &mut HashMap<ServerName, Vec<(Place, u32)>>,
    instance: &str,
    server: &ServerName,
) -> Option<(Place, usize)> {
    let on = all.get_mut(server)?;
    let at = find(on, instance).ok()?;
    let (place, slot) = on.remove(at);
    if on.is_empty() {
        all.remove(server);
    }
    Some((place, slot as usize))
}
