//! Prevention over a link: the round trip belongs to the margin, and it is the client's clock that starts late.

use std::time::Duration;

use crate::lab::{Conditions, Link};
use crate::prevention::{by_all_ways, posts};
use crate::server::{APACHE, HAPROXY, NGINX, NODE, Program, Server};

async fn prevents(program: &'static Program) {
    let link = Link::start(Conditions::round_trip(Duration::from_millis(20)));
    let address = link.address();
    let mut server = link.place(|| Server::spawn_keeping(program, address, 1));
    Box::pin(by_all_ways(&mut server, 1, posts())).await;
}

#[tokio::test]
#[ignore = "needs root: makes a network namespace and two TUN devices; needs nginx"]
async fn nginx_closes_no_connection_under_a_post() {
    prevents(&NGINX).await;
}

#[tokio::test]
#[ignore = "needs root: makes a network namespace and two TUN devices; needs apache2"]
async fn apache_closes_no_connection_under_a_post() {
    prevents(&APACHE).await;
}

#[tokio::test]
#[ignore = "needs root: makes a network namespace and two TUN devices; needs haproxy"]
async fn haproxy_closes_no_connection_under_a_post() {
    prevents(&HAPROXY).await;
}

#[tokio::test]
#[ignore = "needs root: makes a network namespace and two TUN devices; needs node"]
async fn node_closes_no_connection_under_a_post() {
    prevents(&NODE).await;
}
