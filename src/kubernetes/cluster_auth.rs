//! The two ConfigMaps in `kube-system`: aws-auth, of which Latchkey writes one key at a time, and Latchkey's marker.
//!
//! Neither is created here: the right to create cannot be limited to a name. `latchkey bootstrap` prints both, empty.
//!
//! aws-auth is written with one merge PATCH that has `metadata.resourceVersion` and the one changed key.

use super::{
    ApiServer,
    call::{ApiCall, Path, Write},
    convert,
};
use crate::fault::Fault;
use crate::lease::Permit;
use k8s_openapi::api::core::v1::ConfigMap;
use latchkey_domain::{
    access::blocker::MissingRight,
    plan::{
        bootstrap::{MARKER, NAMESPACE},
        observation::{AwsAuthObject, Marker},
    },
};
use serde_json::json;

/// The name of the ConfigMap that the authenticator reads.
pub const AWS_AUTH: &str = "aws-auth";

/// The annotation that is set for a moment while aws-auth is touched.
const TOUCHED: &str = "latchkey/epoch";

impl ApiServer {
    /// aws-auth; `None` if there is none.
    ///
    /// # Errors
    /// Refused, transient, throttled.
    pub async fn aws_auth(&self) -> Result<Option<AwsAuthObject>, Fault> {
        let object: Option<ConfigMap> =
            self.get(path(AWS_AUTH), &self.config_map_call("read", "get", AWS_AUTH)).await?;
        Ok(object.map(convert::aws_auth))
    }

    /// Writes or removes one key of aws-auth; the others are not sent. Returns the object as it is afterwards.
    ///
    /// # Errors
    /// Conflict if it is no longer at `resource_version`; not found without an aws-auth; invalid if it becomes
    /// larger than an object may be; refused, transient, throttled.
    pub async fn patch_aws_auth(
        &self,
        permit: &Permit<'_>,
        resource_version: &str,
        key: &str,
        value: Option<&str>,
    ) -> Result<AwsAuthObject, Fault> {
        let patch = json!({ "metadata": { "resourceVersion": resource_version }, "data": { key: value } });
        let call = self.config_map_call("write", "patch", AWS_AUTH);
        let object: Result<ConfigMap, Fault> = self.write(permit, path(AWS_AUTH), Write::Merge(&patch), &call).await;
        object.map(convert::aws_auth).map_err(|fault| absent(fault, AWS_AUTH))
    }

    /// Gives aws-auth another version and leaves its content as it was: writes that another client sends for the
    /// version before conflict from now on.
    ///
    /// # Errors
    /// As [`ApiServer::patch_aws_auth`].
    pub async fn touch_aws_auth(&self, permit: &Permit<'_>, resource_version: &str, epoch: i64) -> Result<(), Fault> {
        let call = self.config_map_call("touch", "patch", AWS_AUTH);
        let mut version = resource_version.to_owned();
        for value in [Some(epoch.to_string()), None] {
            let metadata = json!({ "resourceVersion": version, "annotations": { TOUCHED: value } });
            let patch = json!({ "metadata": metadata });
            let object: Result<ConfigMap, Fault> =
                self.write(permit, path(AWS_AUTH), Write::Merge(&patch), &call).await;
            let object = object.map_err(|fault| absent(fault, AWS_AUTH))?;
            version = object.metadata.resource_version.unwrap_or_default();
        }
        Ok(())
    }

    /// Latchkey's marker; `None` if there is none.
    ///
    /// # Errors
    /// Refused, transient, throttled.
    pub async fn marker(&self) -> Result<Option<Marker>, Fault> {
        let object: Option<ConfigMap> = self.get(path(MARKER), &self.config_map_call("read", "get", MARKER)).await?;
        Ok(object.map(convert::marker))
    }

    /// Writes into the marker whose cluster this is, and since which epoch. Returns the marker as it is afterwards.
    ///
    /// # Errors
    /// Conflict if it is no longer at `resource_version`; not found without a marker; refused, transient, throttled.
    pub async fn write_marker(
        &self,
        permit: &Permit<'_>,
        installation: &str,
        epoch: i64,
        resource_version: &str,
    ) -> Result<Marker, Fault> {
        let patch = json!({
            "metadata": { "resourceVersion": resource_version },
            "data": { convert::MARKER_INSTALLATION: installation, convert::MARKER_EPOCH: epoch.to_string() },
        });
        let call = self.config_map_call("write", "patch", MARKER);
        let object: Result<ConfigMap, Fault> = self.write(permit, path(MARKER), Write::Merge(&patch), &call).await;
        object.map(convert::marker).map_err(|fault| absent(fault, MARKER))
    }

    fn config_map_call(&self, operation: &'static str, verb: &str, name: &str) -> ApiCall {
        ApiCall {
            operation,
            subject: format!("the ConfigMap {NAMESPACE}/{name} of cluster `{}`", self.name()),
            right: MissingRight::new(verb, "configmaps").named(name).within(Some(NAMESPACE)).into(),
        }
    }
}

fn path(name: &str) -> Path {
    Path::core(Some(NAMESPACE), "configmaps").named(name)
}

fn absent(fault: Fault, name: &str) -> Fault {
    if !fault.is_not_found() {
        return fault;
    }
    fault.because(format!(
        "there is no ConfigMap {NAMESPACE}/{name}: apply what `latchkey bootstrap` prints for this cluster"
    ))
}
