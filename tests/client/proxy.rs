//! By an HTTP proxy that reads the requests: absolute URIs, its authorization, and the rule for its connections, too.

use http::Method;
use unstale::evidence::Delivery;
use unstale::{Attempts, Client};

use super::setup::{current_thread, get, on_both, post, read, soon, until_idle};
use crate::client::pooled;
use crate::kernel;
use crate::peer::{Execution, Peer, Script, Tls};

fn by(proxy: &Peer) -> Client {
    let url = format!("http://user:pass@{}", proxy.addr());
    pooled(proxy).proxy(&url).build().unwrap()
}

fn header<'a>(execution: &'a Execution, name: &str) -> Option<&'a str> {
    let mut headers = execution.headers.iter();
    let (_, value) = headers.find(|(found, _)| found == name)?;
    Some(value)
}

#[test]
fn a_proxy_is_given_the_whole_uri_and_its_authorization() {
    on_both(async || {
        let proxy = Peer::start(Tls::Off, |_| Script::serve_forever());
        let client = by(&proxy);
        for path in ["/x?q=1", "/y"] {
            let url = format!("http://origin.test{path}");
            assert_eq!(soon(get(&client, url)).await.unwrap(), "ok");
            until_idle(&client, 1).await;
        }
        assert_eq!(proxy.connections(), 1, "it is kept");
        let executions = proxy.executions();
        assert_eq!(executions[0].path, "http://origin.test/x?q=1");
        assert_eq!(executions[1].path, "http://origin.test/y");
        for execution in &executions {
            assert_eq!(header(execution, "host"), Some("origin.test"));
            let authorization = header(execution, "proxy-authorization");
            assert_eq!(authorization, Some("Basic dXNlcjpwYXNz"));
        }
    });
}

#[test]
fn without_a_proxy_nothing_of_one_is_sent() {
    on_both(async || {
        let peer = Peer::start(Tls::Off, |_| Script::serve_forever());
        let nobody = pooled(&peer).proxy("http://user:pass@127.0.0.1:9");
        let client = nobody.no_proxy().build().unwrap();
        assert_eq!(
            soon(get(&client, super::setup::url(&peer, "/x")))
                .await
                .unwrap(),
            "ok"
        );
        let execution = &peer.executions()[0];
        assert_eq!(execution.path, "/x");
        assert_eq!(header(execution, "proxy-authorization"), None);
    });
}

/// A proxy whose first connection serves once, and then ends like this.
fn ending(end: Script) -> Peer {
    let script = Script::new().serve().wait("end").then(end);
    Peer::start(Tls::Off, move |n| match n {
        0 => script.clone(),
        _ => Script::serve_forever(),
    })
}

const ORIGIN: &str = "http://origin.test/";

async fn warm_up(client: &Client) {
    assert_eq!(soon(get(client, ORIGIN.to_owned())).await.unwrap(), "ok");
    until_idle(client, 1).await;
}

#[test]
fn a_post_finds_out_that_the_proxy_has_closed_before_it_is_sent() {
    current_thread().block_on(async {
        for end in [
            Script::new().close(),
            Script::new().rst(),
            Script::new().fin().discard(),
        ] {
            let proxy = ending(end);
            let client = by(&proxy);
            warm_up(&client).await;
            proxy.go("end");
            let is_dead = || kernel::established(proxy.addr()) == 0;
            kernel::block_until("the proxy has closed", is_dead);
            let answer = soon(client.request(post(ORIGIN.to_owned()))).await.unwrap();
            assert!(Attempts::of(&answer).is_empty(), "not a byte was sent");
            assert_eq!(read(answer).await, "ok");
            assert_eq!(proxy.executed("POST", ORIGIN), 1);
            assert_eq!(client.counters().refused_at_gate(), 1);
        }
    });
}

#[test]
fn what_a_proxy_loses_is_sent_again_if_it_is_idempotent_and_else_told_of() {
    on_both(async || {
        for method in [Method::GET, Method::PUT, Method::POST] {
            let proxy = ending(Script::new().read_all().execute().close());
            let client = by(&proxy);
            warm_up(&client).await;
            proxy.go("end");
            let before = proxy.executions().len();
            let mut request = post(ORIGIN.to_owned());
            *request.method_mut() = method.clone();
            let outcome = soon(client.request(request)).await;
            if method == Method::POST {
                let error = outcome.unwrap_err();
                assert_eq!(error.evidence().unwrap().delivery(), Delivery::Unknown);
                assert_eq!(proxy.executions().len(), before + 1);
            } else {
                let answer = outcome.unwrap();
                assert_eq!(Attempts::of(&answer).len(), 1);
                assert_eq!(read(answer).await, "ok");
                assert_eq!(proxy.executions().len(), before + 2);
            }
        }
    });
}
