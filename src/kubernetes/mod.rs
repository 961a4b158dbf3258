//! Kubernetes API servers through kube, errors classified.
