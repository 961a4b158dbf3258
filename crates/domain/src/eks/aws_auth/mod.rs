//! The `kube-system/aws-auth` ConfigMap, read as the authenticator reads it.
