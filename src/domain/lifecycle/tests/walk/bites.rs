//! Each invariant can fail: a device made wrong by hand sets it off.
