//! The proxies of the environment: read in a process of its own, as the environment belongs to the whole of one.

use std::process::Command;

use unstale::Client;

use super::setup::{current_thread, get};
use crate::peer::{Peer, Script, Tls};

/// Tells the child what to ask for, one URL after the other.
const CHILD: &str = "UNSTALE_TEST_ASKS_FOR";

#[test]
fn a_client_goes_by_the_proxies_of_the_environment_and_not_where_no_proxy_says() {
    if let Ok(urls) = std::env::var(CHILD) {
        return ask(&urls);
    }
    let proxy = Peer::start(Tls::Off, |_| Script::serve_forever());
    let origin = Peer::start(Tls::Off, |_| Script::serve_forever());
    let direct = format!("http://{}/direct", origin.addr());
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg(concat!(
            "environment::",
            "a_client_goes_by_the_proxies_of_the_environment_and_not_where_no_proxy_says"
        ))
        .env_remove("http_proxy")
        .env_remove("no_proxy")
        .env_remove("REQUEST_METHOD")
        .env("HTTP_PROXY", format!("http://user:pass@{}", proxy.addr()))
        .env("NO_PROXY", "example.test,127.0.0.1")
        .env(CHILD, format!("http://origin.test/proxied {direct}"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{child:?}"
    );
    let paths = |peer: &Peer| {
        peer.executions()
            .into_iter()
            .map(|it| it.path)
            .collect::<Vec<_>>()
    };
    assert_eq!(paths(&proxy), ["http://origin.test/proxied"]);
    let authorization = (
        "proxy-authorization".to_owned(),
        "Basic dXNlcjpwYXNz".to_owned(),
    );
    assert!(proxy.executions()[0].headers.contains(&authorization));
    assert_eq!(paths(&origin), ["/direct"]);
}

fn ask(urls: &str) {
    current_thread().block_on(async {
        let client = Client::new();
        for url in urls.split(' ') {
            assert_eq!(get(&client, url.to_owned()).await.unwrap(), "ok");
        }
    });
}
