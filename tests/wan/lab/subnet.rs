//! The addresses of a link: four of 198.18.0.0/15, which is set aside for tests of networks (RFC 2544).
//!
//! The device on this side has the subnet's number for its name, and the kernel gives a name once: so two links never have
//! the same subnet, not even if they are of two processes. A subnet that the machine has a route to is left alone.

use std::fmt::Write;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::tun::Tun;

const FIRST: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 0);
/// So many subnets of four addresses are in it.
const COUNT: u32 = 1 << 15;
/// So many are tried. Processes that run side by side start so many apart.
const TRIES: u32 = 64;
/// Packets of an Ethernet.
pub(super) const MTU: usize = 1500;
/// The kernel drops what waits beyond it; 500, as it is set, is a burst of a few hundred connections.
const QUEUE: usize = 10_000;

#[derive(Clone, Copy, Debug)]
pub(super) struct Subnet(u32);

impl Subnet {
    /// Takes a subnet that is free, with the device on this side. Needs root.
    pub(super) fn take() -> io::Result<(Self, Tun)> {
        static NEXT: AtomicU32 = AtomicU32::new(0);

        let start = std::process::id().wrapping_mul(TRIES);
        for _ in 0..TRIES {
            let number = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT;
            let subnet = Self(number);
            match Tun::make(&subnet.device()) {
                Ok(tun) if !subnet.is_routed()? => return Ok((subnet, tun)),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("no subnet of 198.18.0.0/15 is free"))
    }

    /// The name of the device, on both sides.
    pub(super) fn device(self) -> String {
        format!("unstale{}", self.0)
    }

    pub(super) fn here(self) -> Ipv4Addr {
        self.address(1)
    }

    pub(super) fn inside(self) -> Ipv4Addr {
        self.address(2)
    }

    fn address(self, host: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(FIRST.to_bits() + self.0 * 4 + host)
    }

    /// Gives the device in this thread's namespace its address, and puts it up; the loopback too, which is down in a new one.
    pub(super) fn set_up(self, address: Ipv4Addr) -> io::Result<()> {
        let device = self.device();
        let mut batch = String::new();
        for line in [
            format!("address add {address}/30 dev {device}"),
            format!("link set {device} mtu {MTU} txqueuelen {QUEUE} up"),
            "link set lo up".to_owned(),
        ] {
            let _ = writeln!(batch, "{line}");
        }
        ip(&["-batch", "-"], &batch).map(drop)
    }

    /// Whether this machine has a way to it, other than the one that it has to everything.
    fn is_routed(self) -> io::Result<bool> {
        let routes = ip(
            &["-4", "route", "show", "match", &self.here().to_string()],
            "",
        )?;
        Ok(routes.lines().any(|route| !route.starts_with("default ")))
    }
}

/// Runs iproute2's `ip`, in the namespace of this thread.
fn ip(arguments: &[&str], input: &str) -> io::Result<String> {
    let mut child = Command::new("ip")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| io::Error::other(format!("`ip`, of iproute2: {error}")))?;
    // Dropped at once: that is the end of the input.
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("`ip` failed at: {input}")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
