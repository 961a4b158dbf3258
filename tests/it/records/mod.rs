//! Identities, one access, clusters, the audit log and status as a browser meets them.

mod clusters_audit_status;
mod grants;
mod identities;
