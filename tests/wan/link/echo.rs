//! A server that sends every datagram back, and remembers them.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::lab::{Inside, Link};

const TICK: Duration = Duration::from_millis(20);

pub struct Echo {
    addr: SocketAddr,
    received: Arc<Mutex<Vec<u16>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Echo {
    /// One inside, and a socket on this side that is connected to it.
    pub fn over(link: &Link) -> (Inside<Self>, UdpSocket) {
        let echo = link.place(|| Self::start(link.address()));
        let socket = UdpSocket::bind((link.here(), 0)).unwrap();
        socket.connect(echo.addr).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        (echo, socket)
    }

    fn start(address: Ipv4Addr) -> Self {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        socket.set_read_timeout(Some(TICK)).unwrap();
        let addr = socket.local_addr().unwrap();
        let (received, stop) = (Arc::default(), Arc::default());
        let thread = thread::spawn({
            let (received, stop) = (Arc::clone(&received), Arc::clone(&stop));
            move || serve(&socket, &received, &stop)
        });
        Self {
            addr,
            received,
            stop,
            thread: Some(thread),
        }
    }

    /// The numbers that came, in their order.
    pub fn received(&self) -> Vec<u16> {
        self.received.lock().unwrap().clone()
    }
}

fn serve(socket: &UdpSocket, received: &Mutex<Vec<u16>>, stop: &AtomicBool) {
    let mut datagram = [0; 2];
    while !stop.load(Ordering::Relaxed) {
        if let Ok((_, from)) = socket.recv_from(&mut datagram) {
            received.lock().unwrap().push(u16::from_be_bytes(datagram));
            let _ = socket.send_to(&datagram, from);
        }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Sends a number.
pub fn send(socket: &UdpSocket, number: u16) {
    socket.send(&number.to_be_bytes()).unwrap();
}

/// The next number that comes back; `None` if none does.
pub fn answer(socket: &UdpSocket) -> Option<u16> {
    let mut datagram = [0; 2];
    socket.recv(&mut datagram).ok()?;
    Some(u16::from_be_bytes(datagram))
}
