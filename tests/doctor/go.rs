//! Go's net/http: a small program, built without a network, with an `IdleTimeout`.
//!
//! Apart from the other servers, which are configured and not built. It listens on a free port and prints it; it ends when
//! its standard input does, so that it does not outlive the test.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rcgen::CertifiedKey;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::OnceCell;

use super::command::Temporary;

const PROGRAM: &str = r#"
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	idle, err := time.ParseDuration(os.Args[1])
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().String())
	answer := func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }
	server := http.Server{Handler: http.HandlerFunc(answer), IdleTimeout: idle}
	if len(os.Args) == 4 {
		panic(server.ServeTLS(listener, os.Args[2], os.Args[3]))
	}
	panic(server.Serve(listener))
}
"#;

/// A running server. Dropped, it ends.
#[derive(Debug)]
pub(crate) struct Go {
    _child: Child,
    url: String,
    certificate: Temporary,
    _key: Temporary,
}

impl Go {
    /// Starts one that keeps idle connections for so many seconds.
    ///
    /// # Panics
    ///
    /// If `go` is not installed.
    pub(crate) async fn start(seconds: u32, is_tls: bool) -> Self {
        static BUILT: OnceCell<PathBuf> = OnceCell::const_new();
        let binary = BUILT.get_or_init(build).await;
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
        let name = format!("go-{seconds}-{is_tls}-{:?}", std::thread::current().id());
        let certificate = Temporary::certificate(&format!("{name}.pem"), cert.der());
        let key = Temporary::named(&format!("{name}.key"));
        std::fs::write(key.path(), signing_key.serialize_pem()).unwrap();
        let mut command = Command::new(binary);
        command.arg(format!("{seconds}s"));
        if is_tls {
            command.args([certificate.path(), key.path()]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let addr = BufReader::new(stdout).lines().next_line().await.unwrap();
        let scheme = if is_tls { "https" } else { "http" };
        Self {
            url: format!("{scheme}://{}/", addr.expect("it prints its address")),
            _child: child,
            certificate,
            _key: key,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn certificate(&self) -> &Temporary {
        &self.certificate
    }
}

/// Builds the program, once for a process; what Go has compiled is kept between runs.
async fn build() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
    std::fs::create_dir_all(&folder).unwrap();
    let (source, binary) = (folder.join("idle.go"), folder.join("idle"));
    std::fs::write(&source, PROGRAM).unwrap();
    let built = Command::new("go")
        .args(["build", "-o"])
        .args([&binary, &source])
        .env("GOCACHE", folder.join("cache"))
        .env("GOPATH", folder.join("path"))
        .env("GOPROXY", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GO111MODULE", "off")
        .status()
        .await;
    let built = built.expect("this test needs go: install it (Debian: apt-get install golang-go)");
    assert!(built.success());
    binary
}
