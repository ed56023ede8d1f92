//! How memory is had: many threads read small things at once and let them go again, and what was read at the start is not
//! to stay with the process.

use std::ffi::c_char;
use tikv_jemallocator::Jemalloc;

/// For SQLite too: the system's own has its threads wait for each other.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// A text of C that never changes.
#[repr(transparent)]
struct Text(*const c_char);

// SAFETY: nobody writes to it.
unsafe impl Sync for Text {}

/// Few places to keep things in, as each has gaps of its own; what is free goes back to the system within two seconds.
/// Source: jemalloc(3), "TUNING".
#[used]
#[unsafe(export_name = "malloc_conf")]
static SETTINGS: Text = Text(c"narenas:2,background_thread:true,dirty_decay_ms:2000,muzzy_decay_ms:0".as_ptr());
