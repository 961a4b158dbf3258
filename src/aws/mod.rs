//! AWS: IAM, STS and EKS through the SDK, errors classified.
