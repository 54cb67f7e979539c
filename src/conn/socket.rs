//! How the socket under a connection is reached.
//!
//! Apart because it is the only thing the taps ask of a transport beyond reading and writing. A transport that has no
//! socket to show (a test double, an in-memory pipe) says `None` and works without gate and proof.

use hyper_util::rt::TokioIo;

/// A borrowed socket, as the operating system names it.
#[cfg(unix)]
pub type SocketRef<'a> = std::os::fd::BorrowedFd<'a>;
/// A borrowed socket, as the operating system names it.
#[cfg(windows)]
pub type SocketRef<'a> = std::os::windows::io::BorrowedSocket<'a>;

#[cfg(unix)]
pub(crate) type OwnedSocket = std::os::fd::OwnedFd;
#[cfg(windows)]
pub(crate) type OwnedSocket = std::os::windows::io::OwnedSocket;

/// A transport that can show the socket it runs on, and does nothing but read and write it: a write that fails has sent
/// nothing. One that encrypts must not implement it.
///
/// Implemented for what hyper-util's `HttpConnector` makes, and for Unix sockets; for others give
/// [`TrackLayer::with_socket`](super::TrackLayer::with_socket) a closure.
pub trait Socket {
    /// The socket, or `None` if there is none to show. Must be the same one for the transport's life.
    fn socket(&self) -> Option<SocketRef<'_>>;

    /// The number of a socket that stays open for the transport's whole life. Nobody outside of this crate can say so,
    /// because it is relied upon.
    #[doc(hidden)]
    #[expect(
        private_interfaces,
        reason = "sealed: nobody outside can name the argument"
    )]
    fn lasting(&self, _: Sealed) -> Option<LastingSocket> {
        None
    }
}

/// Cannot be named outside of this crate.
pub(crate) struct Sealed;

/// A socket's number.
#[cfg(unix)]
pub(crate) type LastingSocket = std::os::fd::RawFd;
/// None is noted.
#[cfg(not(unix))]
pub(crate) type LastingSocket = std::convert::Infallible;

#[cfg(unix)]
impl Socket for TokioIo<tokio::net::TcpStream> {
    fn socket(&self) -> Option<SocketRef<'_>> {
        Some(std::os::fd::AsFd::as_fd(self.inner()))
    }

    #[expect(
        private_interfaces,
        reason = "sealed: nobody outside can name the argument"
    )]
    fn lasting(&self, _: Sealed) -> Option<LastingSocket> {
        Some(std::os::fd::AsRawFd::as_raw_fd(self.inner()))
    }
}

#[cfg(unix)]
impl Socket for TokioIo<tokio::net::UnixStream> {
    fn socket(&self) -> Option<SocketRef<'_>> {
        Some(std::os::fd::AsFd::as_fd(self.inner()))
    }

    #[expect(
        private_interfaces,
        reason = "sealed: nobody outside can name the argument"
    )]
    fn lasting(&self, _: Sealed) -> Option<LastingSocket> {
        Some(std::os::fd::AsRawFd::as_raw_fd(self.inner()))
    }
}

#[cfg(windows)]
impl Socket for TokioIo<tokio::net::TcpStream> {
    fn socket(&self) -> Option<SocketRef<'_>> {
        Some(std::os::windows::io::AsSocket::as_socket(self.inner()))
    }
}
