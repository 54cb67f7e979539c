//! Prevention over a link: the round trip belongs to the margin, and it is the client's clock that starts late.

use std::time::Duration;

use crate::lab::{Conditions, Link};
use crate::prevention::{by_all_ways, posts};
use crate::server::{APACHE, HAPROXY, NGINX, NODE, Program, Server};

async fn prevents(program: &'static Program, seconds: u32) {
    let link = Link::start(Conditions::round_trip(Duration::from_millis(20)));
    let address = link.address();
    let mut server = link.place(|| Server::spawn_keeping(program, address, seconds));
    Box::pin(by_all_ways(&mut server, seconds, posts())).await;
}

macro_rules! table {
    ($($name:ident: $program:ident, $seconds:literal;)*) => {$(
        #[tokio::test]
        #[ignore = "needs root: makes a network namespace and two TUN devices; needs nginx, apache2, haproxy or node"]
        async fn $name() {
            prevents(&$program, $seconds).await;
        }
    )*};
}

table! {
    nginx_closes_no_connection_under_a_post_after_a_second: NGINX, 1;
    nginx_closes_no_connection_under_a_post_after_five_seconds: NGINX, 5;
    apache_closes_no_connection_under_a_post_after_a_second: APACHE, 1;
    apache_closes_no_connection_under_a_post_after_five_seconds: APACHE, 5;
    haproxy_closes_no_connection_under_a_post_after_a_second: HAPROXY, 1;
    haproxy_closes_no_connection_under_a_post_after_five_seconds: HAPROXY, 5;
    node_closes_no_connection_under_a_post_after_a_second: NODE, 1;
    node_closes_no_connection_under_a_post_after_five_seconds: NODE, 5;
}
