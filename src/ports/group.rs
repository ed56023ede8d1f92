//! The processes of one run of a program: the one that was started, and the helpers it starts.

/// They do not outlive this value.
pub(crate) struct Group(Option<libc::pid_t>);

impl Group {
    /// Of a child that was started to lead a group of its own.
    pub fn of(child: &tokio::process::Child) -> Group {
        Group(child.id().and_then(|id| libc::pid_t::try_from(id).ok()).filter(|id| *id > 1))
    }

    /// Tells all of them.
    pub fn signal(&self, signal: libc::c_int) {
        if let Some(id) = self.0 {
            // SAFETY: a plain system call. The child leads the group and was not waited for, so the number is its own.
            unsafe { libc::killpg(id, signal) };
        }
    }

    /// The child was waited for: its number may soon be somebody else's.
    pub fn ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(libc::SIGKILL);
    }
}
