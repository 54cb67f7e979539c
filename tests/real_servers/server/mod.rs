//! A real server as a child process: started, waited for, and ended with what it executed read from its access log.
//!
//! Apart from the load, so that one harness serves every server: what tells them apart is a [`Program`], a constant in
//! a file of its own. A server lives in a temporary folder of its own, on ports of its own, in the foreground,
//! and does not outlive its [`Server`] value, passed or panicked. It stays in the process group of the tests, so an
//! interrupt reaches it as well; only a test process that is killed outright leaves it behind.
//!
//! ```text
//! Program ── start ──▶ running ── executed ──▶ stopped gracefully, the log is complete
//!                         │                        │
//!                         └─ drop ──▶ ended ◀─ drop ┘      the folder goes, or stays if the test failed
//! ```

mod apache;
mod haproxy;
mod idle;
mod nginx;
mod node;
mod replace;
mod site;

pub(crate) use self::{apache::APACHE, haproxy::HAPROXY, nginx::NGINX, node::NODE};

use std::{
    collections::HashMap,
    fmt, io,
    net::Ipv4Addr,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use http::Method;
use rustls::pki_types::CertificateDer;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use self::site::Site;

/// How often the server executed each request, by method and path with query.
pub(crate) type Executed = HashMap<(Method, String), usize>;

/// How long a server may take to start, to answer or to stop before the test fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pause between two looks at a child process or a port.
const PAUSE: Duration = Duration::from_millis(20);

/// The way a request reaches the server: each has a port of its own. Over TLS the certificate is [`Server::certificate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// HTTP/1 in cleartext.
    Cleartext,
    /// HTTP/1 over TLS.
    Tls,
    /// HTTP/2 in cleartext, which the client has to know.
    Http2,
    /// HTTP/2 over TLS, by ALPN.
    Http2Tls,
}

impl Scheme {
    pub(crate) const ALL: [Self; 4] = [Self::Cleartext, Self::Tls, Self::Http2, Self::Http2Tls];

    pub(crate) fn is_tls(self) -> bool {
        matches!(self, Self::Tls | Self::Http2Tls)
    }

    pub(crate) fn is_http2(self) -> bool {
        matches!(self, Self::Http2 | Self::Http2Tls)
    }

    /// What stands for its port in a configuration.
    fn placeholder(self) -> &'static str {
        match self {
            Self::Cleartext => "{cleartext}",
            Self::Tls => "{tls}",
            Self::Http2 => "{http2}",
            Self::Http2Tls => "{http2_tls}",
        }
    }
}

/// What there is to know of a server's program: how it is started, configured and stopped.
///
/// In `configuration` `{idle}` stands for the seconds that an idle connection is kept. There and in `arguments`, `{dir}`,
/// `{address}`, `{cleartext}`, `{tls}`, `{http2}` and `{http2_tls}` stand for the folder, the address and the ports. The
/// folder is also the working directory and holds `certificate.pem`, `key.pem` and `both.pem`. The program writes a line
/// `METHOD PATH STATUS` for every request to `executed.log`, which is its standard output too.
#[derive(Debug)]
pub(crate) struct Program {
    /// The name it is found by.
    binary: &'static str,
    /// The Debian package to name where it is missing.
    package: &'static str,
    /// The command line.
    arguments: &'static [&'static str],
    /// The name of its configuration's file.
    file: &'static str,
    /// What that file says.
    configuration: &'static str,
    /// The signal at which it finishes its requests, writes its log, and ends.
    graceful: &'static str,
    /// The signal at which others take the place of the processes that serve, and these end as soon as they can.
    reload: &'static str,
}

impl Program {
    /// Starts it on a site that is laid out.
    fn run(&self, site: &Site) -> Child {
        Command::new(self.locate())
            .args(self.arguments.iter().map(|word| site.fill_in(word)))
            .current_dir(site.dir())
            .stdin(Stdio::null())
            .stdout(site.append("executed.log"))
            .stderr(site.append("errors.log"))
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", self.binary))
    }

    /// Where the program is; Debian keeps servers outside an ordinary user's `PATH`.
    fn locate(&self) -> PathBuf {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
            .map(|folder| folder.join(self.binary))
            .find(|candidate| candidate.is_file())
            .unwrap_or_else(|| {
                panic!(
                    "this test needs {}, which is neither on PATH nor in /usr/sbin: install it (Debian: apt-get install {})",
                    self.binary, self.package
                )
            })
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.binary)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.program.fmt(f)
    }
}

/// A running server. Dropped, it ends.
#[derive(Debug)]
pub(crate) struct Server {
    program: &'static Program,
    child: Child,
    site: Site,
}

impl Server {
    /// Starts `program` and waits until it accepts connections in every way.
    ///
    /// # Panics
    ///
    /// If the program is not installed, ends at once (its error log is shown), or does not accept for ten seconds.
    pub(crate) async fn start(program: &'static Program) -> Self {
        let mut server = Self::spawn(program, Ipv4Addr::LOCALHOST);
        server.wait_until_it_accepts().await;
        server
    }

    /// Starts `program` at an address, in the network of this thread.
    ///
    /// # Panics
    ///
    /// If the program is not installed.
    pub(crate) fn spawn(program: &'static Program, address: Ipv4Addr) -> Self {
        Self::spawn_keeping(program, address, 1)
    }

    /// The same, for a server that keeps idle HTTP/1 connections for so many seconds (Node.js for one more).
    ///
    /// # Panics
    ///
    /// If the program is not installed.
    pub(crate) fn spawn_keeping(
        program: &'static Program,
        address: Ipv4Addr,
        seconds: u32,
    ) -> Self {
        let site = Site::lay_out(program.binary, address);
        let configuration = program
            .configuration
            .replace("{idle}", &seconds.to_string());
        site.write(program.file, &site.fill_in(&configuration));
        Self {
            program,
            child: program.run(&site),
            site,
        }
    }

    /// Waits until it accepts connections in every way.
    ///
    /// # Panics
    ///
    /// If the program ends at once (its error log is shown), or does not accept for ten seconds.
    pub(crate) async fn wait_until_it_accepts(&mut self) {
        for scheme in Scheme::ALL {
            self.wait_until_it_accepts_by(scheme).await;
        }
    }

    /// `http://ADDRESS:PORT` or `https://ADDRESS:PORT`, to put a path behind.
    pub(crate) fn url(&self, scheme: Scheme) -> String {
        let addr = self.site.addr(scheme);
        let name = if scheme.is_tls() { "https" } else { "http" };
        format!("{name}://{addr}")
    }

    /// The certificate of the TLS port, to be trusted: for `localhost` and the address, signed by itself.
    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.site.certificate()
    }

    /// How long the server keeps an idle connection, measured on one; what it announces may be something else.
    pub(crate) async fn idle_timeout(&self, scheme: Scheme) -> Duration {
        let addr = self.site.addr(scheme);
        let base = self.url(scheme);
        let measure = idle::measure(addr, &base, scheme, self.certificate());
        let measured = timeout(PATIENCE, measure).await;
        let binary = self.program.binary;
        measured.unwrap_or_else(|_| panic!("{binary} keeps an idle connection for too long"))
    }

    /// Puts others in the place of the processes that serve, and waits for nothing.
    pub(crate) fn reload(&self) {
        let sent = self.signal(self.program.reload);
        let status = sent.expect("a shell sends the signal");
        assert!(status.success(), "{} is gone", self.program.binary);
    }

    /// Stops the server gracefully and counts what it executed, from its log, which is complete by then.
    ///
    /// Let go of all connections before: a server may wait for them. Keep the value until the assertions are through: only
    /// then does it know whether the logs are still wanted.
    pub(crate) async fn executed(&mut self) -> Executed {
        self.stop().await;
        count(&self.site.read("executed.log"))
    }

    /// Stops the server gracefully.
    async fn stop(&mut self) {
        self.signal(self.program.graceful)
            .expect("a shell sends the signal");
        let deadline = Instant::now() + PATIENCE;
        while self
            .child
            .try_wait()
            .expect("a child can be waited for")
            .is_none()
        {
            assert!(
                Instant::now() < deadline,
                "{} does not stop",
                self.program.binary
            );
            sleep(PAUSE).await;
        }
    }

    async fn wait_until_it_accepts_by(&mut self, scheme: Scheme) {
        let deadline = Instant::now() + PATIENCE;
        let addr = self.site.addr(scheme);
        while TcpStream::connect(addr).await.is_err() {
            let ended = self.child.try_wait().expect("a child can be waited for");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "{} does not accept at {addr}: {ended:?}\n{}",
                self.program.binary,
                self.site.read("errors.log"),
            );
            sleep(PAUSE).await;
        }
    }

    /// Signals the child through the shell, since the standard library can only kill; a child not yet waited for keeps
    /// its id, so nobody else is hit.
    fn signal(&self, name: &str) -> io::Result<ExitStatus> {
        let line = format!("kill -{name} {}", self.child.id());
        Command::new("sh")
            .args(["-c", &line])
            .stderr(Stdio::null())
            .status()
    }
}

impl Drop for Server {
    /// Asks first: killed outright, nginx and Apache leave their workers behind.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.signal("TERM");
            if !ends_within(&mut self.child, PATIENCE) {
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a Drop cannot await, and nothing but a failed test comes here"
)]
fn ends_within(child: &mut Child, patience: Duration) -> bool {
    let looks = patience.as_millis() / PAUSE.as_millis();
    (0..looks).any(|_| {
        std::thread::sleep(PAUSE);
        !matches!(child.try_wait(), Ok(None))
    })
}

/// Counts the lines that tell of an execution. Every configuration here answers 200 to whatever it executes, so another
/// status, or a line of another shape, tells of a connection that broke before there was a request.
fn count(log: &str) -> Executed {
    let mut executed = Executed::new();
    for line in log.lines() {
        if let [method, path, "200"] = line.split(' ').collect::<Vec<_>>().as_slice() {
            let method = method
                .parse()
                .expect("a server logs the method as it was sent");
            *executed.entry((method, (*path).to_owned())).or_default() += 1;
        }
    }
    executed
}
