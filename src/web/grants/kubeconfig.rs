//! The kubeconfig: the address of the cluster and how `aws` makes a token. It contains no secret.

use crate::{
    actions::sight,
    store::read::grant::GrantDetail,
    web::{Failure, SignedIn, State, path::Id},
};
use axum::{
    extract::State as Extract,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use latchkey_domain::{
    access::{GrantId, grant::GrantState},
    eks::{
        arn::ClusterArn,
        kubeconfig::{ExecCommand, KubeconfigCluster, render},
    },
};

/// `GET /grants/{id}/kubeconfig`: for the holder alone, until the access is over.
///
/// # Errors
/// `NotFound` for everyone else; `Conflict` once it is over; `Unavailable` if the cluster was never read.
pub async fn download(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Id(id): Id<GrantId>,
) -> Result<Response, Failure> {
    let found = sight::grant(&state.store, &signed_in.visitor, id).await?;
    let (detail, _) = found.filter(|(_, part)| part.holder).ok_or(Failure::NotFound)?;
    match detail.progress.state {
        GrantState::Scheduled | GrantState::Provisioning | GrantState::Active => {}
        GrantState::Revoking | GrantState::Ended => {
            return Err(Failure::Conflict(
                "This access is over: a kubeconfig would open nothing. Ask for it again on its page.".to_owned(),
            ));
        }
    }
    let cluster = cluster(&detail).ok_or_else(|| {
        Failure::Unavailable(format!(
            "No worker has read `{}` yet, so its address is not known. Try again in a minute.",
            detail.terms.cluster_name
        ))
    })?;
    let text = render(&[cluster], detail.aws_profile.as_deref(), &ExecCommand::aws());
    let disposition = format!("attachment; filename=\"{}\"", file_name(&detail.terms.cluster_name));
    let disposition = HeaderValue::try_from(disposition).map_err(|error| Failure::internal(&error))?;
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/yaml; charset=utf-8")),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, text).into_response())
}

/// The name under which it is saved. Cluster names have no characters that a shell interprets.
pub fn file_name(cluster: &str) -> String {
    format!("latchkey-{cluster}.yaml")
}

fn cluster(detail: &GrantDetail) -> Option<KubeconfigCluster> {
    let eks = detail.eks.as_ref()?;
    let arn = ClusterArn::parse(&detail.cluster_arn).ok()?;
    Some(KubeconfigCluster {
        name: detail.terms.cluster_name.clone(),
        region: arn.region().to_owned(),
        arn,
        server: eks.endpoint.clone(),
        ca_pem_base64: eks.certificate_authority.clone(),
        namespace: detail.terms.namespaces.first().map(|namespace| namespace.name.clone()),
    })
}
