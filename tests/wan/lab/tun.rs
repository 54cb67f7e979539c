//! A TUN device: what the kernel routes to it is read from a descriptor, and what is written there arrives.
//!
//! It vanishes with its descriptor, and so with the process, however that ends.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;

#[derive(Debug)]
pub(super) struct Tun(File);

impl Tun {
    /// Makes the device in the namespace of this thread; it is down yet.
    ///
    /// # Errors
    ///
    /// `ResourceBusy` if there is one of this name, `PermissionDenied` without root.
    pub(super) fn make(name: &str) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open("/dev/net/tun")?;
        attach(&file, name)?;
        Ok(Self(file))
    }

    /// The next packet; `None` if there is none now.
    pub(super) fn read<'a>(&self, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
        match (&self.0).read(buffer) {
            Ok(n) => Ok(buffer.get(..n)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Lets a packet arrive.
    pub(super) fn write(&self, packet: &[u8]) -> io::Result<()> {
        (&self.0).write_all(packet)
    }
}

impl AsFd for Tun {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[expect(unsafe_code, reason = "nothing safe names a TUN device")]
fn attach(file: &File, name: &str) -> io::Result<()> {
    // SAFETY: all zeros are a request: a name of no bytes, and no flags.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    let room = request.ifr_name.len() - 1;
    assert!(name.is_ascii() && name.len() <= room, "{name} is too long");
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = libc::c_char::from_ne_bytes([from]);
    }
    let flags = libc::IFF_TUN | libc::IFF_NO_PI;
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(flags).expect("they fit");
    // SAFETY: the kernel reads and writes one `ifreq`, which outlives the call.
    let status = unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF, &raw mut request) };
    if status < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
