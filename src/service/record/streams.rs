//! The names of the journal's streams that tell of a device.

use crate::domain::{device::Device, id::DeviceId, tag::TagName};

/// What the journal calls a change of a device's support status.
pub const SUPPORT_CHANGED: &str = "support_changed";

/// The stream in which changes of a device's support status stand, and what the shift said to them.
pub fn support_stream(device: DeviceId) -> String {
    format!("support/{device}")
}

/// Whose stream of support that is.
pub fn device_of_support(stream: &str) -> Option<DeviceId> {
    stream.strip_prefix("support/")?.parse().ok()
}

/// The stream in which refused attempts at a device stand.
pub fn refused_stream(d: &Device) -> String {
    format!("refused/{}", d.id)
}

/// The stream in which what was seen of a device stands.
pub fn seen_stream(d: &Device) -> String {
    format!("seen/{}", d.id)
}

/// The stream in which the reports on a release stand.
pub fn release_stream(d: &Device, tag: &TagName) -> String {
    format!("release/{}/{tag}", d.id)
}

/// The stream in which it stands what is asked of a device with new releases of others, and what came of it (G8).
pub fn retest_stream(device: DeviceId) -> String {
    format!("retest/{device}")
}

/// Every stream that tells of a device.
pub fn streams(d: &Device) -> Vec<String> {
    let own = [d.id.to_string(), support_stream(d.id), refused_stream(d), seen_stream(d), retest_stream(d.id)];
    own.into_iter().chain(d.releases.iter().map(|r| release_stream(d, r.tag()))).collect()
}
