//! Findings about the network path: certificates, and STS for proofs.

use super::CheckWords;

pub fn no_proofs(url: &str, way: &str, trusted: &str, error: &str) -> CheckWords {
    CheckWords::new(
        format!("STS does not answer at {url}, {way}, trusting {trusted}: {error}"),
        "People cannot prove an AWS identity in the portal, and so no new person can ask for access.",
        "Let the portal reach it (HTTPS_PROXY, NO_PROXY). A proxy that opens TLS shows a certificate of its own: \
         exempt STS from that, or name its authority by `[aws] sts_ca_file`, which lets a holder of that authority's \
         key prove any person's identity.",
    )
}

pub fn empty_store(from: &str) -> CheckWords {
    CheckWords::new(
        format!("the certificate store ({from}) holds no authority"),
        "Neither the identity provider nor AWS can be trusted to be who they say, so none is reached.",
        "Install the system's (Debian: ca-certificates), or name a bundle by SSL_CERT_FILE.",
    )
}
