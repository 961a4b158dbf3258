//! The partitions of AWS: separate clouds, each with its own IAM, regions and DNS names.

use super::{InvalidArn, text_type};

/// A partition of AWS, the second part of every ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Partition {
    /// `aws`, the commercial regions.
    Aws,
    /// `aws-cn`, China.
    AwsCn,
    /// `aws-us-gov`, GovCloud.
    AwsUsGov,
    /// `aws-iso`, US top secret.
    AwsIso,
    /// `aws-iso-b`, US secret.
    AwsIsoB,
    /// `aws-iso-e`, UK.
    AwsIsoE,
    /// `aws-iso-f`, US intelligence.
    AwsIsoF,
    /// `aws-eusc`, the European sovereign cloud.
    AwsEusc,
}

impl Partition {
    /// Every partition.
    pub const ALL: [Self; 8] = [
        Self::Aws,
        Self::AwsCn,
        Self::AwsUsGov,
        Self::AwsIso,
        Self::AwsIsoB,
        Self::AwsIsoE,
        Self::AwsIsoF,
        Self::AwsEusc,
    ];

    /// Reads a partition's id, such as `aws-cn`.
    pub fn parse(text: &str) -> Result<Self, InvalidArn> {
        Self::ALL.into_iter().find(|p| p.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            InvalidArn::new(text, "an AWS partition", format!("the partitions are {known}"))
        })
    }

    /// The id, as in an ARN.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsCn => "aws-cn",
            Self::AwsUsGov => "aws-us-gov",
            Self::AwsIso => "aws-iso",
            Self::AwsIsoB => "aws-iso-b",
            Self::AwsIsoE => "aws-iso-e",
            Self::AwsIsoF => "aws-iso-f",
            Self::AwsEusc => "aws-eusc",
        }
    }

    /// The suffix of the names of its service endpoints, without a leading dot.
    pub const fn dns_suffix(self) -> &'static str {
        match self {
            Self::Aws | Self::AwsUsGov => "amazonaws.com",
            Self::AwsCn => "amazonaws.com.cn",
            Self::AwsIso => "c2s.ic.gov",
            Self::AwsIsoB => "sc2s.sgov.gov",
            Self::AwsIsoE => "cloud.adc-e.uk",
            Self::AwsIsoF => "csp.hci.ic.gov",
            Self::AwsEusc => "amazonaws.eu",
        }
    }

    /// The suffix of the names of its endpoints for IPv4 and IPv6, without a leading dot: `dualStackDnsSuffix` of the
    /// partitions by which AWS's SDKs resolve endpoints (`endpoint_lib.rs` of any `aws-sdk-*` crate, version 1.1 of the
    /// file).
    pub const fn dual_stack_suffix(self) -> &'static str {
        match self {
            Self::Aws | Self::AwsUsGov => "api.aws",
            Self::AwsCn => "api.amazonwebservices.com.cn",
            Self::AwsIso => "api.aws.ic.gov",
            Self::AwsIsoB => "api.aws.scloud",
            Self::AwsIsoE => "api.cloud-aws.adc-e.uk",
            Self::AwsIsoF => "api.aws.hci.ic.gov",
            Self::AwsEusc => "api.amazonwebservices.eu",
        }
    }

    /// The prefixes of the names of its regions, up to the dash before the direction.
    const fn areas(self) -> &'static [&'static str] {
        match self {
            Self::Aws => &["af", "ap", "ca", "eu", "il", "me", "mx", "sa", "us"],
            Self::AwsCn => &["cn"],
            Self::AwsUsGov => &["us-gov"],
            Self::AwsIso => &["us-iso"],
            Self::AwsIsoB => &["us-isob"],
            Self::AwsIsoE => &["eu-isoe"],
            Self::AwsIsoF => &["us-isof"],
            Self::AwsEusc => &["eusc-de"],
        }
    }

    /// The partition that a region belongs to, by its name only, so that new regions of a known area are recognised: an
    /// area, a direction in lower-case letters, a number of one or two digits. `None` for anything else.
    pub fn of_region(region: &str) -> Option<Self> {
        let (rest, number) = region.rsplit_once('-')?;
        let (area, direction) = rest.rsplit_once('-')?;
        let numbered = (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        let directed = !direction.is_empty() && direction.bytes().all(|b| b.is_ascii_lowercase());
        if !(numbered && directed) {
            return None;
        }
        Self::ALL.into_iter().find(|p| p.areas().contains(&area))
    }
}

text_type!(Partition);
