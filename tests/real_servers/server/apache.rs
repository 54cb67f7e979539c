//! Apache with the event MPM: half-closes at `KeepAliveTimeout` and lingers, discarding what still comes.
//!
//! Apart from its fellows because a server is nothing but its configuration. A plain file answers POST with 405, so the
//! answer is an `ErrorDocument` for status 200, which `mod_rewrite` gives to any method and path.

use super::Program;

/// Apache, of Debian's `apache2` (elsewhere the folder of the modules differs).
pub(crate) const APACHE: Program = Program {
    binary: "apache2",
    package: "apache2",
    arguments: &["-d", "{dir}", "-f", "{dir}/apache.conf", "-DFOREGROUND"],
    file: "apache.conf",
    configuration: CONFIGURATION,
    graceful: "WINCH",
    reload: "USR1",
};

// `User`: Apache refuses to serve as root. Without privileges it ignores the line.
// `MaxKeepAliveRequests 0`: no connection may end for another reason than its age.
// `Mutex`: its default folder is Debian's, which only the service's own start script makes.
// The threads are more than the connections of the load: short of threads, Apache closes idle connections early.
// `ServerLimit`: while a reloaded server's old processes end there is room for the new ones.
const CONFIGURATION: &str = r#"
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule rewrite_module /usr/lib/apache2/modules/mod_rewrite.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
LoadModule http2_module /usr/lib/apache2/modules/mod_http2.so

User www-data
Group www-data
ServerName localhost
DefaultRuntimeDir {dir}
PidFile apache.pid
Mutex pthread
Listen {address}:{cleartext}
Listen {address}:{tls}
Listen {address}:{http2}
Listen {address}:{http2_tls}

StartServers 1
ServerLimit 8
ThreadLimit 256
ThreadsPerChild 256
MaxRequestWorkers 256
MinSpareThreads 1
MaxSpareThreads 256

KeepAlive On
KeepAliveTimeout {idle}
MaxKeepAliveRequests 0
SSLSessionCache none

LogLevel error
ErrorLog errors.log
LogFormat "%m %U%q %>s" executed
CustomLog executed.log executed

ErrorDocument 200 "ok"
RewriteEngine On
RewriteRule ^ - [R=200]

<VirtualHost {address}:{tls}>
    SSLEngine on
    SSLCertificateFile certificate.pem
    SSLCertificateKeyFile key.pem
    RewriteEngine On
    RewriteRule ^ - [R=200]
</VirtualHost>

<VirtualHost {address}:{http2}>
    Protocols h2c
    RewriteEngine On
    RewriteRule ^ - [R=200]
</VirtualHost>

<VirtualHost {address}:{http2_tls}>
    Protocols h2
    SSLEngine on
    SSLCertificateFile certificate.pem
    SSLCertificateKeyFile key.pem
    RewriteEngine On
    RewriteRule ^ - [R=200]
</VirtualHost>
"#;
