//! The ground a server stands on: a temporary folder, a free port for each way in, and a certificate.
//!
//! Apart from the process, so that the order of dropping is plain: the child ends first, then its folder goes. After a
//! failed test the folder stays, for its logs, and its path is printed.

use std::{
    fs::{self, File, OpenOptions},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU16, Ordering},
};

use rcgen::CertifiedKey;
use rustls::pki_types::CertificateDer;

use super::Scheme;

/// The port of each way in, by the name that stands for it in a configuration.
type Ports = [(Scheme, u16); 4];

/// A folder, four ports and a certificate.
#[derive(Debug)]
pub(super) struct Site {
    dir: PathBuf,
    address: Ipv4Addr,
    ports: Ports,
    certificate: CertificateDer<'static>,
}

impl Site {
    /// Makes the folder, named after the server, picks the ports, and writes the certificate and its key.
    pub(super) fn lay_out(name: &str, address: Ipv4Addr) -> Self {
        let ports = Scheme::ALL.map(|scheme| (scheme, free_port(address)));
        let [(_, first), ..] = ports;
        // The port is in the name: no two servers of one process have it.
        let dir =
            std::env::temp_dir().join(format!("unstale-{name}-{}-{first}", std::process::id()));
        fs::create_dir(&dir)
            .unwrap_or_else(|error| panic!("cannot make {}: {error}", dir.display()));

        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned(), address.to_string()])
                .expect("a certificate for an address can be made");
        let site = Self {
            dir,
            address,
            ports,
            certificate: cert.der().clone(),
        };
        let (certificate, key) = (cert.pem(), signing_key.serialize_pem());
        site.write("certificate.pem", &certificate);
        site.write("key.pem", &key);
        site.write("both.pem", &format!("{certificate}{key}"));
        site
    }

    /// The folder.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where to listen.
    pub(super) fn addr(&self, scheme: Scheme) -> SocketAddr {
        let found = self.ports.iter().find(|(known, _)| *known == scheme);
        (self.address, found.expect("there is one for each").1).into()
    }

    /// The certificate, to be trusted.
    pub(super) fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    /// Puts the folder, the address and the ports into a text.
    pub(super) fn fill_in(&self, template: &str) -> String {
        let text = template.replace("{dir}", &self.dir.display().to_string());
        let text = text.replace("{address}", &self.address.to_string());
        let fill_in = |text: String, (scheme, port): &(Scheme, u16)| {
            text.replace(scheme.placeholder(), &port.to_string())
        };
        self.ports.iter().fold(text, fill_in)
    }

    /// Writes a file of the folder.
    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.join(name), text)
            .unwrap_or_else(|error| panic!("cannot write {name}: {error}"));
    }

    /// Reads a file of the folder.
    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.dir.join(name))
            .unwrap_or_else(|error| panic!("cannot read {name}: {error}"))
    }

    /// Opens a log for a child, at its end: the program may open the same file by name as well.
    pub(super) fn append(&self, name: &str) -> Stdio {
        let log: File = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.join(name))
            .unwrap_or_else(|error| panic!("cannot open {name}: {error}"));
        log.into()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "the server's configuration and logs are kept in {}",
                self.dir.display()
            );
        } else {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

/// A port nobody listens on, below the range from which the kernel takes the ports of outgoing connections: of those
/// the other tests open many, and one of them could take the port before the server does.
fn free_port(address: Ipv4Addr) -> u16 {
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 20_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);

    // Test processes that run side by side start some ports apart.
    let start = u16::try_from(std::process::id() % u32::from(COUNT) * 64 % u32::from(COUNT))
        .unwrap_or_default();
    (0..COUNT)
        .map(|_| FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT)
        .find(|&port| TcpListener::bind((address, port)).is_ok())
        .expect("a port of the address is free")
}
