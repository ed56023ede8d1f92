//! How glibc keeps memory for us: what is read at the start and thrown away again would else stay with the process, in as
//! many places as there are threads that have ever read.

/// Keeps what is allocated in few places: each has gaps of its own. To be called before any thread is there.
pub fn keep_together() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let threads = std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 8));
        // SAFETY: it takes two numbers, and no other thread runs yet.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, threads as libc::c_int);
        }
    }
}

/// Gives back to the system what is free; it else counts as ours.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes no pointer and may be called at any time, by any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
