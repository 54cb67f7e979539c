//! Which proxies requests go by.

use super::ClientBuilder;
use crate::stack::dialer::Proxies;

impl ClientBuilder {
    /// Goes by no proxy, whatever the environment says. Default: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in
    /// capitals or not, as curl reads them.
    #[must_use]
    pub fn no_proxy(mut self) -> Self {
        self.proxies = Proxies::none();
        self
    }

    /// Goes by this HTTP proxy to every origin, whatever the environment says: `http://user:password@host:port`. Requests to
    /// `https://` go through a tunnel (CONNECT). Default: [what the environment says](Self::no_proxy).
    #[must_use]
    pub fn proxy(mut self, url: &str) -> Self {
        match Proxies::all(url) {
            Some(proxies) => self.proxies = proxies,
            None => self.unfit(
                "proxy",
                "must be a URL like http://host:port; proxies of other kinds are not spoken to",
            ),
        }
        self
    }
}
