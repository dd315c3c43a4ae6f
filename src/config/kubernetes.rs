//! Variables that Kubernetes sets in every container for every service of the namespace.
//!
//! A service called `trimtab` gives `TRIMTAB_PORT=tcp://10.0.0.1:9477` and its like, which nobody wrote as settings
//! (kubernetes.io/docs/concepts/services-networking/service, environment variables).

/// Whether a variable that is no setting describes a service.
pub(super) fn is_service_variable(name: &str, value: &str) -> bool {
    if name.ends_with("_SERVICE_HOST") {
        return true;
    }
    if let Some((_, port)) = name.rsplit_once("_SERVICE_PORT") {
        return port.is_empty() || port.starts_with('_');
    }
    // `…_PORT_9477_TCP`, and behind it `_PROTO`, `_PORT`, `_ADDR`.
    let parts = ["", "_PROTO", "_PORT", "_ADDR"];
    let of_port = |name: &str| name.rsplit_once("_PORT_").is_some_and(|(_, rest)| is_port(rest));
    if parts.iter().filter_map(|part| name.strip_suffix(part)).any(of_port) {
        return true;
    }
    let is_address = |protocol: &&str| value.starts_with(&format!("{}://", protocol.to_lowercase()));
    name.ends_with("_PORT") && PROTOCOLS.iter().any(is_address)
}

const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// `9477_TCP`.
fn is_port(text: &str) -> bool {
    text.split_once('_').is_some_and(|(port, protocol)| port.parse::<u16>().is_ok() && PROTOCOLS.contains(&protocol))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_of_our_name_is_told_from_a_misspelt_setting() {
        for (name, value) in [
            ("TRIMTAB_SERVICE_HOST", "10.0.0.11"),
            ("TRIMTAB_SERVICE_PORT", "9477"),
            ("TRIMTAB_SERVICE_PORT_METRICS", "9477"),
            ("TRIMTAB_PORT", "tcp://10.0.0.11:9477"),
            ("TRIMTAB_PORT_9477_TCP", "tcp://10.0.0.11:9477"),
            ("TRIMTAB_PORT_9477_TCP_PROTO", "tcp"),
            ("TRIMTAB_PORT_9477_TCP_PORT", "9477"),
            ("TRIMTAB_PORT_9477_TCP_ADDR", "10.0.0.11"),
            ("TRIMTAB_PORT_53_UDP", "udp://10.0.0.11:53"),
            ("TRIMTAB_METRICS_PORT", "tcp://10.0.0.12:80"),
            ("TRIMTAB_METRICS_SERVICE_HOST", "10.0.0.12"),
        ] {
            assert!(is_service_variable(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("TRIMTAB_PORT", "9477"),
            ("TRIMTAB_METRICS_LISTEM", "127.0.0.1:1"),
            ("TRIMTAB_SERVICE_PORTS", "1"),
            ("TRIMTAB_PORT_X_TCP", "tcp://10.0.0.11:9477"),
            ("TRIMTAB_RPC_ADDR", "10.0.0.11"),
        ] {
            assert!(!is_service_variable(name, value), "{name}={value}");
        }
    }
}
