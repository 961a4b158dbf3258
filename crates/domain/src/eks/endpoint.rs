//! Addresses of API servers: which of them are EKS's own, so that a token may be sent to an address that only the
//! database contains.

use super::arn::ClusterArn;

/// Whether this is an address that EKS gives a cluster in this ARN's region: https, port 443, no path, and a name below
/// `REGION.eks.amazonaws.com`, `REGION.eks.amazonaws.com.cn`, or, for clusters with IPv6, `eks-cluster.REGION.api.aws`
/// and `eks-cluster.REGION.api.amazonwebservices.com.cn`. Only EKS assigns names there.
///
/// A text that two parsers could read differently is refused. Source:
/// <https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html>.
pub fn is_of_eks(address: &str, cluster: &ClusterArn) -> bool {
    let Some(rest) = address.strip_prefix("https://") else { return false };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let host = rest.strip_suffix(":443").unwrap_or(rest).to_ascii_lowercase();
    let region = cluster.region();
    let zones = [
        format!(".{region}.eks.amazonaws.com"),
        format!(".{region}.eks.amazonaws.com.cn"),
        format!(".eks-cluster.{region}.api.aws"),
        format!(".eks-cluster.{region}.api.amazonwebservices.com.cn"),
    ];
    !region.is_empty() && zones.iter().any(|zone| host.strip_suffix(zone.as_str()).is_some_and(is_name))
}

/// Whether the text consists of labels of a name, with dots between them.
fn is_name(labels: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    labels.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(address: &str, region: &str) -> bool {
        let partition = if region.starts_with("cn-") { "aws-cn" } else { "aws" };
        is_of_eks(address, &format!("arn:{partition}:eks:{region}:111122223333:cluster/prod").parse().unwrap())
    }

    #[test]
    fn what_eks_gives_out_is_its_own() {
        for (address, region) in [
            ("https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com", "eu-west-1"),
            ("https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com:443/", "eu-west-1"),
            ("https://0123456789ABCDEF.yl4.cn-north-1.eks.amazonaws.com.cn", "cn-north-1"),
            ("https://0123456789ABCDEF.gr7.eks-cluster.eu-west-1.api.aws", "eu-west-1"),
            ("https://0123456789ABCDEF.yl4.eks-cluster.cn-north-1.api.amazonwebservices.com.cn", "cn-north-1"),
        ] {
            assert!(is(address, region), "{address}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_not() {
        for address in [
            "http://a.gr7.eu-west-1.eks.amazonaws.com",
            "https://eks.amazonaws.com.evil.example",
            "https://a.gr7.eu-west-1.eks.amazonaws.com.evil.example",
            "https://a.gr7.eu-west-1.xeks.amazonaws.com",
            "https://xeu-west-1.eks.amazonaws.com",
            "https://eu-west-1.eks.amazonaws.com",
            "https://.eu-west-1.eks.amazonaws.com",
            "https://a..eu-west-1.eks.amazonaws.com",
            "https://a.gr7.us-east-1.eks.amazonaws.com",
            "https://a.gr7.eu-west-1.eks.amazonaws.com.",
            "https://a.gr7.eu-west-1.eks.amazonaws.com:8443",
            "https://a.gr7.eu-west-1.eks.amazonaws.com:443:443",
            "https://a.gr7.eu-west-1.eks.amazonaws.com/evil",
            "https://evil.example/a.gr7.eu-west-1.eks.amazonaws.com",
            "https://evil.example?a.gr7.eu-west-1.eks.amazonaws.com",
            "https://evil.example#a.gr7.eu-west-1.eks.amazonaws.com",
            "https://evil.example\\a.gr7.eu-west-1.eks.amazonaws.com",
            "https://evil.example%2f.gr7.eu-west-1.eks.amazonaws.com",
            "https://evil.example:443@a.gr7.eu-west-1.eks.amazonaws.com",
            "https://a.gr7.eu-west-1.eks.amazonaws.com@evil.example",
            "https://evil.example\n.a.gr7.eu-west-1.eks.amazonaws.com",
            "https://\u{435}.gr7.eu-west-1.eks.amazonaws.com",
            "https://10.0.0.1",
            "https://10.0.0.1:443",
            "https://[::1]",
            "https://[::ffff:10.0.0.1]:443",
            "https://localhost",
            "https://a.eks-cluster.eu-west-1.api.aws.evil.example",
            "https://a.xeks-cluster.eu-west-1.api.aws",
            "https://ecs.eu-west-1.api.aws",
            "",
        ] {
            assert!(!is(address, "eu-west-1"), "{address}");
        }
    }
}
