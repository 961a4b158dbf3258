//! Which hosts are AWS's STS: only to these is a pasted request ever sent.

use crate::eks::arn::Partition;

/// A host of STS.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StsHost {
    name: String,
    partition: Partition,
    region: String,
}

/// Which of a region's hosts of STS is asked for: as AWS's tools say it by `AWS_USE_FIPS_ENDPOINT` and
/// `AWS_USE_DUALSTACK_ENDPOINT`, or in a profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Variant {
    /// With validated cryptography.
    pub fips: bool,
    /// By IPv4 and IPv6.
    pub dual_stack: bool,
}

impl StsHost {
    /// Recognises a host name, in lower case and without a port: `sts.REGION.SUFFIX` of a region of each partition,
    /// `sts-fips.REGION.SUFFIX`, both also with the partition's suffix for IPv4 and IPv6, and the global
    /// `sts.amazonaws.com`. Judged by form, so that new regions count; no customer of AWS can be given such a name. The
    /// authenticator knows the dual-stack names since v0.7.5.
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

    /// Whether a name is that of somebody's VPC endpoint for STS, which leads into their network alone.
    pub fn is_of_a_vpc_endpoint(name: &str) -> bool {
        name.starts_with("vpce-") && name.contains(".sts.")
    }

    /// The regional host, which tokens are made for, by the endpoint rules of AWS's SDKs: in GovCloud the usual host is
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

    /// The region; of the global host `us-east-1`, which is what it signs for.
    pub fn region(&self) -> &str {
        &self.region
    }
}
