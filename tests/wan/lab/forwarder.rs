//! The threads that carry packets from one device to the other, one for each way.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Way;
use super::lane::Moment;
use super::state::{State, lock};
use super::subnet::MTU;
use super::tun::Tun;

/// Running threads, which hold the devices; dropped, they end.
#[derive(Debug)]
pub(super) struct Forwarder {
    /// Its end is what the threads wait for besides packets.
    stop: Option<UnixStream>,
    threads: Vec<JoinHandle<()>>,
}

impl Forwarder {
    pub(super) fn start(here: Tun, inside: Tun, state: &Arc<Mutex<State>>) -> io::Result<Self> {
        let (stop, stopped) = UnixStream::pair()?;
        let (here, inside) = (Arc::new(here), Arc::new(inside));
        let ways = [
            (Way::In, Arc::clone(&here), Arc::clone(&inside)),
            (Way::Out, inside, here),
        ];
        let mut threads = Vec::new();
        for (way, from, to) in ways {
            let (state, stopped) = (Arc::clone(state), stopped.try_clone()?);
            let carry = move || while carry(way, &from, &to, &state, &stopped) {};
            threads.push(
                thread::Builder::new()
                    .name(format!("link {way:?}"))
                    .spawn(carry)?,
            );
        }
        Ok(Self {
            stop: Some(stop),
            threads,
        })
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        drop(self.stop.take());
        for thread in self.threads.drain(..) {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "the link broke");
        }
    }
}

/// Delivers what is due, waits, and takes what has come. Returns whether the link goes on.
fn carry(way: Way, from: &Tun, to: &Tun, state: &Mutex<State>, stopped: &UnixStream) -> bool {
    let mut now = Moment::now();
    while let Some(packet) = lock(state).leave(way, now) {
        // A device that is full or going down takes nothing: as on any link, it is lost then.
        let _ = to.write(&packet);
    }
    now = Moment::now();
    let next = lock(state).next_due(way);
    let wait = next.map(|due| due.saturating_duration_since(now));
    let wait = wait.and_then(|wait| Timespec::try_from(wait).ok());
    let mut ready = [
        PollFd::new(from, PollFlags::IN),
        PollFd::new(stopped, PollFlags::IN),
    ];
    // A signal cuts the wait short, which is as good as a packet.
    let _ = poll(&mut ready, wait.as_ref());
    let [packets, stop] = ready.map(|one| one.revents());
    if !stop.is_empty() {
        return false;
    }
    let mut buffer = [0; 2 * MTU];
    while packets.contains(PollFlags::IN) {
        match from.read(&mut buffer) {
            Ok(Some(packet)) => lock(state).enter(way, packet, Moment::now()),
            // `EIO`: the device is down, at the begin and at the end.
            Ok(None) | Err(_) => break,
        }
    }
    true
}
