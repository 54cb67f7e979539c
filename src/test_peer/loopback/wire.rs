//! One accepted socket, with or without TLS, as the steps of a script see it.
//!
//! Invariant: it never takes more from the kernel than a step asked for. Cleartext is read to the byte and TLS to the record,
//! because bytes left unread in the kernel decide whether `close(2)` sends a FIN or a RST.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;

#[cfg(target_os = "linux")]
use super::acknowledged::is_acknowledged;
use super::count::Traffic;
use super::cue::Cues;
use super::session::Session;

/// How long a socket call may block before the stop flag is looked at.
const TICK: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub struct Wire<'a> {
    socket: Socket<'a>,
    tls: Option<Session>,
    /// Application bytes read by [`Wire::read_ahead`], not yet part of a request.
    ahead: VecDeque<u8>,
}

impl<'a> Wire<'a> {
    pub fn new(
        stream: TcpStream,
        cues: &'a Cues,
        traffic: Arc<Traffic>,
        tls: Option<(Arc<ServerConfig>, bool)>,
    ) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(TICK)).unwrap();
        stream.set_write_timeout(Some(TICK)).unwrap();
        Self {
            socket: Socket {
                stream,
                cues,
                traffic,
            },
            tls: tls.map(|(config, close_notify)| Session::new(config, close_notify)),
            ahead: VecDeque::new(),
        }
    }

    /// Does the TLS handshake, and not a byte more.
    pub fn handshake(&mut self) -> io::Result<()> {
        let Some(tls) = &mut self.tls else {
            return Ok(());
        };
        while tls.is_handshaking() {
            tls.read_record(&mut self.socket)?;
        }
        Ok(())
    }

    /// Reads exactly so many application bytes and keeps them for the request to come.
    pub fn read_ahead(&mut self, bytes: usize) -> io::Result<()> {
        let mut read = vec![0; bytes];
        let mut done = 0;
        while done < bytes {
            match self.read_new(&mut read[done..])? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                n => done += n,
            }
        }
        self.ahead.extend(read);
        Ok(())
    }

    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.tls {
            None => self.socket.write_all(bytes),
            Some(tls) => tls.send(&mut self.socket, bytes),
        }
    }

    /// Whether a read would give something, an end or an error at once; waits no longer than a tick.
    pub fn readable(&mut self) -> io::Result<bool> {
        self.socket.cues.check()?;
        let buffered = self.tls.as_mut().is_some_and(Session::has_plaintext);
        if buffered || !self.ahead.is_empty() {
            return Ok(true);
        }
        match self.socket.stream.peek(&mut [0]) {
            Ok(_) => Ok(true),
            Err(e) if is_timeout(&e) => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Blocks until the kernel holds an unread byte, and leaves it there.
    pub fn wait_first_byte(&self) -> io::Result<()> {
        match self.socket.retry(|| self.socket.stream.peek(&mut [0]))? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Reads and forgets to the end of the stream: first above TLS, then of the socket.
    pub fn discard(&mut self) {
        let mut sink = [0; 16 * 1024];
        while matches!(self.read_new(&mut sink), Ok(1..)) {}
        // After the client's close_notify rustls reads no more; the socket may still bring a FIN.
        while self.tls.is_some() && matches!(self.socket.read(&mut sink), Ok(1..)) {}
    }

    /// Hears nothing any more, once everything that was sent is acknowledged: else its kernel would send it again and
    /// again, and be heard. A socket filter of one instruction, `ret #0`, drops every segment that arrives, before TCP has
    /// seen it (`tcp_filter` in `net/ipv4/tcp_ipv4.c`).
    #[cfg(target_os = "linux")]
    pub fn forget(&self) -> io::Result<()> {
        const RETURN: u16 = 0x06;
        let stream = &self.socket.stream;
        let (here, there) = (stream.local_addr()?, stream.peer_addr()?);
        while {
            // The list is long where there are many connections: who asks too often slows the link down.
            self.socket.cues.pause(Duration::from_millis(50))?;
            !is_acknowledged(here, there)
        } {}
        let drop_all = [socket2::SockFilter::new(RETURN, 0, 0, 0)];
        socket2::SockRef::from(stream).attach_filter(&drop_all)
    }

    /// Hears again.
    #[cfg(target_os = "linux")]
    pub fn remember(&self) -> io::Result<()> {
        socket2::SockRef::from(&self.socket.stream).detach_filter()
    }

    /// Is not to be had elsewhere.
    #[cfg(not(target_os = "linux"))]
    pub fn forget(&self) -> io::Result<()> {
        panic!("Forget works on Linux alone")
    }

    /// Nothing was forgotten.
    #[cfg(not(target_os = "linux"))]
    pub fn remember(&self) -> io::Result<()> {
        Ok(())
    }

    pub fn set_no_delay(&self, on: bool) -> io::Result<()> {
        self.socket.stream.set_nodelay(on)
    }

    /// Sends the TLS alert alone.
    pub fn close_notify(&mut self) -> io::Result<()> {
        let tls = self
            .tls
            .as_mut()
            .expect("CloseNotify needs a peer with TLS");
        tls.close_notify(&mut self.socket)
    }

    /// Ends our direction and goes on reading.
    pub fn fin(&mut self) -> io::Result<()> {
        self.say_goodbye()?;
        match self.socket.stream.shutdown(Shutdown::Write) {
            // A client that takes the close_notify for the end may have aborted already: there is nothing left to end.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            ended => ended,
        }
    }

    /// Closes both directions: Linux sends a FIN, or a RST if bytes are unread.
    pub fn close(mut self) {
        // The connection may be dead already; then there is nobody to tell.
        let _ = self.say_goodbye();
    }

    /// Aborts the connection: a RST, whatever is unread or unsent.
    pub fn reset(self) {
        let socket = socket2::SockRef::from(&self.socket.stream);
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    }

    fn say_goodbye(&mut self) -> io::Result<()> {
        match &self.tls {
            Some(tls) if tls.ends_with_close_notify() && !tls.is_handshaking() => {
                self.close_notify()
            }
            _ => Ok(()),
        }
    }

    fn read_new(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.tls {
            None => self.socket.read(buf)?,
            Some(tls) => tls.read(&mut self.socket, buf)?,
        };
        self.socket.traffic.add_plain(read);
        Ok(read)
    }
}

impl Read for Wire<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            return self.read_new(buf);
        }
        self.ahead.read(buf)
    }
}

/// The socket itself; its calls return an error soon after the peer is dropped.
#[derive(Debug)]
struct Socket<'a> {
    stream: TcpStream,
    cues: &'a Cues,
    traffic: Arc<Traffic>,
}

impl Socket<'_> {
    fn retry(&self, mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
        loop {
            match call() {
                Err(e) if is_timeout(&e) => {}
                done => return done,
            }
            self.cues.check()?;
        }
    }
}

impl Read for Socket<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.retry(|| (&self.stream).read(buf))?;
        self.traffic.add_raw(read);
        Ok(read)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.retry(|| (&self.stream).write(buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Linux says `WouldBlock` for a timeout, other systems `TimedOut`; and a signal may cut a call short.
fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
