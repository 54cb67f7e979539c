//! The Linux probe: `TCP_INFO`.
//!
//! A file with `unsafe` in it: `tcpi_bytes_acked` (Linux 4.1) is not in libc's struct, so the
//! answer is read into bytes and the fields taken by their offsets, which the kernel never changes
//! (`include/uapi/linux/tcp.h` only grows at the end).

use std::os::fd::AsRawFd;

#[cfg(feature = "reqwest")]
use super::Counts;
use super::{Micros, Millis, Peek, Portable, Probe, Sample, State};
use crate::conn::socket::SocketRef;

/// Up to and including `tcpi_bytes_received`.
const COVERED: usize = 136;

/// Up to and including `tcpi_bytes_retrans` (Linux 4.19).
#[cfg(feature = "reqwest")]
const COUNTED: usize = 216;

/// Asks `getsockopt(TCP_INFO)`.
#[derive(Debug)]
pub(crate) struct Linux;

impl Probe for Linux {
    fn is_plain_tcp(&self, socket: SocketRef<'_>) -> bool {
        // MPTCP answers TCP_INFO for its first subflow only; Unix sockets have no protocol.
        matches!(
            socket2::SockRef::from(&socket).protocol(),
            Ok(Some(socket2::Protocol::TCP))
        )
    }

    fn sample(&self, socket: SocketRef<'_>) -> Option<Sample> {
        let mut info = [0; COVERED];
        let covered = tcp_info(socket, &mut info);
        parse(info.get(..covered)?)
    }

    #[cfg(feature = "reqwest")]
    fn counts(&self, socket: SocketRef<'_>) -> Option<Counts> {
        let mut info = [0; COUNTED];
        let covered = tcp_info(socket, &mut info);
        count(info.get(..covered)?)
    }

    fn peek(&self, socket: SocketRef<'_>) -> Peek {
        Portable.peek(socket)
    }

    fn peek_record(&self, socket: SocketRef<'_>) -> Option<[u8; 5]> {
        Portable.peek_record(socket)
    }

    fn was_reset_after_fin(&self, socket: SocketRef<'_>) -> bool {
        let pending = socket2::SockRef::from(&socket).take_error();
        matches!(pending, Ok(Some(error)) if error.raw_os_error() == Some(libc::EPIPE))
    }

    fn abort(&self, socket: SocketRef<'_>) -> bool {
        // `tcp_disconnect`: purges what is queued and in flight, and sends a RST.
        rustix::net::connect_unspec(socket).is_ok()
    }
}

/// Reads the fields; `None` if the struct is too short for them, or its state is none that TCP has: gVisor answers with
/// zeros all over.
fn parse(info: &[u8]) -> Option<Sample> {
    let info: &[u8; COVERED] = info.first_chunk()?;
    let u32_at = |at: usize| Some(u32::from_ne_bytes(info.get(at..at + 4)?.try_into().ok()?));
    let u64_at = |at: usize| Some(u64::from_ne_bytes(info.get(at..at + 8)?.try_into().ok()?));
    let state = match *info.first()? {
        1 => State::Established,
        7 => State::Close,
        8 => State::CloseWait,
        2..=12 => State::Other,
        _ => return None,
    };
    Some(Sample {
        state,
        rto: Micros(u32_at(8)?),
        rtt: Micros(u32_at(68)?),
        last_data_sent: Millis(u32_at(44)?),
        last_data_recv: Millis(u32_at(52)?),
        last_ack_recv: Millis(u32_at(56)?),
        // The SYN counts as one; a connection that is up has had it acknowledged, so 0 is no answer.
        acknowledged: u64_at(120)?.checked_sub(1)?,
        received: u64_at(128)?,
        unacked: u32_at(24)?,
        retransmits: *info.get(2)?,
    })
}

/// Reads what else was counted; `None` if the struct is too short for it.
#[cfg(feature = "reqwest")]
fn count(info: &[u8]) -> Option<Counts> {
    let u32_at = |at: usize| Some(u32::from_ne_bytes(info.get(at..at + 4)?.try_into().ok()?));
    let u64_at = |at: usize| Some(u64::from_ne_bytes(info.get(at..at + 8)?.try_into().ok()?));
    let (sent, sent_again) = (u64_at(200)?, u64_at(208)?);
    let (segments, segments_again) = (u32_at(156)?, u32_at(100)?);
    Some(Counts {
        sample: parse(info)?,
        written: sent.checked_sub(sent_again)? + u64::from(u32_at(144)?),
        segments: segments.checked_sub(segments_again)?,
    })
}

/// How many bytes of `info` the kernel has filled.
#[expect(
    unsafe_code,
    reason = "no crate of ours offers TCP_INFO with tcpi_bytes_acked"
)]
fn tcp_info<const N: usize>(socket: SocketRef<'_>, info: &mut [u8; N]) -> usize {
    let Ok(mut len) = libc::socklen_t::try_from(N) else {
        return 0;
    };
    // SAFETY: the descriptor is borrowed for the call, `info` is writable for `len` bytes, and the kernel writes no
    // more than that, and how much into `len`.
    let answer = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut len,
        )
    };
    if answer == 0 { len as usize } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(state: u8, acked: u64, received: u64) -> [u8; COVERED] {
        let mut info = [0; COVERED];
        info[0] = state;
        info[120..128].copy_from_slice(&acked.to_ne_bytes());
        info[128..136].copy_from_slice(&received.to_ne_bytes());
        info
    }

    #[test]
    fn zeros_are_no_answer() {
        assert!(parse(&[0; COVERED]).is_none());
    }

    #[test]
    fn a_short_struct_is_no_answer() {
        let full = info(1, 149, 7);
        assert!(parse(&full).is_some());
        for len in 0..COVERED {
            assert!(parse(&full[..len]).is_none(), "{len} bytes");
        }
    }

    #[test]
    fn the_syn_is_not_a_byte_of_the_stream() {
        assert_eq!(parse(&info(1, 149, 7)).unwrap().acknowledged, 148);
        assert!(parse(&info(1, 0, 7)).is_none(), "the SYN was acknowledged");
    }

    #[test]
    fn states_beyond_tcps_own_are_no_answer() {
        assert!(parse(&info(13, 1, 0)).is_none());
        assert_eq!(parse(&info(12, 1, 0)).unwrap().state, State::Other);
    }
}
