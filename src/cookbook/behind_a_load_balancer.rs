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
//! | AWS Application Load Balancer | 60 s (1 s to 4,000 s); a client's connection lives 3,600 s at most (60 s to 7 days) | proxy | [attributes](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html) |
//! | AWS Classic Load Balancer | 60 s | proxy | [idle timeout](https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/config-idle-timeout.html) |
//! | AWS Network Load Balancer | 350 s; TCP listeners 60 s to 6,000 s, TLS listeners fixed | no FIN; RST to what is sent afterwards | [idle timeout](https://docs.aws.amazon.com/elasticloadbalancing/latest/network/update-idle-timeout.html), [how it ends](https://aws.amazon.com/blogs/networking-and-content-delivery/introducing-nlb-tcp-configurable-idle-timeout/) |
//! | AWS NAT gateway | 350 s | no FIN; RST to what is sent afterwards | [troubleshooting](https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html), [how it ends](https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-comparison.html) |
//! | AWS security groups, connection tracking | 5 days; 350 s on Nitro v6 instances (60 s to 5 days) | not said | [API](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ConnectionTrackingConfiguration.html) |
//! | Google Cloud external Application Load Balancer, global | 610 s towards clients (5 s to 1,200 s); 600 s, fixed, towards backends | proxy | [request distribution](https://docs.cloud.google.com/load-balancing/docs/https/request-distribution), [range](https://pub.dev/documentation/pulumi_gcp/latest/compute/TargetHttpProxy/httpKeepAliveTimeoutSec.html) |
//! | the same, regional; and internal | 600 s towards clients (5 s to 600 s); 600 s, fixed, towards backends | proxy | as above; [range](https://pub.dev/documentation/pulumi_gcp/latest/compute/RegionTargetHttpProxy/httpKeepAliveTimeoutSec.html) |
//! | Google Cloud VPC, connection tracking | 10 min | what comes in is dropped, until something goes out | [troubleshooting](https://cloud.google.com/compute/docs/troubleshooting/general-tips) |
//! | Google Cloud NAT | 1,200 s, established TCP | not said; silence, [by report](https://oneuptime.com/blog/post/2026-02-17-how-to-configure-cloud-nat-timeout-values-for-long-lived-tcp-connections-in-gcp/view) | [timeouts](https://cloud.google.com/nat/docs/tune-nat-configuration) |
//! | Azure Load Balancer | 4 min (up to 100 min) | silence; RST to both sides if *TCP reset* is enabled | [TCP reset and idle timeout](https://learn.microsoft.com/en-us/azure/load-balancer/load-balancer-tcp-reset) |
//! | Azure Application Gateway | 75 s (v2) or 120 s (v1), HTTP/2 180 s; its public address in front 4 min (up to 30 min) | proxy | [questions](https://learn.microsoft.com/en-us/azure/application-gateway/application-gateway-faq) |
//! | Azure Front Door | 61 s towards clients; 90 s towards backends | proxy | [limits](https://github.com/MicrosoftDocs/azure-docs/blob/main/includes/front-door-limits.md) |
//! | Azure NAT gateway | 4 min (up to 120 min) | RST to what is sent afterwards | [NAT gateway](https://learn.microsoft.com/en-us/azure/nat-gateway/nat-gateway-resource) |
//!
//! Of Amazon's API Gateway no figure was found.
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
//! 600 s. If nothing is said they keep them for:
//!
//! | server | s | setting |
//! | --- | ---: | --- |
//! | Node.js | 5 (65 from [a version to come](https://github.com/nodejs/node/pull/62782)) | [`server.keepAliveTimeout`](https://nodejs.org/api/http.html#serverkeepalivetimeout) |
//! | gunicorn | 2 | [`--keep-alive`](https://docs.gunicorn.org/en/stable/settings.html#keepalive) |
//! | uvicorn | 5 | [`--timeout-keep-alive`](https://github.com/encode/uvicorn/blob/master/docs/settings.md) |
//! | Apache httpd | 5 | [`KeepAliveTimeout`](https://httpd.apache.org/docs/2.4/mod/core.html#keepalivetimeout) |
//! | nginx | 75 | [`keepalive_timeout`](https://nginx.org/en/docs/http/ngx_http_core_module.html#keepalive_timeout) |
