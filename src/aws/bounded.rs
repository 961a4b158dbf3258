//! Bounds on answers of AWS: the SDK would read each into memory, however large it is.
//!
//! One answer has 32 MiB at most, and a list 200 pages.

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        connector_metadata::ConnectorMetadata,
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::{RuntimeComponents, RuntimeComponentsBuilder},
    },
    shared::IntoShared as _,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream, config_bag::ConfigBag};

/// The same as for an API server: far more than any page of IAM or EKS.
const LARGEST: usize = 32 << 20;

/// An answer is larger than [`LARGEST`].
#[derive(Debug, thiserror::Error)]
#[error("the answer is larger than {} MiB", LARGEST >> 20)]
pub(super) struct AnswerTooLarge;

/// A client that reads at most [`LARGEST`] bytes of each answer. Beyond that the call fails with [`AnswerTooLarge`],
/// and the rest is not read. None of Latchkey's calls streams its answer.
pub(super) fn bounded(client: SharedHttpClient) -> SharedHttpClient {
    Bounded(client).into_shared()
}

#[derive(Debug)]
struct Bounded(SharedHttpClient);

impl HttpClient for Bounded {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(BoundedConnector(self.0.http_connector(settings, components)))
    }

    fn validate_base_client_config(
        &self,
        parts: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.validate_base_client_config(parts, config)
    }

    fn validate_final_config(&self, parts: &RuntimeComponents, config: &ConfigBag) -> Result<(), BoxError> {
        self.0.validate_final_config(parts, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

#[derive(Debug)]
struct BoundedConnector(SharedHttpConnector);

impl HttpConnector for BoundedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sent = self.0.call(request);
        HttpConnectorFuture::new(async move { read(sent.await?).await })
    }
}

async fn read(mut response: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let mut pieces = ByteStream::new(response.take_body());
    let mut read = Vec::new();
    while let Some(piece) = pieces.try_next().await.map_err(|error| ConnectorError::io(error.into()))? {
        if read.len().saturating_add(piece.len()) > LARGEST {
            return Err(ConnectorError::user(AnswerTooLarge.into()));
        }
        read.extend_from_slice(&piece);
    }
    *response.body_mut() = SdkBody::from(read);
    Ok(response)
}
