//! Who ends idle connections in the three large clouds, after which time, and how; and what to set.
//!
//! Between you and the server stand machines that forget. Two kinds are to be told apart:
//!
//! - **Proxies** (layer 7) end the TCP connection, and send a FIN when they are tired of it. To this crate they are the server: the close
//!   is seen, learned from, and a lost request is judged by it.
//! - **Packet forwarders** (layer 4, NAT, firewalls) have a table of connections. When an entry times out there is no FIN; what is sent
//!   next is answered by a RST, or by nothing at all.
//!
//! | what | idle timeout, by default | how it ends | source |
//! | --- | --- | --- | --- |
//! | AWS Application Load Balancer | 60 s (1 s to 4,000 s); a client's connection lives 3,600 s at most (60 s to 7 days) | proxy | [attributes](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html), [keepalive duration](https://aws.amazon.com/about-aws/whats-new/2024/03/application-load-balancer-http-keepalive-duration/) |
//! | AWS Classic Load Balancer | 60 s | proxy | [idle timeout](https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/config-idle-timeout.html) |
//! | AWS Network Load Balancer | 350 s, TCP (60 s to 6,000 s) | no FIN; RST to what is sent afterwards | [configurable idle timeout](https://aws.amazon.com/blogs/networking-and-content-delivery/introducing-nlb-tcp-configurable-idle-timeout/) |
//! | AWS NAT gateway | 350 s | no FIN; RST to what is sent afterwards | [troubleshooting](https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html) |
//! | Google Cloud external Application Load Balancer | 610 s towards clients (5 s to 1,200 s); 600 s, fixed, towards backends | proxy | [request distribution](https://docs.cloud.google.com/load-balancing/docs/https/request-distribution) |
//! | Google Cloud VPC, connection tracking | 10 min | silence | [troubleshooting](https://cloud.google.com/compute/docs/troubleshooting/general-tips) |
//! | Google Cloud NAT | 1,200 s, established TCP | silence | [timeouts](https://cloud.google.com/nat/docs/tune-nat-configuration) |
//! | Azure Load Balancer | 4 min (up to 100 min) | silence; RST to both sides if *TCP reset* is enabled | [TCP reset and idle timeout](https://learn.microsoft.com/en-us/azure/load-balancer/load-balancer-tcp-reset) |
//! | Azure NAT gateway | 4 min (up to 120 min) | RST to what is sent afterwards | [NAT gateway](https://learn.microsoft.com/en-us/azure/nat-gateway/nat-gateway-resource) |
//!
//! These are the vendors' figures, and they change; what your path does, you can measure: `unstale probe https://your.server/` (feature
//! `cli`).
//!
//! # Your client, in front of one of them
//!
//! The defaults are made for it: a proxy's timeout is learned or announced, a connection is given up 200 ms and a round trip before it,
//! and idle connections are closed after 90 s, which is under all of the forwarders' timeouts above. Behind an ALB, whose timeout is
//! known to you, it need not be learned:
//!
//! ```
//! use std::time::Duration;
//! use unstale::{Client, Prevention};
//!
//! let client = Client::builder()
//!     .prevention(Prevention::default().server_idle_timeout(Duration::from_secs(60)))
//!     .build()?;
//! # let _ = client;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Who keeps connections for longer than the forwarders allow must keep them awake, or notice that they are gone:
//!
//! ```
//! use std::time::Duration;
//! use unstale::Client;
//!
//! let client = Client::builder()
//!     .pool_idle_timeout(Duration::from_secs(900))
//!     // The kernel asks after a minute of silence: less than Azure's four.
//!     .tcp_keepalive(Duration::from_secs(60))
//!     .build()?;
//! # let _ = client;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Keep-alive probes of TCP hold a forwarder's entry; a proxy does not count them ("TCP keep-alive probes do not prevent the load
//! balancer from terminating the connection", says AWS of the Classic Load Balancer).
//!
//! # Your server, behind one of them
//!
//! The load balancer is a client that keeps connections to you, and it meets your close as you meet its: it answers 502 then. Let your
//! server keep idle connections for *longer* than the load balancer does: behind an ALB more than 60 s, behind Google's more than
//! 600 s (its documentation says 620). Node.js keeps them for 5 s if nothing is said (`server.keepAliveTimeout`), gunicorn for 2 s
//! (`--keep-alive`), uvicorn for 5 s (`--timeout-keep-alive`), Apache httpd for 5 s (`KeepAliveTimeout`), nginx for 75 s
//! (`keepalive_timeout`).
