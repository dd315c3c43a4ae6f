//! Under which names the service of figures and health may be asked.
//!
//! A page in a browser on this machine can have its own name lead to 127.0.0.1 (DNS rebinding) and then read what is served
//! there; the browser still says the page's name as `Host`. So only names that no stranger can give away are answered.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header::HOST, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{http::is_local_name, text};

/// The names that are answered.
#[derive(Debug, Clone)]
pub(super) struct Hosts {
    listen: IpAddr,
    others: Arc<[String]>,
}

impl Hosts {
    /// Those of this machine, the address listened on, and the names of the settings.
    pub(super) fn new(listen: SocketAddr, others: &[String]) -> Self {
        let plain = |name: &String| name.trim().trim_end_matches('.').to_ascii_lowercase();
        Self { listen: listen.ip(), others: others.iter().map(plain).collect() }
    }

    fn allows(&self, authority: &str) -> bool {
        // Somebody before an `@` has no business here.
        let Some(host) = authority.parse::<Authority>().ok().filter(|_| !authority.contains('@')) else { return false };
        let host = host.host().trim_end_matches('.').to_ascii_lowercase();
        let ip: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        match ip {
            // An address is no name that could lead elsewhere; who listens everywhere listens on every one.
            Some(ip) => ip.is_loopback() || ip == self.listen || self.listen.is_unspecified() || self.names(&host),
            None => is_local_name(&host) || self.names(&host),
        }
    }

    fn names(&self, host: &str) -> bool {
        self.others.iter().any(|other| other == host)
    }

    /// Why this question is not answered; `None` when it is.
    fn refusal(&self, headers: &HeaderMap, target: Option<&Authority>) -> Option<String> {
        let mut named = headers.get_all(HOST).iter().map(|name| name.to_str().unwrap_or_default());
        let host = match (named.next(), named.next()) {
            (Some(host), None) => host,
            (None, _) => return Some("a question without a Host is not answered".to_owned()),
            (Some(_), Some(_)) => return Some("a question with two Hosts is not answered".to_owned()),
        };
        let wrong =
            [Some(host), target.map(Authority::as_str)].into_iter().flatten().find(|host| !self.allows(host))?;
        let shown: String = text::one_line(wrong).chars().take(100).collect();
        Some(format!("host {shown} is not answered: ask 127.0.0.1 or localhost, or add the name to metrics_hosts"))
    }
}

/// Answers 403 to questions under other names.
pub(super) async fn check(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    match hosts.refusal(request.headers(), request.uri().authority()) {
        Some(refusal) => (StatusCode::FORBIDDEN, format!("{refusal}\n")).into_response(),
        None => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(listen: &str, others: &[&str]) -> Hosts {
        let others: Vec<String> = others.iter().map(|&name| name.to_owned()).collect();
        Hosts::new(listen.parse().expect("address"), &others)
    }

    #[test]
    fn a_name_that_a_stranger_leads_to_this_machine_is_not_answered() {
        let here = hosts("127.0.0.1:9477", &[]);
        for host in ["127.0.0.1:9477", "127.0.0.1", "localhost:9477", "LocalHost", "localhost.", "[::1]:9477"] {
            assert!(here.allows(host), "{host}");
        }
        for host in [
            "",
            "evil.example.com",
            "evil.example.com:9477",
            "127.0.0.1.evil.example.com",
            "localhost.evil.example.com",
            "localhost@evil.example.com",
            "evil@localhost",
            "192.0.2.7:9477",
            "a b",
        ] {
            assert!(!here.allows(host), "{host}");
        }
    }

    #[test]
    fn the_configured_address_and_names_of_the_settings_are_answered() {
        let there = hosts("192.0.2.7:9477", &["Prometheus.internal."]);
        for host in ["192.0.2.7:9477", "prometheus.internal:9477", "PROMETHEUS.INTERNAL", "localhost"] {
            assert!(there.allows(host), "{host}");
        }
        assert!(!there.allows("192.0.2.8") && !there.allows("internal"));
        let everywhere = hosts("0.0.0.0:9477", &[]);
        assert!(everywhere.allows("10.1.2.3:9477") && !everywhere.allows("trimtab:9477"));
    }
}
