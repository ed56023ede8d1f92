//! Addresses on loopback that no other test is given.

use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpSocket};

/// An address where nobody is: whoever connects is refused, until the test, or a program that it starts, listens there. The
/// system gives it to nobody else meanwhile, as it does one that was merely free a moment ago.
pub struct Reserved {
    pub at: SocketAddr,
    socket: TcpSocket,
}

impl Reserved {
    pub fn new() -> Self {
        Self::again(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// One where somebody listened before.
    pub fn again(at: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // Else nobody could listen beside it.
        socket.set_reuseaddr(true).unwrap();
        socket.bind(at).unwrap();
        Self { at: socket.local_addr().unwrap(), socket }
    }

    /// Listens there from now on.
    pub fn listen(self) -> TcpListener {
        self.socket.listen(1024).unwrap()
    }
}
