//! nginx: closes fully, and to the millisecond, at `keepalive_timeout`; over HTTP/2 it says GOAWAY before.
//!
//! Apart from its fellows because a server is nothing but its configuration. `return` answers any method, throws the
//! request's body away, and is logged once the answer is out.

use super::Program;

/// nginx, of Debian's `nginx-light` or any other build that has TLS.
pub(crate) const NGINX: Program = Program {
    binary: "nginx",
    package: "nginx-light",
    arguments: &["-p", "{dir}", "-e", "stderr", "-c", "nginx.conf"],
    file: "nginx.conf",
    configuration: CONFIGURATION,
    graceful: "QUIT",
    reload: "HUP",
};

// `user root`: the folder may be readable to its owner alone. Without privileges nginx ignores the line.
// `keepalive_requests`: no connection may end for another reason than its age.
// `listen … http2`: newer ones say `http2 on`, and take this still.
const CONFIGURATION: &str = r#"
daemon off;
user root;
worker_processes 1;
pid nginx.pid;
events { worker_connections 1024; }

http {
    log_format executed '$request_method $request_uri $status';
    access_log executed.log executed;
    keepalive_timeout {idle}s;
    keepalive_requests 1000000;

    client_body_temp_path body;
    fastcgi_temp_path fastcgi;
    proxy_temp_path proxy;
    scgi_temp_path scgi;
    uwsgi_temp_path uwsgi;

    server {
        listen {address}:{cleartext};
        listen {address}:{tls} ssl;
        listen {address}:{http2} http2;
        listen {address}:{http2_tls} ssl http2;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate certificate.pem;
        ssl_certificate_key key.pem;
        location / { return 200 "ok"; }
    }
}
"#;
