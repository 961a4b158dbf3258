//! The hosts of AWS's STS: a pasted request is sent only to these.

use crate::eks::arn::Partition;

/// A host of STS.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StsHost {
    name: String,
    partition: Partition,
    region: String,
}

/// Which of a region's STS hosts is wanted, as in AWS's tools by `AWS_USE_FIPS_ENDPOINT` and
/// `AWS_USE_DUALSTACK_ENDPOINT`, or in a profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Variant {
    /// With validated cryptography (FIPS).
    pub fips: bool,
    /// Over IPv4 and IPv6.
    pub dual_stack: bool,
}

impl StsHost {
    /// Recognises a host name, in lower case and without a port: `sts.REGION.SUFFIX` of a region of each partition,
    /// `sts-fips.REGION.SUFFIX`, both also with the partition's suffix for IPv4 and IPv6, and the global
    /// `sts.amazonaws.com`. The form decides, so that new regions are recognised; AWS never assigns such a name to a
    /// customer. The authenticator knows the dual-stack names since v0.7.5.
    pub fn parse(name: &str) -> Option<Self> {
        let host = |partition, region: &str| Self { name: name.to_owned(), partition, region: region.to_owned() };
        if name == "sts.amazonaws.com" {
            return Some(host(Partition::Aws, "us-east-1"));
        }
        let rest = name.strip_prefix("sts.").or_else(|| name.strip_prefix("sts-fips."))?;
        let (region, suffix) = rest.split_once('.')?;
        let partition = Partition::of_region(region)?;
        [partition.dns_suffix(), partition.dual_stack_suffix()].contains(&suffix).then(|| host(partition, region))
    }

    /// Whether a name is that of a VPC endpoint for STS, which leads only into the network of its owner.
    pub fn is_of_a_vpc_endpoint(name: &str) -> bool {
        name.starts_with("vpce-") && name.contains(".sts.")
    }

    /// The regional host, for which tokens are made, by the endpoint rules of AWS's SDKs: in GovCloud the usual host is
    /// the one with validated cryptography. Not every region has every host.
    pub fn regional(partition: Partition, region: &str, variant: Variant) -> String {
        let suffix = if variant.dual_stack { partition.dual_stack_suffix() } else { partition.dns_suffix() };
        let usual_is_fips = partition == Partition::AwsUsGov && !variant.dual_stack;
        let service = if variant.fips && !usual_is_fips { "sts-fips" } else { "sts" };
        format!("{service}.{region}.{suffix}")
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The partition whose STS it is.
    pub const fn partition(&self) -> Partition {
        self.partition
    }

    /// The region; for the global host it is `us-east-1`, the region for which it is signed.
    pub fn region(&self) -> &str {
        &self.region
    }
}
