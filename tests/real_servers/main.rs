//! Against real servers: nginx, Apache, `HAProxy` and Node.js; HTTP/1 and HTTP/2, in cleartext and over TLS.
//!
//! Apart from the other tests because each needs a program that is not everywhere; so each is ignored unless asked for
//! (`cargo test --test real_servers -- --ignored`), and then fails where its server is missing. The load makes requests
//! meet the very moment at which the server closes an idle connection, or replaces its processes; the server's own log is
//! the judge of what was executed, and how often.

#![cfg(all(unix, feature = "http2", feature = "tls"))]

/// One test for each line.
macro_rules! table {
    ($play:path; $($name:ident: $program:ident;)*) => {$(
        #[tokio::test]
        #[ignore = "needs nginx, apache2, haproxy or node"]
        async fn $name() {
            $play(&$program).await;
        }
    )*};
    ($play:path; $($name:ident: $program:ident, $scheme:ident;)*) => {$(
        #[tokio::test]
        #[ignore = "needs nginx, apache2, haproxy or node"]
        async fn $name() {
            $play(&$program, Scheme::$scheme).await;
        }
    )*};
}

mod client;
mod idle;
mod judge;
mod prevention;
mod reload;
mod server;
mod together;
mod traffic;

use self::server::{APACHE, HAPROXY, NGINX, NODE, Scheme};

/// hyper-util's client with the layer around it.
mod layered {
    use super::{APACHE, HAPROXY, NGINX, NODE, Scheme, idle};

    table! { idle::layered;
        nginx_meets_no_stale_connection_in_cleartext: NGINX, Cleartext;
        nginx_meets_no_stale_connection_over_tls: NGINX, Tls;
        apache_meets_no_stale_connection_in_cleartext: APACHE, Cleartext;
        apache_meets_no_stale_connection_over_tls: APACHE, Tls;
        haproxy_meets_no_stale_connection_in_cleartext: HAPROXY, Cleartext;
        haproxy_meets_no_stale_connection_over_tls: HAPROXY, Tls;
        node_meets_no_stale_connection_in_cleartext: NODE, Cleartext;
        node_meets_no_stale_connection_over_tls: NODE, Tls;
    }
}

/// This crate's own client.
mod pooled {
    use super::{APACHE, HAPROXY, NGINX, NODE, Scheme, idle};

    table! { idle::pooled;
        nginx_meets_no_stale_connection_in_cleartext: NGINX, Cleartext;
        nginx_meets_no_stale_connection_over_tls: NGINX, Tls;
        nginx_meets_no_stale_connection_over_http2: NGINX, Http2;
        nginx_meets_no_stale_connection_over_http2_and_tls: NGINX, Http2Tls;
        apache_meets_no_stale_connection_in_cleartext: APACHE, Cleartext;
        apache_meets_no_stale_connection_over_tls: APACHE, Tls;
        apache_meets_no_stale_connection_over_http2: APACHE, Http2;
        apache_meets_no_stale_connection_over_http2_and_tls: APACHE, Http2Tls;
        haproxy_meets_no_stale_connection_in_cleartext: HAPROXY, Cleartext;
        haproxy_meets_no_stale_connection_over_tls: HAPROXY, Tls;
        haproxy_meets_no_stale_connection_over_http2: HAPROXY, Http2;
        haproxy_meets_no_stale_connection_over_http2_and_tls: HAPROXY, Http2Tls;
        node_meets_no_stale_connection_in_cleartext: NODE, Cleartext;
        node_meets_no_stale_connection_over_tls: NODE, Tls;
        node_meets_no_stale_connection_over_http2: NODE, Http2;
        node_meets_no_stale_connection_over_http2_and_tls: NODE, Http2Tls;
    }
}

/// Both clients, in cleartext and over TLS, at servers that keep idle connections for one second and for five.
mod prevented {
    use super::{APACHE, HAPROXY, NGINX, NODE, prevention};

    table! { prevention::within_a_second;
        nginx_closes_no_connection_under_a_post_after_a_second: NGINX;
        apache_closes_no_connection_under_a_post_after_a_second: APACHE;
        haproxy_closes_no_connection_under_a_post_after_a_second: HAPROXY;
        node_closes_no_connection_under_a_post_after_a_second: NODE;
    }

    table! { prevention::within_five_seconds;
        nginx_closes_no_connection_under_a_post_after_five_seconds: NGINX;
        apache_closes_no_connection_under_a_post_after_five_seconds: APACHE;
        haproxy_closes_no_connection_under_a_post_after_five_seconds: HAPROXY;
        node_closes_no_connection_under_a_post_after_five_seconds: NODE;
    }

    // Node.js announces its timeout: there is nothing to be learned.
    table! { prevention::learns_nothing_of_a_restart;
        a_burst_and_a_reload_of_nginx_teach_nothing: NGINX;
        a_burst_and_a_reload_of_apache_teach_nothing: APACHE;
        a_burst_and_a_reload_of_haproxy_teach_nothing: HAPROXY;
    }
}

/// This crate's own client, while the server reloads again and again.
mod reloaded {
    use super::{APACHE, HAPROXY, NGINX, NODE, Scheme, reload};

    table! { reload::pooled;
        nginx_reloads_unnoticed_in_cleartext: NGINX, Cleartext;
        nginx_reloads_unnoticed_over_tls: NGINX, Tls;
        nginx_reloads_unnoticed_over_http2: NGINX, Http2;
        nginx_reloads_unnoticed_over_http2_and_tls: NGINX, Http2Tls;
        apache_reloads_unnoticed_in_cleartext: APACHE, Cleartext;
        apache_reloads_unnoticed_over_tls: APACHE, Tls;
        apache_reloads_unnoticed_over_http2: APACHE, Http2;
        apache_reloads_unnoticed_over_http2_and_tls: APACHE, Http2Tls;
        haproxy_reloads_unnoticed_in_cleartext: HAPROXY, Cleartext;
        haproxy_reloads_unnoticed_over_tls: HAPROXY, Tls;
        haproxy_reloads_unnoticed_over_http2: HAPROXY, Http2;
        haproxy_reloads_unnoticed_over_http2_and_tls: HAPROXY, Http2Tls;
        node_reloads_unnoticed_in_cleartext: NODE, Cleartext;
        node_reloads_unnoticed_over_tls: NODE, Tls;
        node_reloads_unnoticed_over_http2: NODE, Http2;
        node_reloads_unnoticed_over_http2_and_tls: NODE, Http2Tls;
    }
}
