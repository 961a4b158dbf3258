//! The ARN of an EKS cluster.

use super::{AccountId, ArnParts, InvalidArn, Partition, text_type};

const WANTED: &str = "the ARN of an EKS cluster";
const FORM: &str = "arn:aws:eks:REGION:ACCOUNT:cluster/NAME";

/// `arn:P:eks:REGION:ACCOUNT:cluster/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterArn {
    text: String,
    partition: Partition,
    region: String,
    account: AccountId,
    name: String,
}

impl ClusterArn {
    /// Reads a cluster's ARN. The name is as EKS allows it: 1 to 100 letters, digits, dashes and underscores, a letter
    /// or digit first.
    pub fn parse(text: &str) -> Result<Self, InvalidArn> {
        let wrong = |why: &str| InvalidArn::new(text, WANTED, why);
        let parts = ArnParts::split(text, WANTED, FORM)?;
        let ("eks", Some(("cluster", name))) = (parts.service, parts.resource.split_once('/')) else {
            return Err(wrong(&format!("the form is {FORM}")));
        };
        let region = parts.region;
        let labelled = region.split('-').count() >= 3 && region.split('-').all(|label| !label.is_empty());
        if !labelled || !region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err(wrong("its fourth part must be a region, such as eu-west-1"));
        }
        if Partition::of_region(region).is_some_and(|partition| partition != parts.partition) {
            return Err(wrong(&format!("the region {region} is not in the partition {}", parts.partition)));
        }
        let starts_well = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        let made_well = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !(starts_well && made_well && name.len() <= 100) {
            return Err(wrong("a cluster's name is 1 to 100 letters, digits, dashes and underscores"));
        }
        let (region, name) = (region.to_owned(), name.to_owned());
        Ok(Self { text: text.to_owned(), partition: parts.partition, region, account: parts.account, name })
    }

    /// The ARN, as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The partition.
    pub const fn partition(&self) -> Partition {
        self.partition
    }

    /// The region, such as `eu-west-1`.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account that owns the cluster.
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    /// The name under which EKS knows the cluster; a token's `x-k8s-aws-id` must have the same value.
    pub fn name(&self) -> &str {
        &self.name
    }
}

text_type!(ClusterArn);
