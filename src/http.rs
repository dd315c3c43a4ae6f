//! The one way in which this program makes HTTP clients: endpoints, price service, alerts, local chains.
//!
//! Promises: a proxy of the environment (`http_proxy`, `https_proxy`, `all_proxy`) is used except for what `no_proxy` names,
//! and never for an address of this machine, whatever `no_proxy` says; no redirect is followed, because a POST would go
//! where nobody sent it; every request has a deadline; no answer is longer than its reader wants.
//! WebSockets are made by alloy: always directly, and no message longer than `rpc.max_response_bytes`.

use std::time::Duration;

use alloy::transports::http::reqwest::{Client, Response, redirect::Policy};
use url::{Host, Url};

/// Deadline of a request whose caller keeps a shorter one.
pub const LONGEST: Duration = Duration::from_secs(120);

/// Why there is no answer, in words without the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The client could not be made, or nobody answered.
    #[error("{0}")]
    Failed(String),
    /// More came than is wanted.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

/// A client for the host of a URL. A deadline holds for a whole request, with its answer.
pub fn client(url: &Url, deadline: Duration) -> Result<Client, HttpError> {
    let builder = Client::builder().redirect(Policy::none()).timeout(deadline);
    let builder = if is_this_machine(url) { builder.no_proxy() } else { builder };
    builder.build().map_err(|error| HttpError::Failed(format!("http client: {}", causes(&error.without_url()))))
}

/// What an answer holds, at most `most` bytes of it.
pub async fn body(mut response: Response, most: usize) -> Result<Vec<u8>, HttpError> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    if announced > most {
        return Err(HttpError::TooLong(most));
    }
    let mut body = Vec::with_capacity(announced);
    let failed = |error: alloy::transports::http::reqwest::Error| HttpError::Failed(causes(&error.without_url()));
    while let Some(part) = response.chunk().await.map_err(failed)? {
        if body.len().saturating_add(part.len()) > most {
            return Err(HttpError::TooLong(most));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

/// Whether a URL leads to this machine.
#[must_use]
pub fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_local_name(name),
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => {
            let mapped = ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback() || ip.is_unspecified());
            ip.is_loopback() || ip.is_unspecified() || mapped
        }
        None => false,
    }
}

/// `localhost` and what is below it (RFC 6761).
#[must_use]
pub fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// reqwest's own words say only "error sending request"; why is in its sources.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_are_known_in_every_spelling() {
        let is_here = |text: &str| is_this_machine(&text.parse().expect("url"));
        for here in [
            "http://localhost:8545",
            "http://LOCALHOST./",
            "http://anvil.localhost/x",
            "http://127.0.0.1:1",
            "http://127.1.2.3",
            "http://0x7f000001/",
            "http://[::1]:8545",
            "http://[::ffff:127.0.0.1]/",
            "http://0.0.0.0:8545",
        ] {
            assert!(is_here(here), "{here}");
        }
        for elsewhere in
            ["http://localhost.example.com", "http://128.0.0.1", "http://[2001:db8::1]", "https://base.org"]
        {
            assert!(!is_here(elsewhere), "{elsewhere}");
        }
    }
}
