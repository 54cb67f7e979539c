//! What can be placed inside of a link: the scripted peer, and the real servers.

use std::time::Duration;

use http::{Method, Request};

use crate::client::{Body, UnstaleClient, pooled};
use crate::lab::{Conditions, Link};
use crate::peer::{Peer, Script, Tls};
use crate::server::{APACHE, HAPROXY, NGINX, NODE, Program, Scheme, Server};

fn link() -> Link {
    Link::start(Conditions::round_trip(Duration::from_millis(20)))
}

fn post(url: String) -> Request<Body> {
    Request::post(url).body(Body::from("pay")).unwrap()
}

#[tokio::test]
#[ignore = "needs root: makes a network namespace and two TUN devices"]
async fn a_scripted_peer_serves_from_inside() {
    let link = link();
    let address = link.address();
    for tls in [Tls::Off, Tls::V13 { close_notify: true }] {
        let peer = link.place(|| Peer::start_at(address, tls, |_| Script::serve_forever()));
        let scheme = if tls == Tls::Off {
            Scheme::Cleartext
        } else {
            Scheme::Tls
        };
        let client = UnstaleClient::of(pooled(peer.root(), scheme));
        let url = format!("{}://{}/1", tls.scheme(), peer.addr());
        client.send(post(url)).await.unwrap();
        let executed = peer.finish(Peer::finish);
        assert_eq!(executed.len(), 1, "{tls:?}: {executed:?}");
    }
}

async fn serves_from_inside(program: &'static Program) {
    let link = link();
    let address = link.address();
    let mut server = link.place(|| Server::spawn(program, address));
    server.wait_until_it_accepts().await;
    for scheme in Scheme::ALL {
        let client = UnstaleClient::of(pooled(server.certificate(), scheme));
        let url = format!("{}/{scheme:?}", server.url(scheme));
        client.send(post(url)).await.unwrap();
    }
    let executed = server.executed().await;
    for scheme in Scheme::ALL {
        let request = (Method::POST, format!("/{scheme:?}"));
        assert_eq!(executed.get(&request), Some(&1), "{program}: {executed:?}");
    }
}

#[tokio::test]
#[ignore = "needs root: makes a network namespace and two TUN devices; needs nginx"]
async fn nginx_serves_from_inside() {
    serves_from_inside(&NGINX).await;
}

#[tokio::test]
#[ignore = "needs root: makes a network namespace and two TUN devices; needs apache2"]
async fn apache_serves_from_inside() {
    serves_from_inside(&APACHE).await;
}

#[tokio::test]
#[ignore = "needs root: makes a network namespace and two TUN devices; needs haproxy"]
async fn haproxy_serves_from_inside() {
    serves_from_inside(&HAPROXY).await;
}

#[tokio::test]
#[ignore = "needs root: makes a network namespace and two TUN devices; needs node"]
async fn node_serves_from_inside() {
    serves_from_inside(&NODE).await;
}
